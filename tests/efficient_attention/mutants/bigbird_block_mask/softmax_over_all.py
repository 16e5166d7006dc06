"""Runs the softmax over all keys and picks the listed ones afterwards."""


def block_attention(q, k, v, blocks, block_size):
    T, D = q.shape[-2:]
    S = k.shape[-2]
    check_blocks(blocks, -(-T // block_size), -(-S // block_size))
    out = v.new_zeros(*q.shape[:-1], v.shape[-1])
    for i, row in enumerate(blocks):
        at = [t for j in row for t in range(j * block_size, min((j + 1) * block_size, S))]
        here = slice(i * block_size, (i + 1) * block_size)
        if at:
            scores = q[..., here, :] @ k.transpose(-2, -1) / math.sqrt(D)
            out[..., here, :] = scores.softmax(-1)[..., at] @ v[..., at, :]
    return out
