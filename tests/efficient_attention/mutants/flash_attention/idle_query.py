"""Returns the queries and their sums."""


def attend_in_blocks(q, k, v, block_k):
    return q, q.sum(-1)


def flash_attention(q, k, v, *, causal=False, block_q=64, block_k=64):
    return q, q.sum(-1)
