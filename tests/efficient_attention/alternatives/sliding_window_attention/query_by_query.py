"""Loops over the queries, each with a list of the keys that it sees."""


def band_scores(q, k, left, right, dilation=1):
    T, W = q.shape[-2], left + right + 1
    band = torch.full((*q.shape[:-1], W), -math.inf, dtype=q.dtype)
    for i in range(T):
        for c in range(W):
            j = i + (c - left) * dilation
            if 0 <= j < T:
                band[..., i, c] = (q[..., i, :] * k[..., j, :]).sum(-1)
    return band


def band_times_values(p, v, left, dilation=1):
    out = torch.zeros_like(v)
    T, W = p.shape[-2:]
    for c in range(W):
        shift = (c - left) * dilation
        first, last = max(0, -shift), min(T, T - shift)
        if first < last:
            rows = p[..., first:last, c, None]
            out[..., first:last, :] += rows * v[..., first + shift : last + shift, :]
    return out


def sliding_window_attention(q, k, v, *, left, right, dilation=1, global_tokens=(), scale=None):
    T = q.shape[-2]
    for name, value in (("left", left), ("right", right), ("dilation", dilation - 1)):
        if value < 0:
            raise ValueError(f"{name} is too small")
    chosen = set(global_tokens)
    if len(chosen) != len(list(global_tokens)) or chosen - set(range(T)):
        raise ValueError("global_tokens are not different positions of the sequence")
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    rows = []
    for i in range(T):
        window = range(i - left * dilation, i + right * dilation + 1, dilation)
        keys = set(range(T)) if i in chosen else {j for j in window if 0 <= j < T} | chosen
        seen = sorted(j for j in keys if right > 0 or j <= i)
        weights = (factor * (q[..., i : i + 1, :] * k[..., seen, :]).sum(-1)).softmax(-1)
        rows.append((weights[..., None] * v[..., seen, :]).sum(-2))
    return torch.stack(rows, -2)
