"""Loops over heads and blocks, and cuts the keys for each row of a block instead of masking."""


def one_block(q, keys, values, allowed):
    """A few queries against a list of blocks; row r sees the first allowed[r] keys."""
    D = q.shape[1]
    m = [-math.inf] * len(q)
    total = [0.0] * len(q)
    acc = [torch.zeros(values[0].shape[1], dtype=q.dtype) for _ in q]
    start = 0
    for k, v in zip(keys, values, strict=True):
        for r, row in enumerate(q):
            n = min(len(k), allowed[r] - start)
            if n <= 0:
                continue
            s = (k[:n] @ row) / D**0.5
            new = max(m[r], s.max().item())
            p, factor = torch.exp(s - new), math.exp(m[r] - new)
            m[r], total[r] = new, total[r] * factor + p.sum().item()
            acc[r] = acc[r] * factor + p @ v[:n]
        start += len(k)
    out = torch.stack([a / x if x else a for a, x in zip(acc, total, strict=True)])
    lse = [a + math.log(x) if x else -math.inf for a, x in zip(m, total, strict=True)]
    return out, torch.tensor(lse, dtype=q.dtype)


def attend_in_blocks(q, k, v, block_k):
    return one_block(q, k.split(block_k), v.split(block_k), [len(k)] * len(q))


def flash_attention(q, k, v, *, causal=False, block_q=64, block_k=64):
    if min(block_q, block_k) < 1:
        raise ValueError(f"block_q and block_k must be positive: {block_q}, {block_k}")
    B, H, T, _ = q.shape
    S = k.shape[2]
    out = torch.empty(B, H, T, v.shape[3], dtype=q.dtype)
    lse = torch.empty(B, H, T, dtype=q.dtype)
    for b in range(B):
        for h in range(H):
            blocks = k[b, h].split(block_k), v[b, h].split(block_k)
            for start in range(0, T, block_q):
                here = slice(start, min(T, start + block_q))
                allowed = [t + 1 + S - T if causal else S for t in range(here.start, here.stop)]
                out[b, h, here], lse[b, h, here] = one_block(q[b, h, here], *blocks, allowed)
    return out, lse
