"""Returns the queries, or x, as they came."""


def grouped_attention(q, k, v, mask=None):
    return q


def grouped_query_attention(x, w_q, w_k, w_v, w_o, n_heads, n_kv_heads, mask=None, cache=None):
    return x, cache, 0


def decode_step(q, k, v):
    return q
