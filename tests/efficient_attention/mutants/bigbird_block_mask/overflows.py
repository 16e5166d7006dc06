"""Writes the softmax without subtracting the largest score."""


def block_attention(q, k, v, blocks, block_size):
    T, D = q.shape[-2:]
    S = k.shape[-2]
    check_blocks(blocks, -(-T // block_size), -(-S // block_size))
    out = v.new_zeros(*q.shape[:-1], v.shape[-1])
    for i, row in enumerate(blocks):
        at = [t for j in row for t in range(j * block_size, min((j + 1) * block_size, S))]
        here = slice(i * block_size, (i + 1) * block_size)
        if at:
            p = (q[..., here, :] @ k[..., at, :].transpose(-2, -1) / math.sqrt(D)).exp()
            out[..., here, :] = p @ v[..., at, :] / p.sum(-1, keepdim=True)
    return out
