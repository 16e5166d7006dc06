"""Hides nothing."""


def causal_mask(T, S=None):
    return torch.ones(T, T if S is None else S, dtype=torch.bool)


def padded_causal_mask(lengths, T, S=None, *, side="right"):
    return torch.ones(len(lengths), 1, T, T if S is None else S, dtype=torch.bool)


def masked_weights(scores, mask):
    return scores.softmax(-1)
