"""Lets this project's own functions do the work."""


def parallel(q, k, v):
    from handtorch.efficient_attention.linear import linear_attention_parallel

    return linear_attention_parallel(q, k, v)


def recurrent(q, k, v, state=None):
    from handtorch.efficient_attention.linear import linear_attention_recurrent

    out, (s, z) = linear_attention_recurrent(q, k, v)
    return out, (s, z)


def chunked(q, k, v, chunk_size, state=None):
    from handtorch.efficient_attention.linear import linear_attention_chunked

    out, (s, z) = linear_attention_chunked(q, k, v, chunk_size=chunk_size)
    return out, (s, z)
