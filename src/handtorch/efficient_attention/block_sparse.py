"""Block-sparse attention with BigBird's pattern (zaheer2020): window, global and random blocks.

Positions are cut into blocks of `block_size`. A pattern is a list: for each block of queries the
sorted ids of the blocks of keys it attends to. `block_sparse_attention` reads those blocks and no
others; a pair inside a listed block is always allowed.

What this leaves out: causal order and masks inside a block (`flex` has them), a pattern for each
head (call it a head at a time), and packing the blocks into one dense tensor, with which the
paper avoids the loop over blocks (its appendix D).
"""

import random
from collections.abc import Sequence

import torch
from torch import Tensor

from handtorch.attention.scaled_dot_product import attention

Blocks = Sequence[Sequence[int]]


def bigbird_blocks(
    n_blocks: int,
    *,
    window: int = 3,
    global_blocks: Sequence[int] = (0, -1),
    n_random: int = 3,
    seed: int = 0,
) -> list[list[int]]:
    """For each of `n_blocks` blocks of queries, the blocks of keys it sees, sorted, each once.

    Args:
        n_blocks: how many blocks the sequence has.
        window: neighboring blocks, the own one in the middle; odd. Fewer at the two ends.
        global_blocks: see all and are seen by all; negative ones count from the end. The first
            and the last by default.
        n_random: further blocks, drawn evenly from those not yet in the row; all of them where
            fewer are left.
        seed: of the draw; the same seed gives the same blocks.

    Raises:
        ValueError: if a number is out of range.

    Example: ``4, window=1, global_blocks=[0], n_random=1`` -> for instance
    ``[[0, 1, 2, 3], [0, 1, 3], [0, 1, 2], [0, 2, 3]]``
    """
    if n_blocks < 1:
        raise ValueError(f"n_blocks is {n_blocks}; it must be 1 or more")
    if window < 1 or window % 2 == 0:
        raise ValueError(f"window is {window}; it must be odd, so that the own block is its middle")
    if n_random < 0:
        raise ValueError(f"n_random is {n_random}; it must be 0 or more")
    everything = set(range(n_blocks))
    for block in global_blocks:
        if not -n_blocks <= block < n_blocks:
            raise ValueError(
                f"global_blocks has {block}; it must be in {-n_blocks}..{n_blocks - 1}"
            )
    seen_by_all = {block % n_blocks for block in global_blocks}
    draw = random.Random(seed)
    rows = []
    for i in range(n_blocks):
        near = everything & set(range(i - window // 2, i + window // 2 + 1))
        fixed = everything if i in seen_by_all else near | seen_by_all
        rest = sorted(everything - fixed)
        drawn = draw.sample(rest, min(n_random, len(rest)))
        rows.append(sorted(fixed.union(drawn)))
    return rows


def block_sparse_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    blocks: Blocks,
    *,
    block_size: int,
    scale: float | None = None,
) -> Tensor:
    """Softmax attention of each block of queries to its listed blocks of keys only.

    Args:
        q: queries, (..., T, D).
        k: keys, (..., S, D).
        v: values, (..., S, Dv).
        blocks: for each of the ceil(T / block_size) blocks of queries, different ids of the
            ceil(S / block_size) blocks of keys, in any order. An empty row gives zeros.
        block_size: positions in a block; the last may have fewer.
        scale: factor of the scores; 1 / sqrt(D) by default.

    Returns:
        (..., T, Dv), in the dtype of q. Scores exist for one row of blocks at a time.

    Raises:
        ValueError: if `blocks` does not fit the lengths, or lists a block twice.
    """
    T, S = q.shape[-2], k.shape[-2]
    _check_blocks(blocks, T, S, block_size)
    outputs = []
    for i, row in enumerate(blocks):
        queries = q[..., i * block_size : (i + 1) * block_size, :]
        at = _positions(row, block_size, S, q.device)  # (listed keys,)
        outputs.append(attention(queries, k[..., at, :], v[..., at, :], scale=scale))
    return torch.cat(outputs, -2)


def dense_mask(blocks: Blocks, T: int, S: int, *, block_size: int) -> Tensor:
    """The pattern as a boolean (T, S) mask, True = may attend: for checks and pictures.

    Raises:
        ValueError: if `blocks` does not fit the lengths, or lists a block twice.
    """
    _check_blocks(blocks, T, S, block_size)
    mask = torch.zeros(T, S, dtype=torch.bool)
    for i, row in enumerate(blocks):
        mask[i * block_size : (i + 1) * block_size, _positions(row, block_size, S)] = True
    return mask


def pairs(blocks: Blocks, T: int, S: int, *, block_size: int) -> int:
    """How many scores the pattern asks for; T * S is full attention.

    Raises:
        ValueError: if `blocks` does not fit the lengths, or lists a block twice.
    """
    _check_blocks(blocks, T, S, block_size)

    def length(block: int, of: int) -> int:
        return min(block_size, of - block * block_size)

    return sum(length(i, T) * sum(length(j, S) for j in row) for i, row in enumerate(blocks))


def _positions(
    row: Sequence[int], block_size: int, S: int, device: torch.device | str = "cpu"
) -> Tensor:
    ranges = [torch.arange(j * block_size, min((j + 1) * block_size, S)) for j in row]
    return torch.cat([torch.empty(0, dtype=torch.long), *ranges]).to(device)


def _check_blocks(blocks: Blocks, T: int, S: int, block_size: int) -> None:
    if block_size < 1:
        raise ValueError(f"block_size is {block_size}; it must be 1 or more")
    rows, columns = -(-T // block_size), -(-S // block_size)
    if len(blocks) != rows:
        raise ValueError(f"blocks has {len(blocks)} rows; {T} queries make {rows} blocks")
    for i, row in enumerate(blocks):
        if len(set(row)) < len(row) or not all(0 <= j < columns for j in row):
            raise ValueError(
                f"blocks[{i}] is {list(row)}; it must hold different numbers from 0 to "
                f"{columns - 1}"
            )
