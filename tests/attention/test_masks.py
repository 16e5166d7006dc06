"""Masks: by hand, by loops over i and j, against torch and transformers, and by what leaks."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention.bias import causal_lower_right, causal_upper_left
from transformers import DynamicCache, MistralConfig
from transformers.masking_utils import create_causal_mask, create_sliding_window_causal_mask

from handtorch.attention.masks import (
    as_bias,
    causal_mask,
    combine,
    document_mask,
    padding_mask,
    prefix_mask,
    window_mask,
)
from handtorch.attention.multi_head import MultiHeadAttention
from handtorch.attention.scaled_dot_product import attention

sizes = st.integers(0, 6)


def by_loops(T, S, allowed):
    """allowed(p, j) for the query at position p of the keys and the key j."""
    return [[allowed(i + S - T, j) for j in range(S)] for i in range(T)]


def test_causal_worked_by_hand():
    assert causal_mask(2, 4).tolist() == [[True, True, True, False], [True, True, True, True]]
    assert causal_mask(3, 2).tolist() == [[False, False], [True, False], [True, True]]
    assert causal_mask(1, 5).tolist() == [[True] * 5]  # a decoding step sees the whole cache
    assert torch.equal(causal_mask(4), torch.ones(4, 4).tril().bool())


@settings(deadline=None, max_examples=60)
@given(sizes, sizes, sizes, sizes)
def test_causal_and_window_are_what_their_loops_say(T, S, left, right):
    assert causal_mask(T, S).tolist() == by_loops(T, S, lambda p, j: j <= p)
    window = window_mask(T, S, left=left, right=right)
    assert window.tolist() == by_loops(T, S, lambda p, j: p - left <= j <= p + right)
    assert torch.equal(window_mask(T, S, left=T + S, right=0), causal_mask(T, S))


@pytest.mark.parametrize(("T", "S"), [(3, 3), (2, 5), (1, 4)])
def test_causal_is_torchs_lower_right_not_its_is_causal(T, S):
    torch.manual_seed(0)
    q, k, v = torch.randn(1, 2, T, 4), torch.randn(1, 2, S, 4), torch.randn(1, 2, S, 4)
    ours = attention(q, k, v, causal_mask(T, S))
    lower_right = F.scaled_dot_product_attention(q, k, v, causal_lower_right(T, S))
    torch.testing.assert_close(ours, lower_right)
    flag = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    torch.testing.assert_close(
        flag, F.scaled_dot_product_attention(q, k, v, causal_upper_left(T, S))
    )
    assert torch.allclose(ours, flag) == (T == S)


@pytest.mark.parametrize("past", [0, 3])
def test_causal_window_and_left_padding_are_those_of_transformers(past):
    """Two rows, the second with two tokens of left padding; `past` keys are in the cache."""
    T, S, w = 4, 4 + past, 3
    config = MistralConfig(sliding_window=w, num_hidden_layers=1, attn_implementation="sdpa")
    cache = DynamicCache(config=config) if past else None
    if past:
        cache.update(torch.zeros(2, 1, past, 4), torch.zeros(2, 1, past, 4), 0)
    real = padding_mask([S, S - 2], S, side="left")
    arguments = {
        "config": config,
        "inputs_embeds": torch.zeros(2, T, 8),
        "attention_mask": real[:, 0, 0].long(),
        "past_key_values": cache,
        "position_ids": torch.arange(past, S)[None].expand(2, T),
    }
    window = create_sliding_window_causal_mask(**arguments)
    ours = combine(window_mask(T, S, left=w - 1, right=0), real)
    # Their rolling cache has dropped keys that no query sees; compare what is left.
    kept = window.shape[-1]
    rows = ours.any(-1)  # a query that is padding itself may attend to anything in theirs
    assert torch.equal(window[rows], ours[..., -kept:][rows])
    assert not ours[..., : S - kept].any()
    if not past:
        causal = create_causal_mask(**arguments)
        ours = combine(causal_mask(T, S), real)
        rows = ours.any(-1)
        assert torch.equal(causal[rows], ours[rows])


@settings(deadline=None, max_examples=30)
@given(sizes, st.data())
def test_prefix_is_causal_or_before_its_end(T, data):
    prefix = data.draw(st.integers(0, T))
    assert prefix_mask(T, prefix).tolist() == by_loops(T, T, lambda p, j: j <= p or j < prefix)
    batch = causal_mask(T) | padding_mask([prefix, T], T)
    assert torch.equal(batch[0, 0], prefix_mask(T, prefix))
    assert torch.equal(batch[1, 0], prefix_mask(T, T))


@settings(deadline=None, max_examples=30)
@given(sizes, st.data())
def test_padding_keeps_the_real_keys_of_each_row(S, data):
    lengths = data.draw(st.lists(st.integers(0, S), min_size=1, max_size=4))
    for given_lengths in (lengths, torch.tensor(lengths)):
        right = padding_mask(given_lengths, S)
        left = padding_mask(given_lengths, S, side="left")
        assert right.shape == left.shape == (len(lengths), 1, 1, S)
        for b, n in enumerate(lengths):
            assert right[b, 0, 0].tolist() == [True] * n + [False] * (S - n)
            assert left[b, 0, 0].tolist() == [False] * (S - n) + [True] * n


def test_padding_on_either_side_changes_nothing_for_the_real_tokens():
    """Causal attention without positions: alone, padded right and padded left give the same."""
    torch.manual_seed(0)
    mha, short, long = MultiHeadAttention(8, 2), torch.randn(1, 3, 8), torch.randn(1, 5, 8)
    alone = mha(short, causal_mask(3))
    junk = torch.full((1, 2, 8), 1e4)
    for side, row in (("right", [short, junk]), ("left", [junk, short])):
        batch = torch.cat([torch.cat(row, 1), long])
        out = mha(batch, combine(causal_mask(5), padding_mask([3, 5], 5, side=side)))
        real = out[0, :3] if side == "right" else out[0, 2:]
        torch.testing.assert_close(real, alone[0])
        torch.testing.assert_close(out[1], mha(long, causal_mask(5))[0])
        assert out.isfinite().all()
    assert torch.equal(out[0, :2], torch.zeros(2, 8))  # left padding: queries that see nothing


def test_packed_documents_equal_separate_runs():
    torch.manual_seed(0)
    mha, lengths = MultiHeadAttention(8, 2), [3, 1, 4]
    documents = [torch.randn(1, n, 8) for n in lengths]
    ids = torch.tensor([0] * 3 + [1] * 1 + [2] * 4 + [-1] * 2)
    packed = torch.cat([*documents, torch.randn(1, 2, 8)], 1)
    for mask in (document_mask(ids), document_mask(ids[None])):
        for T_mask, alone in ((causal_mask(10), causal_mask), (None, lambda n: None)):
            out = mha(packed, mask if T_mask is None else combine(T_mask, mask))
            separate = torch.cat([mha(d, alone(d.shape[1])) for d in documents], 1)
            torch.testing.assert_close(out[:, :8], separate)
            assert torch.equal(out[:, 8:], torch.zeros(1, 2, 8))


def test_document_mask_worked_by_hand():
    """Ids may come back: the mask asks for the same document, not for neighbors."""
    expected = [[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    assert document_mask(torch.tensor([0, 1, 0, -1])).int().tolist() == expected
    assert document_mask(torch.zeros(3, 5, dtype=torch.long)).shape == (3, 1, 5, 5)


@pytest.mark.parametrize("new", [1, 2, 5])
def test_decoding_with_a_cache_equals_the_full_pass(new):
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 6, 4).unbind()
    full = attention(q, k, v, causal_mask(6))
    torch.testing.assert_close(attention(q[:, -new:], k, v, causal_mask(new, 6)), full[:, -new:])


def test_the_future_does_not_leak():
    """Other future, same past, to the last bit; with the diagonal off by one it leaks."""
    torch.manual_seed(0)
    mha, x, other = MultiHeadAttention(8, 2), torch.randn(1, 6, 8), torch.randn(1, 6, 8)
    for mask, leaks in ((causal_mask(6), False), (torch.ones(6, 6).tril(1).bool(), True)):
        for t in range(5):
            changed = torch.cat([x[:, : t + 1], other[:, t + 1 :]], 1)
            same = torch.equal(mha(x, mask)[:, : t + 1], mha(changed, mask)[:, : t + 1])
            assert same != leaks


def test_combine_joins_by_and_or_adds():
    causal, real = causal_mask(3), padding_mask([2], 3)
    both = combine(causal, real)
    assert both.dtype == torch.bool
    assert both[0, 0].int().tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 0]]
    slope = torch.tensor([0.0, -1.0, -2.0])
    mixed = combine(causal, slope, real)
    assert mixed[0, 0].tolist() == [
        [0.0, -torch.inf, -torch.inf],
        [0.0, -1.0, -torch.inf],
        [0.0, -1.0, -torch.inf],
    ]
    assert torch.equal(combine(causal), causal)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_bias_does_what_the_mask_does(dtype):
    torch.manual_seed(0)
    mask = causal_mask(3, 2)  # the first row sees nothing
    bias = as_bias(mask, dtype)
    assert bias.dtype == dtype
    assert torch.equal(bias == 0, mask)
    assert combine(bias, bias).equal(bias)
    q, k, v = torch.randn(3, 4).to(dtype), torch.randn(2, 4).to(dtype), torch.randn(2, 4).to(dtype)
    assert torch.equal(attention(q, k, v, mask), attention(q, k, v, bias))


def test_torchs_sdpa_agrees_on_bool_bias_and_dead_rows():
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 4), torch.randn(2, 4), torch.randn(2, 4)
    for mask in (causal_mask(3, 2), as_bias(causal_mask(3, 2))):
        theirs = F.scaled_dot_product_attention(q[None], k[None], v[None], mask)[0]
        torch.testing.assert_close(attention(q, k, v, mask), theirs)
        assert torch.equal(theirs[0], torch.zeros(4))


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="T is -1"):
        causal_mask(-1)
    with pytest.raises(ValueError, match="S is -2"):
        causal_mask(1, -2)
    with pytest.raises(ValueError, match="left is -1"):
        window_mask(2, left=-1, right=0)
    with pytest.raises(ValueError, match="right is -1"):
        window_mask(2, left=0, right=-1)
    with pytest.raises(ValueError, match="prefix is 4; it must be from 0 to T = 3"):
        prefix_mask(3, 4)
    with pytest.raises(
        ValueError, match=r"lengths is \[4\]; it must hold integers from 0 to S = 3"
    ):
        padding_mask([4], 3)
    with pytest.raises(ValueError, match="side is 'up'"):
        padding_mask([1], 3, side="up")
    with pytest.raises(ValueError, match=r"ids is torch.float32"):
        document_mask(torch.zeros(3))
    with pytest.raises(ValueError, match="masks is empty"):
        combine()
    with pytest.raises(ValueError, match=r"a mask is torch.int64; it must be bool or floating"):
        combine(torch.ones(2, 2, dtype=torch.long))
    with pytest.raises(ValueError, match=r"dtype is torch.int32"):
        as_bias(causal_mask(2), torch.int32)
