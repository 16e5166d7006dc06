"""Gathers the keys of each window in a tensor of T x W x D, without padding."""


def places(T, left, W, dilation):
    keys = torch.arange(T).unsqueeze(1) + dilation * (torch.arange(W) - left).unsqueeze(0)
    return keys.clamp(0, T - 1), (keys >= 0) & (keys < T)


def band_scores(q, k, left, right, dilation=1):
    at, exists = places(q.shape[-2], left, left + right + 1, dilation)
    scores = torch.einsum("...td,...twd->...tw", q, k[..., at, :])
    return torch.where(exists, scores, -torch.inf)


def band_times_values(p, v, left, dilation=1):
    at, exists = places(v.shape[-2], left, p.shape[-1], dilation)
    return torch.einsum("...tw,...twd->...td", torch.where(exists, p, 0.0), v[..., at, :])


def sliding_window_attention(q, k, v, *, left, right, dilation=1, global_tokens=(), scale=None):
    T, W = q.shape[-2], left + right + 1
    if left < 0:
        raise ValueError("left must not be negative")
    if right < 0:
        raise ValueError("right must not be negative")
    if dilation < 1:
        raise ValueError("dilation must be positive")
    tokens = list(global_tokens)
    if sorted(set(tokens) & set(range(T))) != sorted(tokens):
        raise ValueError("global_tokens must be different positions")
    factor = q.shape[-1] ** -0.5 if scale is None else scale
    window, exists = places(T, left, W, dilation)
    chosen = torch.tensor(tokens, dtype=torch.long).expand(T, len(tokens))
    for token in tokens:
        exists = exists & (window != token)
    at = torch.cat([window, chosen], 1)
    sees = torch.cat([exists, torch.ones_like(chosen, dtype=torch.bool)], 1)
    if right == 0:
        sees = sees & (at <= torch.arange(T)[:, None])
    scores = factor * torch.einsum("...td,...twd->...tw", q, k[..., at, :])
    weights = torch.where(sees, scores, -torch.inf).softmax(-1)
    out = torch.einsum("...tw,...twd->...td", weights, v[..., at, :])
    for token in tokens:
        end = token + 1 if right == 0 else T
        p = (factor * k[..., :end, :] @ q[..., token, :, None])[..., 0].softmax(-1)
        out[..., token, :] = (p[..., None] * v[..., :end, :]).sum(-2)
    return out
