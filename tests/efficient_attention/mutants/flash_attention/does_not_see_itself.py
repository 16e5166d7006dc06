"""Lets a query see only keys before its own."""


def flash_attention(q, k, v, *, causal=False, block_q=64, block_k=64):
    for name, size in (("block_q", block_q), ("block_k", block_k)):
        if size < 1:
            raise ValueError(f"{name} is {size}; it must be at least 1")
    T, S = q.shape[2], k.shape[2]
    out, lse = q.new_empty(*q.shape[:3], v.shape[3]), q.new_empty(q.shape[:3])
    for i in range(0, T, block_q):
        q_i = q[:, :, i : i + block_q] / math.sqrt(q.shape[3])
        rows = torch.arange(i, i + q_i.shape[2])[:, None]
        seen = i + q_i.shape[2] + S - T if causal else S  # keys that the last row may see
        state = nothing(q_i, v)
        for j in range(0, seen, block_k):
            k_j, v_j = k[:, :, j : j + block_k], v[:, :, j : j + block_k]
            s = q_i @ k_j.mT
            if causal:
                columns = torch.arange(j, j + k_j.shape[2])
                s = s.masked_fill(columns >= rows + S - T, -math.inf)
            state = absorb(state, s, v_j)
        out[:, :, i : i + block_q], lse[:, :, i : i + block_q] = finish(state)
    return out, lse
