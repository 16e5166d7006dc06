"""The reference itself: equal to torch's own attention wherever that has the option."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.nn.attention.bias import causal_lower_right

from handtorch.efficient_attention.reference import reference_attention
from tests.efficient_attention.cases import CASES, inputs


@pytest.mark.parametrize("name", CASES)
def test_equals_sdpa_with_the_same_mask_written_out(name):
    q, k, v, options = inputs(name, dv=8)
    if "softcap" in options:
        pytest.skip("SDPA has no soft-cap; test_dispatch compares it with FlexAttention")
    (_, H, T, _), S = q.shape, k.shape[2]
    distance = torch.arange(T)[:, None] + S - T - torch.arange(S)
    bias = torch.zeros(1, H, T, S, dtype=q.dtype)
    if (slopes := options.get("alibi_slopes")) is not None:
        bias = bias - slopes.view(1, H, 1, 1) * distance.abs()
    if options.get("causal") or "window" in options:
        bias = bias.masked_fill(distance < 0, -math.inf)
    bias = bias.masked_fill(distance >= options.get("window", S + T), -math.inf)
    expected = F.scaled_dot_product_attention(
        q, k, v, attn_mask=bias, enable_gqa=True, scale=options.get("scale")
    )
    out, lse = reference_attention(q, k, v, **options)
    torch.testing.assert_close(out, expected)
    s = q @ k.repeat_interleave(H // k.shape[1], 1).mT * options.get("scale", 16**-0.5) + bias
    torch.testing.assert_close(lse, s.logsumexp(-1))


def test_causal_is_aligned_at_the_last_key_unlike_is_causal():
    q, k, v = torch.randn(1, 1, 2, 4), torch.randn(1, 1, 3, 4), torch.randn(1, 1, 3, 4)
    out, _ = reference_attention(q, k, v, causal=True)
    lower_right = F.scaled_dot_product_attention(q, k, v, attn_mask=causal_lower_right(2, 3))
    torch.testing.assert_close(out, lower_right)
    top_left = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    torch.testing.assert_close(top_left[0, 0, 0], v[0, 0, 0])  # sees a single key; ours sees two
    assert (out - top_left).abs().max() > 0.01


def test_alibi_takes_the_slope_for_each_step_of_distance():
    """With equal products the weights are 2^0, 2^-1, 2^-2 backward from the query."""
    q, k, v = torch.zeros(1, 1, 1, 4), torch.zeros(1, 1, 3, 4), torch.eye(3).view(1, 1, 3, 3)
    slopes = torch.tensor([math.log(2)])
    out, _ = reference_attention(q, k, v, causal=True, alibi_slopes=slopes)
    torch.testing.assert_close(out.flatten(), torch.tensor([1.0, 2, 4]) / 7)


def test_blind_rows_are_zeros_and_their_gradients_too():
    q, k, v, options = inputs("causal, blind rows")
    for x in (q, k, v):
        x.requires_grad_()
    out, lse = reference_attention(q, k, v, **options)
    blind = q.shape[2] - k.shape[2]
    assert torch.equal(out[:, :, :blind], torch.zeros_like(out[:, :, :blind]))
    assert (lse[:, :, :blind] == -math.inf).all()
    assert lse[:, :, blind:].isfinite().all()
    out.sum().backward()
    for x in (q, k, v):
        assert x.grad is not None
        assert x.grad.isfinite().all()
    assert torch.equal(q.grad[:, :, :blind], torch.zeros_like(q[:, :, :blind]))


def test_half_precision_keeps_its_dtype_and_softmax_is_in_float32():
    q, k, v, options = inputs("causal", dtype=torch.bfloat16)
    out, lse = reference_attention(q, k, v, **options)
    assert (out.dtype, lse.dtype) == (torch.bfloat16, torch.float32)


def test_no_keys_at_all():
    q, kv = torch.randn(1, 2, 3, 4), torch.empty(1, 2, 0, 4)
    out, lse = reference_attention(q, kv, kv)
    assert torch.equal(out, torch.zeros(1, 2, 3, 4))
    assert torch.equal(lse, torch.full((1, 2, 3), -math.inf))
