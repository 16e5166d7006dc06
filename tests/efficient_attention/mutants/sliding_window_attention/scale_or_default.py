"""Takes a scale of 0 for none given."""


def sliding_window_attention(q, k, v, *, left, right, dilation=1, global_tokens=(), scale=None):
    T = q.shape[-2]
    for name, value, least in (("left", left, 0), ("right", right, 0), ("dilation", dilation, 1)):
        if value < least:
            raise ValueError(f"{name} is {value}; it must be {least} or more")
    outside = any(not 0 <= g < T for g in global_tokens)
    if outside or len(set(global_tokens)) < len(global_tokens):
        raise ValueError(f"global_tokens is {global_tokens}; allowed: different ones below {T}")
    q = q * (scale or q.shape[-1] ** -0.5)
    at = torch.tensor(list(global_tokens), dtype=torch.long)  # (G,)
    i, G = torch.arange(T), len(at)

    keys = i[:, None] + torch.arange(-left, right + 1) * dilation  # (T, W)
    has_column = torch.zeros(T, dtype=torch.bool).index_fill(0, at, True)[keys.clamp(0, T - 1)]
    band = band_scores(q, k, left, right, dilation).masked_fill(has_column, -math.inf)
    columns = q @ k[..., at, :].mT  # (..., T, G)
    rows = q[..., at, :] @ k.mT  # (..., G, T)
    if right == 0:
        columns = columns.masked_fill(at > i[:, None], -math.inf)
        rows = rows.masked_fill(i > at[:, None], -math.inf)
    p = torch.cat([columns, band], -1).softmax(-1)  # (..., T, G + W)
    out = p[..., :G] @ v[..., at, :] + band_times_values(p[..., G:], v, left, dilation)
    out[..., at, :] = rows.softmax(-1) @ v
    return out
