"""Goes over the keys outside and the queries inside, as the first FlashAttention did."""


def attend_in_blocks(q, k, v, block_k):
    out, lse = flash_attention(q[None, None], k[None, None], v[None, None], block_k=block_k)
    return out[0, 0], lse[0, 0]


def flash_attention(q, k, v, *, causal=False, block_q=64, block_k=64):
    if block_q < 1:
        raise ValueError(f"block_q must be positive, not {block_q}")
    if block_k < 1:
        raise ValueError(f"block_k must be positive, not {block_k}")
    T, S = q.shape[-2], k.shape[-2]
    out = torch.zeros(*q.shape[:-1], v.shape[-1], dtype=q.dtype)
    lse = torch.full(q.shape[:-1], -torch.inf, dtype=q.dtype)
    for k_start in range(0, S, block_k):
        k_end = min(S, k_start + block_k)
        for start in range(0, T, block_q):
            end = min(T, start + block_q)
            if causal and end - 1 + S - T < k_start:
                continue
            s = torch.einsum("bhtd,bhsd->bhts", q[:, :, start:end], k[:, :, k_start:k_end])
            s = s * q.shape[-1] ** -0.5
            if causal:
                ones = torch.ones(end - start, k_end - k_start, dtype=torch.bool)
                s[:, :, ones.triu(start + S - T - k_start + 1)] = -torch.inf
            # The output so far stays finished: it counts with the weight exp(lse).
            old = lse[:, :, start:end]
            m = torch.maximum(old, s.max(-1).values)
            m = torch.where(m.isinf(), torch.zeros_like(m), m)
            p, weight = torch.exp(s - m[..., None]), torch.exp(old - m)
            total = weight + p.sum(-1)
            mixed = weight[..., None] * out[:, :, start:end] + p @ v[:, :, k_start:k_end]
            out[:, :, start:end] = mixed / torch.where(total > 0, total, 1.0)[..., None]
            lse[:, :, start:end] = m + torch.log(total)
    return out, lse
