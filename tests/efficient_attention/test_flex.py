"""Mask and score functions: equal to torch's FlexAttention, which gets the same functions."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention import flex_attention as torch_flex
from torch.nn.functional import scaled_dot_product_attention

from handtorch.efficient_attention.flex import (
    EMPTY,
    FULL,
    MIXED,
    alibi,
    both,
    causal,
    create_block_mask,
    dilated,
    documents,
    either,
    flex_attention,
    prefix,
    shifted,
    softcap,
    window,
)

# Called without torch.compile, on purpose: the result is what matters here.
pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")

IDS = torch.tensor([0] * 5 + [1] * 9 + [2] * 6)
MASKS = {
    "causal": causal,
    "window": window(3, 2),
    "causal window": both(causal, window(6, 6)),
    "dilated": dilated(3),
    "prefix": either(causal, prefix(4)),
    "documents": both(causal, documents(IDS)),
    "head": lambda b, h, q_idx, kv_idx: (q_idx - kv_idx).abs() <= 2 * h + b,
    "nothing for some": lambda b, h, q_idx, kv_idx: (q_idx % 3 == 0) & (kv_idx < 2),
}
SCORES = {
    "none": None,
    "alibi": alibi(torch.tensor([0.5, 0.25, 0.1])),
    "softcap": softcap(2.0),
    "position": lambda score, b, h, q_idx, kv_idx: score + 0.3 * torch.cos(q_idx - kv_idx + b),
}


def random_qkv(T=20, S=20):
    generator = torch.Generator().manual_seed(0)
    shapes = ((2, 3, T, 4), (2, 3, S, 4), (2, 3, S, 4))
    return [torch.randn(*s, generator=generator, dtype=torch.float64) for s in shapes]


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("score", SCORES)
def test_equals_flex_attention_of_torch(mask, score):
    q, k, v = random_qkv()
    ours = create_block_mask(MASKS[mask], 2, 3, 20, 20, block_size=8)
    theirs = torch_flex.create_block_mask(MASKS[mask], 2, 3, 20, 20, device="cpu", BLOCK_SIZE=8)
    out = flex_attention(q, k, v, score_mod=SCORES[score], block_mask=ours)
    wanted = torch_flex.flex_attention(q, k, v, score_mod=SCORES[score], block_mask=theirs)
    assert (out - wanted).abs().max() < 1e-9
    assert out.isfinite().all()


@pytest.mark.parametrize("mask", MASKS)
def test_kinds_of_tiles_from_the_whole_mask(mask):
    """torch's dense mask, cut into tiles and looked at one by one; lengths that do not divide."""
    block_mask = create_block_mask(MASKS[mask], 2, 3, 20, 20, block_size=6)
    dense = torch_flex.create_mask(MASKS[mask], 2, 3, 20, 20, device="cpu")
    assert block_mask.kinds.shape == (2, 3, 4, 4)
    for b in range(2):
        for h in range(3):
            for i in range(4):
                for j in range(4):
                    tile = dense[b, h, 6 * i : 6 * i + 6, 6 * j : 6 * j + 6]
                    kind = FULL if tile.all() else MIXED if tile.any() else EMPTY
                    assert block_mask.kinds[b, h, i, j] == kind


def test_tiles_by_hand():
    """Causal, 4 by 4 tiles: 6 above the diagonal empty, 4 on it mixed, 6 below it full."""
    block_mask = create_block_mask(causal, 1, 1, 512, 512)
    assert (block_mask.kinds[0, 0].diagonal() == MIXED).all()
    assert [block_mask.share(kind) for kind in (EMPTY, MIXED, FULL)] == [6 / 16, 4 / 16, 6 / 16]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 25), st.integers(0, 9))
def test_any_length_and_block_size(T, S, block_size, width):
    """Queries at the end of the keys, as with a cache; some rows are empty if T > S."""
    q, k, v = random_qkv(T, S)
    mask = shifted(both(causal, window(width, 0)), S - T)
    block_mask = create_block_mask(mask, 1, 1, T, S, block_size=block_size)
    out = flex_attention(q, k, v, block_mask=block_mask)
    i, j = torch.arange(T)[:, None] + S - T, torch.arange(S)
    wanted = scaled_dot_product_attention(q, k, v, (j <= i) & (j >= i - width))
    assert (out - wanted).abs().max() < 1e-9


def test_without_mask_scale_and_dtype():
    q, k, v = random_qkv()
    assert (flex_attention(q, k, v) - scaled_dot_product_attention(q, k, v)).abs().max() < 1e-9
    wanted = scaled_dot_product_attention(q, k, v, scale=0.3)
    assert (flex_attention(q, k, v, scale=0.3) - wanted).abs().max() < 1e-9
    assert flex_attention(q.half(), k.half(), v.half()).dtype == torch.float16


def test_empty_tiles_are_skipped():
    """Whatever stands in keys that no query of the row of tiles may see is never read."""
    q, k, v = random_qkv()
    block_mask = create_block_mask(documents(IDS), 1, 1, 20, 20, block_size=5)
    k[:, :, 14:], v[:, :, 14:] = float("nan"), float("nan")
    assert flex_attention(q, k, v, block_mask=block_mask)[:, :, :5].isfinite().all()


def test_gradients():
    q, k, v = (x[:1, :2, :5].clone().requires_grad_() for x in random_qkv())
    block_mask = create_block_mask(MASKS["nothing for some"], 1, 1, 5, 5, block_size=2)
    assert torch.autograd.gradcheck(
        lambda *qkv: flex_attention(*qkv, score_mod=softcap(2.0), block_mask=block_mask),
        [q, k, v],
    )


def test_bad_arguments_are_named():
    q, k, v = random_qkv()
    with pytest.raises(ValueError, match="block_size is 0"):
        create_block_mask(causal, 1, 1, 4, 4, block_size=0)
    with pytest.raises(ValueError, match=r"block_mask is for \(T, S\) = \(4, 4\)"):
        flex_attention(q, k, v, block_mask=create_block_mask(causal, 1, 1, 4, 4))
    with pytest.raises(ValueError, match="must agree in batch"):
        flex_attention(q, k[:, :1], v)
