"""Compares with < instead of <=, so that a token does not see itself."""


def causal_mask(T, S=None):
    S = T if S is None else S
    if T < 0 or S < 0:
        raise ValueError(f"T is {T}, S is {S}; they must be 0 or more")
    return torch.arange(S) < torch.arange(S - T, S)[:, None]
