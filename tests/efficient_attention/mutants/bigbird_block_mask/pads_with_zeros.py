"""Pads the last block with zeros and lets them be seen."""


def block_attention(q, k, v, blocks, block_size):
    T, D = q.shape[-2:]
    S = k.shape[-2]
    check_blocks(blocks, -(-T // block_size), -(-S // block_size))
    out = v.new_zeros(*q.shape[:-1], v.shape[-1])
    for i, row in enumerate(blocks):
        at = [t for j in row for t in range(j * block_size, min((j + 1) * block_size, S))]
        here = slice(i * block_size, (i + 1) * block_size)
        more = sum(min(S - (j + 1) * block_size, 0) for j in row)
        keys = torch.nn.functional.pad(k[..., at, :], (0, 0, 0, -more))
        values = torch.nn.functional.pad(v[..., at, :], (0, 0, 0, -more))
        if at:
            scores = q[..., here, :] @ keys.transpose(-2, -1) / math.sqrt(D)
            out[..., here, :] = scores.softmax(-1) @ values
    return out
