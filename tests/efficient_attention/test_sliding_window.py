"""The band equals masked attention, Longformer's own layer, and stays linear in memory."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention
from transformers import LongformerConfig
from transformers.models.longformer.modeling_longformer import LongformerSelfAttention

from handtorch.efficient_attention.cost import peak_bytes
from handtorch.efficient_attention.sliding_window import (
    band_scores,
    band_times_values,
    sliding_window_attention,
    sliding_window_attention_chunked,
    window_width,
)


def random_qkv(*shape, Dv=None, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    value_shape = (*shape[:-1], shape[-1] if Dv is None else Dv)
    return [torch.randn(*s, generator=generator, dtype=dtype) for s in (shape, shape, value_shape)]


def mask_of(T, left, right, dilation=1, global_tokens=()):
    """Who may attend to whom, one pair at a time, from the definition."""
    mask = torch.zeros(T, T, dtype=torch.bool)
    for i in range(T):
        for j in range(T):
            step, rest = divmod(j - i, dilation)
            near = rest == 0 and -left <= step <= right
            special = i in global_tokens or j in global_tokens
            mask[i, j] = near or (special and (right > 0 or j <= i))
    return mask


def test_worked_by_hand():
    """All scores 0: each output is the plain mean of the values in the window.

    Values 0 1 2 3 4. One to the left: 0, 0.5, 1.5, ... One on each side: 0.5, 1, 2, 3, 3.5.
    With steps of two on each side, row 0 sees 0 and 2, row 2 sees 0, 2 and 4.
    """
    q = torch.zeros(5, 1)
    v = torch.arange(5.0)[:, None]

    def out(left, right, dilation=1):
        mixed = sliding_window_attention(q, q, v, left=left, right=right, dilation=dilation)
        return mixed[:, 0].tolist()

    assert out(0, 0) == [0, 1, 2, 3, 4]
    assert out(1, 0) == [0, 0.5, 1.5, 2.5, 3.5]
    assert out(1, 1) == pytest.approx([0.5, 1, 2, 3, 3.5])
    assert out(1, 1, 2) == pytest.approx([1, 2, 2, 2, 3])
    assert out(9, 9) == pytest.approx([2] * 5)


def test_the_band_holds_each_diagonal_in_a_column():
    """Scores i * 10 + j: row 2 of a band with one key on each side is 21, 22, 23."""
    q = torch.stack([torch.arange(4.0) * 10, torch.ones(4)], -1)
    k = torch.stack([torch.ones(4), torch.arange(4.0)], -1)
    band = band_scores(q, k, left=1, right=1)
    assert band[2].tolist() == [21, 22, 23]
    assert band[:, 1].tolist() == [0, 11, 22, 33]
    assert band_scores(q, k, left=1, right=1, dilation=2)[2].tolist()[:2] == [20, 22]
    identity = torch.tensor([[0.0, 1.0, 0.0]]).expand(4, 3)
    assert torch.equal(band_times_values(identity, k, left=1), k)
    assert window_width(2, 2, 3) == (5, 13)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 12),
    st.integers(0, 14),
    st.integers(0, 14),
    st.integers(1, 4),
    st.sets(st.integers(0, 11), max_size=3),
)
def test_equals_masked_attention(T, left, right, dilation, positions):
    global_tokens = sorted(p for p in positions if p < T)
    q, k, v = random_qkv(2, 3, T, 4, Dv=5)
    out = sliding_window_attention(
        q, k, v, left=left, right=right, dilation=dilation, global_tokens=global_tokens
    )
    mask = mask_of(T, left, right, dilation, global_tokens)
    wanted = scaled_dot_product_attention(q, k, v, mask)
    assert (out - wanted).abs().max() < 1e-9


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 20), st.integers(0, 22), st.integers(0, 22))
def test_chunked_equals_masked_attention(T, left, right):
    q, k, v = random_qkv(2, T, 4, Dv=3)
    out = sliding_window_attention_chunked(q, k, v, left=left, right=right)
    wanted = scaled_dot_product_attention(q, k, v, mask_of(T, left, right))
    assert out.shape == wanted.shape
    assert (out - wanted).abs().max() < 1e-9


def test_scale_and_half_precision():
    q, k, v = random_qkv(2, 16, 8)
    mask = mask_of(16, 3, 3, 1, [5])
    out = sliding_window_attention(q, k, v, left=3, right=3, global_tokens=[5], scale=0.7)
    assert (out - scaled_dot_product_attention(q, k, v, mask, scale=0.7)).abs().max() < 1e-9
    half = [x.to(torch.bfloat16) for x in (q, k, v)]
    out = sliding_window_attention(*half, left=3, right=3)
    assert out.dtype == torch.bfloat16
    wanted = scaled_dot_product_attention(*(x.float() for x in half), mask_of(16, 3, 3))
    # One rounding to 8 bits at the end, none before it.
    assert ((out.float() - wanted).abs() <= wanted.abs() * 2**-8 + 1e-6).all()


@pytest.mark.parametrize("right", [0, 2])
def test_gradients(right):
    inputs = [x.requires_grad_() for x in random_qkv(5, 2)]

    def band(q, k, v):
        return sliding_window_attention(
            q, k, v, left=2, right=right, dilation=2, global_tokens=[1, 3]
        )

    def chunked(q, k, v):
        return sliding_window_attention_chunked(q, k, v, left=2, right=right)

    assert torch.autograd.gradcheck(band, inputs)
    assert torch.autograd.gradcheck(chunked, inputs)


def test_no_future_leaks_with_right_zero():
    """Also not through a global token, which would otherwise hand it on in the next layer."""
    q, k, v = random_qkv(1, 10, 4)
    options = {"left": 2, "right": 0, "global_tokens": [0, 6]}
    before = sliding_window_attention(q, k, v, **options)
    for x in (q, k, v):
        x[:, 7:] += 1.0
    after = sliding_window_attention(q, k, v, **options)
    assert torch.equal(before[:, :7], after[:, :7])
    assert not torch.equal(before[:, 7:], after[:, 7:])


@pytest.mark.parametrize("global_tokens", [[], [0], [0, 9, 17]])
def test_equals_the_longformer_layer_of_transformers(global_tokens):
    """LongformerSelfAttention, random weights, window 4 (2 on each side), 24 positions.

    Its global tokens look through projections of their own, at keys and values likewise of
    their own; what the others see of them is the ordinary key.
    """
    T, H, D = 24, 2, 4
    config = LongformerConfig(
        hidden_size=H * D,
        num_attention_heads=H,
        num_hidden_layers=1,
        attention_window=[4],
        attention_probs_dropout_prob=0.0,
    )
    torch.manual_seed(0)
    layer = LongformerSelfAttention(config, layer_id=0).double().eval()
    x = torch.randn(1, T, H * D, dtype=torch.float64)
    is_global = torch.zeros(1, T, dtype=torch.bool)
    is_global[0, global_tokens] = True
    with torch.no_grad():
        (wanted,) = layer(
            x,
            attention_mask=is_global.double() * 10000,
            is_index_masked=torch.zeros(1, T, dtype=torch.bool),
            is_index_global_attn=is_global,
            is_global_attn=bool(global_tokens),
        )[:1]

        def heads(projection):
            return projection(x).view(1, T, H, D).transpose(1, 2)

        out = sliding_window_attention(
            heads(layer.query),
            heads(layer.key),
            heads(layer.value),
            left=2,
            right=2,
            global_tokens=global_tokens,
            global_qkv=tuple(
                map(heads, (layer.query_global, layer.key_global, layer.value_global))
            ),
        )
    # The layer computes its softmax in float32, whatever its weights are.
    assert (out.transpose(1, 2).reshape(1, T, H * D) - wanted).abs().max() < 1e-6


@pytest.mark.parametrize("attend", [sliding_window_attention, sliding_window_attention_chunked])
@pytest.mark.parametrize("grad", [False, True])
def test_memory_is_linear_in_length(attend, grad):
    def peak(T):
        q, k, v = (torch.empty(1, T, 16, device="meta", requires_grad=grad) for _ in range(3))
        return peak_bytes(lambda: attend(q, k, v, left=8, right=8))

    assert peak(4096) / peak(1024) == pytest.approx(4, rel=0.02)
    assert peak(4096) < 4096 * 4096 * 4  # one full score matrix would be more


def test_bad_arguments_are_named():
    q, k, v = random_qkv(5, 4)
    for attend in (sliding_window_attention, sliding_window_attention_chunked):
        with pytest.raises(ValueError, match="left is -1"):
            attend(q, k, v, left=-1, right=0)
        with pytest.raises(ValueError, match="right is -2"):
            attend(q, k, v, left=1, right=-2)
        with pytest.raises(ValueError, match="k has length 4"):
            attend(q, k[:4], v, left=1, right=0)
        with pytest.raises(ValueError, match="k has head size 3"):
            attend(q, k[:, :3], v, left=1, right=0)
    with pytest.raises(ValueError, match="dilation is 0"):
        sliding_window_attention(q, k, v, left=1, right=0, dilation=0)
    for bad in ([5], [-1], [2, 2]):
        with pytest.raises(ValueError, match="different positions, 0 to 4"):
            sliding_window_attention(q, k, v, left=1, right=0, global_tokens=bad)
