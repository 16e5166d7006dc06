"""A loop over sequences, heads and queries, adding up what each head writes."""


def split_heads(x, n_heads):
    width = x.shape[-1]
    if n_heads < 1 or width % n_heads != 0:
        raise ValueError(f"n_heads = {n_heads} does not divide the width {width}")
    size = width // n_heads
    return torch.stack([x[:, :, h * size : (h + 1) * size] for h in range(n_heads)], dim=1)


def merge_heads(x):
    return torch.cat([x[:, h] for h in range(x.shape[1])], dim=-1)


def multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads, mask=None):
    B, T, C = x.shape
    if n_heads < 1 or C % n_heads != 0:
        raise ValueError(f"n_heads = {n_heads} does not divide the width {C}")
    D = C // n_heads
    if mask is None:
        mask = torch.ones(1, 1, 1, 1, dtype=torch.bool)
    mask = mask.expand(B, n_heads, T, T)
    out = torch.zeros_like(x)
    for b in range(B):
        for h in range(n_heads):
            own = slice(h * D, (h + 1) * D)
            k, v = x[b] @ w_k[own].T, x[b] @ w_v[own].T
            for i in range(T):
                keys = mask[b, h, i].nonzero()[:, 0]
                if len(keys) == 0:
                    continue
                q = w_q[own] @ x[b, i]
                scores = k[keys] @ q / D**0.5
                p = (scores - scores.max()).exp()
                out[b, i] += w_o[:, own] @ (p / p.sum() @ v[keys])
    return out
