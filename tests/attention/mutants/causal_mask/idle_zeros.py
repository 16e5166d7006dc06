"""Returns zeros of the right shape: nobody may see anything."""


def causal_mask(T, S=None):
    return torch.zeros(T, T if S is None else S, dtype=torch.bool)


def padded_causal_mask(lengths, T, S=None, *, side="right"):
    return torch.zeros(len(lengths), 1, T, T if S is None else S, dtype=torch.bool)


def masked_weights(scores, mask):
    return torch.zeros_like(scores)
