"""Lists all blocks, allows all pairs and returns the queries."""


def bigbird_blocks(n_blocks, window, global_blocks, n_random, seed):
    return [list(range(n_blocks)) for _ in range(n_blocks)]


def dense_mask(blocks, T, S, block_size):
    return torch.ones(T, S, dtype=torch.bool)


def block_attention(q, k, v, blocks, block_size):
    return q
