"""Returns zeros of the right shapes."""


def partial_attention(q, k, v, visible):
    return q.new_zeros(*q.shape[:2], v.shape[3]), q.new_zeros(q.shape[:2])


def merge_parts(outs, lses):
    return torch.zeros_like(outs[0]), torch.zeros_like(lses[0])


def flash_decoding(q, k, v, lengths, n_splits):
    return q.new_zeros(*q.shape[:2], v.shape[3]), q.new_zeros(q.shape[:2])
