"""Leaves out the dimension over which the heads broadcast."""


def padded_causal_mask(lengths, T, S=None, *, side="right"):
    causal = causal_mask(T, S)
    S = causal.shape[1]
    if side not in ("left", "right"):
        raise ValueError(f"side is {side!r}")
    if not all(0 <= length <= S for length in lengths):
        raise ValueError(f"lengths is {lengths}")
    key, real_keys = torch.arange(S), torch.tensor(lengths)[:, None]
    real = key < real_keys if side == "right" else key >= S - real_keys
    return causal & real[:, None, :]
