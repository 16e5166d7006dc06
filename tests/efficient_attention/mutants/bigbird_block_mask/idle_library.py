"""Lets this project's own functions do the work."""

from handtorch.efficient_attention import block_sparse


def bigbird_blocks(n_blocks, window, global_blocks, n_random, seed):
    return block_sparse.bigbird_blocks(
        n_blocks, window=window, global_blocks=global_blocks, n_random=n_random, seed=seed
    )


def dense_mask(blocks, T, S, block_size):
    return block_sparse.dense_mask(blocks, T, S, block_size=block_size)


def block_attention(q, k, v, blocks, block_size):
    return block_sparse.block_sparse_attention(q, k, v, blocks, block_size=block_size)
