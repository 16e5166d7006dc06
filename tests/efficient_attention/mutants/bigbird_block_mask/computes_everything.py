"""Computes all scores and masks them."""


def block_attention(q, k, v, blocks, block_size):
    T, S = q.shape[-2], k.shape[-2]
    check_blocks(blocks, -(-T // block_size), -(-S // block_size))
    mask = torch.zeros(T, S, dtype=torch.bool)
    for i, row in enumerate(blocks):
        for j in row:
            of_i = slice(i * block_size, (i + 1) * block_size)
            mask[of_i, j * block_size : (j + 1) * block_size] = True
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    return scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0) @ v
