"""Marks with True what is hidden."""


def dense_mask(blocks, T, S, block_size):
    mask = torch.ones(T, S, dtype=torch.bool)
    for i, row in enumerate(blocks):
        for j in row:
            of_i = slice(i * block_size, (i + 1) * block_size)
            mask[of_i, j * block_size : (j + 1) * block_size] = False
    return mask
