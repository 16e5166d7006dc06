"""Writes every step as an einsum and the softmax with exponentials."""


def project_context(context, w_k, w_v, n_heads):
    width, c = w_k.shape
    if n_heads < 1:
        raise ValueError(f"n_heads is {n_heads}, but there must be a head")
    if width % n_heads:
        raise ValueError(f"n_heads = {n_heads} does not divide {width}")
    w_k, w_v = w_k.reshape(n_heads, -1, c), w_v.reshape(n_heads, -1, c)
    return (
        torch.einsum("bsc,hdc->bhsd", context, w_k),
        torch.einsum("bsc,hdc->bhsd", context, w_v),
    )


def attend(x, k, v, w_q, w_o, real=None):
    batch, heads, length, size = k.shape
    if real is None:
        real = torch.ones(batch, length, dtype=torch.bool)
    elif list(real.shape) != [batch, length]:
        raise ValueError("real must be (B, S)")
    q = torch.einsum("btc,hdc->bhtd", x * size**-0.5, w_q.reshape(heads, size, -1))
    scores = torch.einsum("bhtd,bhsd->bhts", q, k)
    scores = scores.where(real[:, None, None], torch.tensor(-torch.inf, dtype=scores.dtype))
    largest = scores.amax(-1, keepdim=True)
    p = torch.exp(scores - torch.where(largest.isinf(), torch.zeros_like(largest), largest))
    total = p.sum(-1, keepdim=True)
    p = p / torch.where(total > 0, total, torch.ones_like(total))
    return torch.einsum("bhts,bhsd,chd->btc", p, v, w_o.reshape(-1, heads, size))
