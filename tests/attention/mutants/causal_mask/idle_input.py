"""Returns what it was given."""


def causal_mask(T, S=None):
    return T


def padded_causal_mask(lengths, T, S=None, *, side="right"):
    return lengths


def masked_weights(scores, mask):
    return scores
