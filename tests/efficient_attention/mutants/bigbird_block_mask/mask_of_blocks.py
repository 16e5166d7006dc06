"""Returns the mask of blocks, in the corner of the mask of positions."""


def dense_mask(blocks, T, S, block_size):
    mask = torch.zeros(T, S, dtype=torch.bool)
    for i, row in enumerate(blocks):
        for j in row:
            mask[i : i + 1, j : j + 1] = True
    return mask
