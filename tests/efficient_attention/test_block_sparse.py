"""BigBird's blocks: rules, equality with masked attention, and with the layer of transformers."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention
from transformers import BigBirdConfig, BigBirdModel
from transformers.models.big_bird.modeling_big_bird import BigBirdBlockSparseAttention

from handtorch.efficient_attention.block_sparse import (
    bigbird_blocks,
    block_sparse_attention,
    dense_mask,
    pairs,
)


def random_qkv(*shape, S=None, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    keys = (*shape[:-2], shape[-2] if S is None else S, shape[-1])
    return [torch.randn(*s, generator=generator, dtype=dtype) for s in (shape, keys, keys)]


def test_pattern_by_hand():
    """Six blocks, window 3, first and last global, nothing random."""
    blocks = bigbird_blocks(6, n_random=0)
    assert blocks[0] == blocks[5] == [0, 1, 2, 3, 4, 5]
    assert blocks[1:5] == [[0, 1, 2, 5], [0, 1, 2, 3, 5], [0, 2, 3, 4, 5], [0, 3, 4, 5]]
    assert bigbird_blocks(3, window=1, global_blocks=[], n_random=0) == [[0], [1], [2]]
    assert bigbird_blocks(1) == [[0]]


@settings(deadline=None, max_examples=100)
@given(
    st.integers(1, 20),
    st.sampled_from([1, 3, 5]),
    st.sampled_from([(), (0,), (0, -1), (2,)]),
    st.integers(0, 6),
    st.integers(0, 5),
)
def test_rules_of_the_pattern(n, window, global_blocks, n_random, seed):
    global_blocks = [g for g in global_blocks if -n <= g < n]
    options = {"window": window, "global_blocks": global_blocks, "n_random": n_random}
    blocks = bigbird_blocks(n, seed=seed, **options)
    everywhere = {g % n for g in global_blocks}
    for i, row in enumerate(blocks):
        assert row == sorted(set(row))  # no block twice
        near = {j for j in range(n) if abs(i - j) <= window // 2}
        fixed = set(range(n)) if i in everywhere else near | everywhere
        assert fixed <= set(row) <= set(range(n))
        assert len(row) == min(n, len(fixed) + n_random)  # random ones come on top
    assert blocks == bigbird_blocks(n, seed=seed, **options)


def test_seeds_differ_and_the_draw_is_even():
    """Row 5 of 12 draws 3 of the 7 blocks that are neither near nor global: 3/7 each.

    2,000 seeds: a count is binomial, its standard deviation under 23; 115 is five of them, so
    seven fair counts stay inside except about four times in a million.
    """
    assert bigbird_blocks(12, seed=0) != bigbird_blocks(12, seed=1)
    counts = np.zeros(12)
    for seed in range(2000):
        counts[bigbird_blocks(12, seed=seed)[5]] += 1
    assert counts[[0, 4, 5, 6, 11]].tolist() == [2000] * 5
    drawn = counts[[1, 2, 3, 7, 8, 9, 10]]
    assert drawn.sum() == 3 * 2000
    assert np.abs(drawn - 2000 * 3 / 7).max() < 115


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 30), st.integers(1, 7), st.integers(0, 2), st.integers(0, 3))
def test_equals_masked_attention(T, block_size, n_random, seed):
    q, k, v = random_qkv(2, T, 4)
    blocks = bigbird_blocks(-(-T // block_size), n_random=n_random, seed=seed)
    mask = dense_mask(blocks, T, T, block_size=block_size)
    out = block_sparse_attention(q, k, v, blocks, block_size=block_size)
    assert (out - scaled_dot_product_attention(q, k, v, mask)).abs().max() < 1e-9
    assert pairs(blocks, T, T, block_size=block_size) == mask.sum()


def test_other_lengths_empty_rows_and_gradients():
    """5 queries, 7 keys, blocks of 3; the second row of blocks is empty and gives zeros."""
    q, k, v = (x.requires_grad_() for x in random_qkv(5, 4, S=7))
    blocks = [[2, 0], []]
    out = block_sparse_attention(q, k, v, blocks, block_size=3)
    mask = dense_mask(blocks, 5, 7, block_size=3)
    assert mask[:3].tolist() == [[True] * 3 + [False] * 3 + [True]] * 3
    assert (out[:3] - scaled_dot_product_attention(q[:3], k, v, mask[:3])).abs().max() < 1e-9
    assert torch.equal(out[3:], torch.zeros(2, 4).double())
    assert pairs(blocks, 5, 7, block_size=3) == 12
    assert torch.autograd.gradcheck(
        lambda *qkv: block_sparse_attention(*qkv, blocks, block_size=3), [q, k, v]
    )


def test_unlisted_keys_are_not_read():
    q, k, v = random_qkv(12, 4)
    k[6:9] = v[6:9] = float("nan")
    out = block_sparse_attention(q, k, v, [[0, 1, 3]] * 4, block_size=3)
    assert out.isfinite().all()


def layer_of_transformers(T, block_size, n_random):
    config = BigBirdConfig(
        hidden_size=8,
        num_attention_heads=2,
        block_size=block_size,
        num_random_blocks=n_random,
        max_position_embeddings=512,
    )
    torch.manual_seed(0)
    layer = BigBirdBlockSparseAttention(config, seed=7).double()
    x = torch.randn(1, T, 8, dtype=torch.float64)
    ones = torch.ones(1, T, dtype=torch.float64)
    blocked, band, rows, columns = BigBirdModel.create_masks_for_block_sparse_attn(ones, block_size)

    def run():
        with torch.no_grad():
            return layer(x, band, rows, columns, blocked, blocked)[0]

    def heads(projection):
        return projection(x).view(1, T, 2, 4).transpose(1, 2)

    qkv = [heads(p) for p in (layer.query, layer.key, layer.value)]
    return layer, run, qkv


def test_equals_the_bigbird_layer_of_transformers_in_training_mode():
    """Its first and last blocks are global, its window is three blocks.

    It draws random blocks for each head; we draw the same ones with its own method and seed.
    """
    T, size, n_random = 64, 4, 2
    layer, run, (q, k, v) = layer_of_transformers(T, size, n_random)
    layer.train()
    wanted = run()
    np.random.seed(7)
    plan = layer._get_rand_attn_plan(T, size, n_random)
    drawn = layer._bigbird_block_rand_mask_with_head(T, T, size, size, 2, *plan)
    heads = []
    for h in range(2):
        blocks = bigbird_blocks(T // size, n_random=0)
        for i, extra in enumerate(drawn[h], start=1):  # rows 1 .. n - 2
            assert not set(extra) & set(blocks[i])  # it avoids window and global blocks too
            blocks[i] = sorted({*blocks[i], *map(int, extra)})
        heads.append(block_sparse_attention(q[:, h], k[:, h], v[:, h], blocks, block_size=size))
    out = torch.stack(heads, 2).reshape(1, T, 8)
    assert (out - wanted).abs().max() < 1e-9


def test_the_layer_of_transformers_draws_nothing_in_eval_mode():
    """Its lists of random blocks are then all block 0, which is global: it counts 1 + 2 times.

    That is attention over window and global blocks with log 3 added to the scores of block 0,
    for the rows that have random blocks, all but the first and the last.
    """
    T, size, n_random = 64, 4, 2
    layer, run, (q, k, v) = layer_of_transformers(T, size, n_random)
    layer.eval()
    mask = dense_mask(bigbird_blocks(T // size, n_random=0), T, T, block_size=size)
    bias = torch.zeros(T, T, dtype=torch.float64).masked_fill(~mask, -torch.inf)
    bias[size:-size, :size] += torch.tensor(3.0).double().log()
    out = scaled_dot_product_attention(q, k, v, bias)
    with torch.no_grad():
        assert (out.transpose(1, 2).reshape(1, T, 8) - run()).abs().max() < 1e-9


def test_bad_arguments_are_named():
    for options, words in (
        ({"n_blocks": 0}, "n_blocks is 0"),
        ({"n_blocks": 4, "window": 2}, "window is 2; it must be odd"),
        ({"n_blocks": 4, "n_random": -1}, "n_random is -1"),
        ({"n_blocks": 4, "global_blocks": [4]}, "global_blocks has 4"),
    ):
        with pytest.raises(ValueError, match=words):
            bigbird_blocks(**options)
    q, k, v = random_qkv(6, 4)
    for blocks, size, words in (
        ([[0]], 3, "blocks has 1 rows; 6 queries make 2"),
        ([[0], [0, 0]], 3, r"blocks\[1\] is \[0, 0\]"),
        ([[0], [2]], 3, "different numbers from 0 to 1"),
        ([[0], [1]], 0, "block_size is 0"),
    ):
        with pytest.raises(ValueError, match=words):
            block_sparse_attention(q, k, v, blocks, block_size=size)
