"""Keeps the pattern as a matrix of blocks and draws by sorting random numbers."""


def bigbird_blocks(n_blocks, window, global_blocks, n_random, seed):
    if window <= 0 or not window % 2:
        raise ValueError(f"window = {window}")
    for block in global_blocks:
        if block not in range(-n_blocks, n_blocks):
            raise ValueError(f"global_blocks: {block}")
    chance = torch.Generator().manual_seed(seed)
    at = torch.arange(n_blocks)
    grid = (at[:, None] - at).abs() <= (window - 1) // 2
    for block in global_blocks:
        grid[block] = True
        grid[:, block] = True
    rank = torch.rand(n_blocks, n_blocks, generator=chance).masked_fill(grid, 2.0)
    for i, order in enumerate(rank.argsort(1)):
        grid[i, order[:n_random]] = True
    return [row.nonzero().flatten().tolist() for row in grid]


def dense_mask(blocks, T, S, block_size):
    of_query, of_key = torch.arange(T) // block_size, torch.arange(S) // block_size
    grid = torch.zeros(len(blocks), int(of_key[-1]) + 1, dtype=torch.bool)
    for i, row in enumerate(blocks):
        grid[i, row] = True
    return grid[of_query][:, of_key]


def block_attention(q, k, v, blocks, block_size):
    n_rows, n_columns = math.ceil(q.size(-2) / block_size), math.ceil(k.size(-2) / block_size)
    good = len(blocks) == n_rows and all(
        sorted(set(row)) == sorted(row) and set(row) <= set(range(n_columns)) for row in blocks
    )
    if not good:
        raise ValueError(f"blocks do not fit: {blocks}")
    keys, values = k.split(block_size, -2), v.split(block_size, -2)
    parts = []
    for query, row in zip(q.split(block_size, -2), blocks):
        if not row:
            parts.append(query.new_zeros(*query.shape[:-1], v.size(-1)))
            continue
        key, value = (torch.cat([x[j] for j in row], -2) for x in (keys, values))
        weights = torch.softmax(query * query.size(-1) ** -0.5 @ key.mT, -1)
        parts.append(weights @ value)
    return torch.cat(parts, -2)
