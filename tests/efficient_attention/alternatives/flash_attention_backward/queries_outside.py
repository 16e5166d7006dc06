"""Queries in the outer loop, keys that none of them sees skipped, the scale put into q once."""


def tile_weights(q, k, lse, allowed=None, *, scale):
    s = torch.einsum("...md,...nd->...mn", q, k) * scale
    if allowed is not None:
        s = torch.where(allowed, s, -math.inf)
    p = torch.exp(s - lse.unsqueeze(-1))
    return torch.where(lse.isinf().unsqueeze(-1), 0.0, p)


def flash_attention_backward(
    dout, q, k, v, out, lse, *, causal=False, scale=None, block_q=64, block_k=64
):
    if block_q < 1:
        raise ValueError("block_q must be positive")
    if block_k < 1:
        raise ValueError("block_k must be positive")
    if list(lse.shape) != list(q.shape)[:-1]:
        raise ValueError("lse must have one number a query")
    factor = q.shape[-1] ** -0.5 if scale is None else scale
    shift = k.shape[-2] - q.shape[-2]
    dq_parts, dk, dv = [], torch.zeros_like(k), torch.zeros_like(v)
    start = 0
    tiles = zip(*(t.split(block_q, -2) for t in (q, dout, out)), lse.split(block_q, -1))
    for q_i, dout_i, out_i, lse_i in tiles:
        M = q_i.shape[-2]
        scaled = q_i * factor
        delta = torch.linalg.vecdot(dout_i, out_i)
        dq_i = torch.zeros_like(q_i)
        position = torch.arange(start, start + M) + shift
        for j in range(0, k.shape[-2], block_k):
            if causal and j > position[-1]:
                break
            k_j = k.narrow(-2, j, min(block_k, k.shape[-2] - j))
            v_j = v.narrow(-2, j, k_j.shape[-2])
            allowed = None
            if causal:
                allowed = position[:, None] >= torch.arange(j, j + k_j.shape[-2])
            p = tile_weights(scaled, k_j, lse_i, allowed, scale=1.0)
            ds = p * (torch.einsum("...md,...nd->...mn", dout_i, v_j) - delta[..., None])
            dq_i = dq_i + factor * torch.matmul(ds, k_j)
            dk.narrow(-2, j, k_j.shape[-2]).add_(ds.transpose(-1, -2) @ scaled)
            dv.narrow(-2, j, k_j.shape[-2]).add_(p.transpose(-1, -2) @ dout_i)
        dq_parts.append(dq_i)
        start += M
    return torch.cat(dq_parts, -2), dk, dv
