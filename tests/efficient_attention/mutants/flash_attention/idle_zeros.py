"""Returns zeros of the right shapes."""


def attend_in_blocks(q, k, v, block_k):
    return q.new_zeros(q.shape[0], v.shape[1]), q.new_zeros(q.shape[0])


def flash_attention(q, k, v, *, causal=False, block_q=64, block_k=64):
    return q.new_zeros(*q.shape[:3], v.shape[3]), q.new_zeros(q.shape[:3])
