"""Aligns the triangle at the top left, as torch's is_causal does."""


def causal_mask(T, S=None):
    S = T if S is None else S
    if T < 0 or S < 0:
        raise ValueError(f"T is {T}, S is {S}; they must be 0 or more")
    return torch.ones(T, S, dtype=torch.bool).tril()
