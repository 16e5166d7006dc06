"""Takes any other word for the left side and clamps lengths that do not fit."""


def padded_causal_mask(lengths, T, S=None, *, side="right"):
    causal = causal_mask(T, S)
    S = causal.shape[1]
    key, real_keys = torch.arange(S), torch.tensor(lengths)[:, None]
    real = key < real_keys if side == "right" else key >= S - real_keys
    return causal & real[:, None, None, :]
