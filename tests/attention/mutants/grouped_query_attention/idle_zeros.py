"""Returns zeros of the right shapes."""


def grouped_attention(q, k, v, mask=None):
    return torch.zeros(*q.shape[:3], v.shape[-1], dtype=q.dtype)


def grouped_query_attention(x, w_q, w_k, w_v, w_o, n_heads, n_kv_heads, mask=None, cache=None):
    B, T, _ = x.shape
    kept = torch.zeros(B, n_kv_heads, T, len(w_k) // n_kv_heads, dtype=x.dtype)
    return torch.zeros_like(x), (kept, kept), 0


def decode_step(q, k, v):
    return torch.zeros_like(q)
