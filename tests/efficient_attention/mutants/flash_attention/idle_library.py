"""Lets torch's own function do the work."""


def attend_in_blocks(q, k, v, block_k):
    out = torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None])[0]
    return out, torch.logsumexp(q @ k.mT / math.sqrt(q.shape[-1]), -1)


def flash_attention(q, k, v, *, causal=False, block_q=64, block_k=64):
    for name, size in (("block_q", block_q), ("block_k", block_k)):
        if size < 1:
            raise ValueError(f"{name} is {size}")
    seen = torch.ones(q.shape[2], k.shape[2]).bool()
    seen = seen.tril(k.shape[2] - q.shape[2]) if causal else seen
    out = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)
    scores = (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(~seen, -math.inf)
    return out.nan_to_num(0.0), torch.logsumexp(scores, -1)
