"""Index notation throughout: weights as (H, D, C), no cutting of activations, -inf and where."""


def split_heads(x, n_heads):
    if n_heads <= 0 or x.size(2) % n_heads:
        raise ValueError(f"n_heads must divide {x.size(2)}, not be {n_heads}")
    return torch.stack(x.chunk(n_heads, dim=2), dim=1)


def merge_heads(x):
    return torch.einsum("bhtd->bthd", x).reshape(x.size(0), x.size(2), -1)


def multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads, mask=None):
    C = x.size(-1)
    if n_heads <= 0 or C % n_heads:
        raise ValueError(f"n_heads must divide {C}, not be {n_heads}")
    q, k, v = (torch.einsum("btc,hdc->bhtd", x, w.view(n_heads, -1, C)) for w in (w_q, w_k, w_v))
    scores = torch.einsum("bhid,bhjd->bhij", q * q.size(-1) ** -0.5, k)
    if mask is None:
        p = torch.softmax(scores, dim=3)
    else:
        scores = torch.where(mask, scores, float("-inf"))
        dead = ~mask.any(-1, keepdim=True)
        p = torch.softmax(torch.where(dead, 0.0, scores), dim=3) * ~dead
    return torch.einsum("bhij,bhjd,ohd->bio", p, v, w_o.view(C, n_heads, -1))
