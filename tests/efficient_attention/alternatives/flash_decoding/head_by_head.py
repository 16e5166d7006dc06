"""Loops over sequences and heads, leaves junk out, and merges two parts at a time."""


def partial_attention(q, k, v, visible):
    B, H, D = q.shape
    out = torch.zeros(B, H, v.shape[3], dtype=q.dtype)
    lse = torch.full((B, H), -math.inf, dtype=q.dtype)
    for b in range(B):
        seen = visible[b].nonzero()[:, 0]
        if not len(seen):
            continue
        for h in range(H):
            g = h * k.shape[1] // H
            s = k[b, g, seen] @ q[b, h] / math.sqrt(D)
            lse[b, h] = s.logsumexp(0)
            out[b, h] = s.softmax(0) @ v[b, g, seen]
    return out, lse


def merge_two(out_a, lse_a, out_b, lse_b):
    """Two parts become one: the second counts by the logistic function of the difference."""
    lse = torch.logaddexp(lse_a, lse_b)
    share = torch.sigmoid(lse_b - lse_a)  # NaN where both are -inf
    share = torch.where(lse == -math.inf, torch.zeros_like(share), share)[..., None]
    mixed = out_a * (1 - share) + out_b * share
    return torch.where((lse == -math.inf)[..., None], torch.zeros_like(mixed), mixed), lse


def merge_parts(outs, lses):
    empty = lses[0] == -math.inf
    out, lse = outs[0].masked_fill(empty[..., None], 0.0), lses[0]
    for other_out, other_lse in zip(outs[1:], lses[1:], strict=True):
        out, lse = merge_two(out, lse, other_out, other_lse)
    return out, lse


def flash_decoding(q, k, v, lengths, n_splits):
    if n_splits < 1:
        raise ValueError(f"n_splits={n_splits} is not positive")
    S = k.size(2)
    if lengths.min() < 0 or lengths.max() > S:
        raise ValueError("lengths do not fit the cache")
    edges = [S * part // n_splits for part in range(n_splits + 1)]
    result = None
    for start, end in zip(edges, edges[1:]):
        real = torch.arange(start, end).expand(len(q), -1) < lengths.unsqueeze(1)
        part = partial_attention(q, k[:, :, start:end], v[:, :, start:end], real)
        result = part if result is None else merge_two(*result, *part)
    return result
