"""One product for queries, keys and values, heads folded into the batch, softmax by hand."""


def split_heads(x, n_heads):
    C = x.shape[-1]
    if n_heads < 1:
        raise ValueError(f"n_heads is {n_heads}, but at least one is needed")
    if C % n_heads:
        raise ValueError(f"n_heads is {n_heads}, which does not divide {C}")
    return x.unflatten(-1, (n_heads, -1)).movedim(2, 1)


def merge_heads(x):
    return x.movedim(1, 2).contiguous().view(x.shape[0], x.shape[2], -1)


def multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads, mask=None):
    B, T, C = x.shape
    stacked = x @ torch.cat([w_q, w_k, w_v]).T
    q, k, v = (split_heads(part, n_heads).flatten(0, 1) for part in stacked.chunk(3, dim=-1))
    scores = torch.bmm(q, k.mT) / (C // n_heads) ** 0.5
    weights = torch.ones_like(scores)
    if mask is not None:
        weights = mask.expand(B, n_heads, T, T).flatten(0, 1).to(x.dtype)
        scores = scores.masked_fill(weights == 0, -1e30)
    weights = weights * (scores - scores.amax(-1, keepdim=True)).exp()
    sums = weights.sum(-1, keepdim=True)
    weights = weights / torch.where(sums == 0, 1.0, sums)
    out = torch.bmm(weights, v).unflatten(0, (B, n_heads))
    return torch.nn.functional.linear(merge_heads(out), w_o)
