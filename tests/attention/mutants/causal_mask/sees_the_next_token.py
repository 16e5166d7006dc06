"""Is one diagonal too generous: each query sees the next token."""


def causal_mask(T, S=None):
    S = T if S is None else S
    if T < 0 or S < 0:
        raise ValueError(f"T is {T}, S is {S}; they must be 0 or more")
    return torch.ones(T, S, dtype=torch.bool).tril(S - T + 1)
