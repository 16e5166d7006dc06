"""Aligns the causal mask at the first query."""


def flash_attention_backward(
    dout, q, k, v, out, lse, *, causal=False, scale=None, block_q=64, block_k=64
):
    for name, size in (("block_q", block_q), ("block_k", block_k)):
        if size < 1:
            raise ValueError(f"{name} is {size}; it must be at least 1")
    if lse.shape != q.shape[:-1]:
        wanted = tuple(q.shape[:-1])
        raise ValueError(f"lse has shape {tuple(lse.shape)}; it must be that of queries, {wanted}")
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    T, S = q.shape[-2], k.shape[-2]
    delta = (dout * out).sum(-1)  # the mean of dp under p, for each query: (..., T)
    dq, dk, dv = torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
    for j in range(0, S, block_k):
        keys = slice(j, j + block_k)
        k_j, v_j = k[..., keys, :], v[..., keys, :]
        for i in range(0, T, block_q):
            rows = slice(i, i + block_q)
            q_i, dout_i = q[..., rows, :], dout[..., rows, :]
            allowed = None
            if causal:
                allowed = torch.arange(S)[keys] <= torch.arange(T)[rows, None]
            p = tile_weights(q_i, k_j, lse[..., rows], allowed, scale=scale)
            ds = p * (dout_i @ v_j.mT - delta[..., rows, None])
            dv[..., keys, :] += p.mT @ dout_i
            dk[..., keys, :] += scale * ds.mT @ q_i
            dq[..., rows, :] += scale * ds @ k_j
    return dq, dk, dv
