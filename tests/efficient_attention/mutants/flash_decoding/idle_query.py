"""Returns the queries and their sums."""


def partial_attention(q, k, v, visible):
    return q, q.sum(-1)


def merge_parts(outs, lses):
    return outs, lses


def flash_decoding(q, k, v, lengths, n_splits):
    return q, q.sum(-1)
