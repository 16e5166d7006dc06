"""FlashAttention in plain torch: equal to the reference, for all tiles, in linear memory."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.efficient_attention.cost import peak_bytes
from handtorch.efficient_attention.reference import reference_attention
from handtorch.efficient_attention.tiled import (
    blocks,
    tiled_attention,
    tiled_attention_backward,
)
from tests.efficient_attention.cases import CASES, inputs

tiles = st.integers(1, 70)


class Tiled(torch.autograd.Function):
    """What an operator does with the two passes, so that gradcheck can call them."""

    @staticmethod
    def forward(ctx, q, k, v, options):
        out, lse = tiled_attention(q, k, v, **options)
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.options = options
        return out, lse

    @staticmethod
    def backward(ctx, grad_out, grad_lse):
        options = {**ctx.options, "grad_lse": grad_lse}
        return *tiled_attention_backward(grad_out, *ctx.saved_tensors, **options), None


@pytest.mark.parametrize("name", CASES)
def test_forward_and_backward_equal_the_reference(name):
    q, k, v, options = inputs(name, dv=12)
    for x in (q, k, v):
        x.requires_grad_()
    out, lse = reference_attention(q, k, v, **options)
    grad_out, grad_lse = torch.randn_like(out), torch.randn_like(lse)
    expected = torch.autograd.grad((out, lse), (q, k, v), (grad_out, grad_lse))
    with torch.no_grad():
        found = tiled_attention(q, k, v, block_q=16, block_k=8, **options)
        torch.testing.assert_close(found, (out, lse))
        grads = tiled_attention_backward(
            grad_out, q, k, v, *found, grad_lse=grad_lse, block_q=8, block_k=16, **options
        )
    for x, grad, want in zip((q, k, v), grads, expected):
        assert grad.shape == x.shape
        torch.testing.assert_close(grad, want)


@pytest.mark.parametrize("name", ["causal", "grouped heads", "window, blind rows", "everything"])
def test_gradcheck(name):
    """Numbers, not autograd: differences of the forward pass; on few positions, for it is slow."""
    q, k, v, options = inputs(name, batch=1, d=3, dv=2)
    keys = 7 if "blind" in name else 9
    q, k, v = q[:, :, :9], k[:, :, :keys], v[:, :, :keys]
    q, k, v = (x.clone().requires_grad_() for x in (q, k, v))
    options |= {"block_q": 4, "block_k": 3}
    out_only = lambda q, k, v: Tiled.apply(q, k, v, options)[0]  # noqa: E731
    assert torch.autograd.gradcheck(out_only, (q, k, v))
    if "blind" not in name:  # differences of minus infinity are no numbers
        both = lambda q, k, v: Tiled.apply(q, k, v, options)  # noqa: E731
        assert torch.autograd.gradcheck(both, (q, k, v))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(CASES)), tiles, tiles, tiles, tiles)
def test_tiles_of_any_size_give_the_same(name, block_q, block_k, back_q, back_k):
    q, k, v, options = inputs(name, batch=1)
    out, lse = tiled_attention(q, k, v, **options)
    found = tiled_attention(q, k, v, block_q=block_q, block_k=block_k, **options)
    torch.testing.assert_close(found, (out, lse))
    grads = tiled_attention_backward(out, q, k, v, out, lse, **options)
    other = tiled_attention_backward(
        out, q, k, v, out, lse, block_q=back_q, block_k=back_k, **options
    )
    torch.testing.assert_close(other, grads)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(0, 2**31), st.floats(-50, 50))
def test_keys_may_be_permuted_and_scores_shifted(S, seed, shift):
    """Without a mask the order of keys is nothing; a constant in all scores cancels."""
    rng = torch.Generator().manual_seed(seed)
    q, k, v = (torch.randn(1, 2, n, 5, generator=rng).double() for n in (7, S, S))
    out, lse = tiled_attention(q, k, v, scale=1.0, block_k=8)
    order = torch.randperm(S, generator=rng)
    permuted = tiled_attention(q, k[:, :, order], v[:, :, order], scale=1.0, block_k=8)
    torch.testing.assert_close(permuted, (out, lse))
    one = torch.ones(1, 2, S, 1, dtype=torch.float64)
    q_shift = torch.cat([q, one[:, :, :1].expand(1, 2, 7, 1) * shift], -1)
    shifted, shifted_lse = tiled_attention(q_shift, torch.cat([k, one], -1), v, scale=1.0)
    torch.testing.assert_close(shifted, out)
    torch.testing.assert_close(shifted_lse, lse + shift)


def test_outputs_are_averages_of_values():
    q, k, v, options = inputs("causal")
    out, _ = tiled_attention(q * 10, k, v, **options)
    eps = 1e-12
    assert (out <= v.amax(2, keepdim=True) + eps).all()
    assert (out >= v.amin(2, keepdim=True) - eps).all()


def test_a_window_over_everything_is_causal():
    q, k, v, _ = inputs("causal")
    wide = tiled_attention(q, k, v, window=37)
    torch.testing.assert_close(wide, tiled_attention(q, k, v, causal=True))
    torch.testing.assert_close(wide, tiled_attention(q, k, v, window=10**6))


def test_grouped_heads_are_repeated_heads():
    q, k, v, _ = inputs("grouped heads")
    repeated = tiled_attention(q, k.repeat_interleave(2, 1), v.repeat_interleave(2, 1))
    torch.testing.assert_close(tiled_attention(q, k, v), repeated)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 37))
def test_a_causal_prefix_does_not_know_what_follows(n):
    q, k, v, _ = inputs("causal")
    out, lse = tiled_attention(q, k, v, causal=True, block_q=16, block_k=16)
    prefix = tiled_attention(q[:, :, :n], k[:, :, :n], v[:, :, :n], causal=True, block_k=16)
    torch.testing.assert_close(prefix, (out[:, :, :n], lse[:, :, :n]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", ["causal", "grouped heads", "window"])
def test_as_exact_as_sdpa_in_the_same_dtype(name, dtype):
    """The error against float64 is at most twice that of plain attention in this dtype."""
    q, k, v, options = inputs(name, dtype=dtype)
    exact, _ = reference_attention(q.double(), k.double(), v.double(), **options)
    plain, _ = reference_attention(q, k, v, **options)
    out, lse = tiled_attention(q, k, v, block_q=16, block_k=16, **options)
    assert (out.dtype, lse.dtype) == (dtype, torch.float32)
    error, allowed = (out - exact).abs().max(), (plain - exact).abs().max()
    assert error <= 2 * allowed + 1e-5


def test_log_sum_exp_equals_that_of_torchs_own_kernel():
    q, k, v = (torch.randn(1, 2, 100, 32) for _ in range(3))
    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    theirs, their_lse = flash(q, k, v, is_causal=True)
    out, lse = tiled_attention(q, k, v, causal=True, block_q=32, block_k=32)
    torch.testing.assert_close(out, theirs, atol=2e-6, rtol=1e-5)
    torch.testing.assert_close(lse, their_lse, atol=2e-6, rtol=1e-5)
    torch.testing.assert_close(out, F.scaled_dot_product_attention(q, k, v, is_causal=True))


def test_huge_scores_stay_finite():
    q, k, v, _ = inputs("causal", dtype=torch.float32)
    out, lse = tiled_attention(q * 1e4, k * 1e4, v, causal=True, block_k=8)
    assert out.isfinite().all()
    assert lse.isfinite().all()
    grads = tiled_attention_backward(out, q * 1e4, k * 1e4, v, out, lse, causal=True)
    assert all(grad.isfinite().all() for grad in grads)


def test_nothing_to_attend_to():
    q, kv = torch.randn(1, 2, 3, 4), torch.empty(1, 2, 0, 4)
    out, lse = tiled_attention(q, kv, kv)
    assert torch.equal(out, torch.zeros(1, 2, 3, 4))
    assert (lse == -math.inf).all()
    dq, dk, dv = tiled_attention_backward(out, q, kv, kv, out, lse)
    assert torch.equal(dq, torch.zeros_like(q))
    assert dk.shape == dv.shape == kv.shape
    out, lse = tiled_attention(q[:, :, :0], q, q)
    assert out.shape == (1, 2, 0, 4)
    assert lse.shape == (1, 2, 0)


def test_peak_memory_is_linear_and_that_of_plain_attention_quadratic():
    """Doubling the length adds what the inputs add; the tiles stay as large as they were."""

    def forward_and_backward(q):
        out, lse = tiled_attention(q, q, q, block_q=64, block_k=64)
        return tiled_attention_backward(out, q, q, q, out, lse, block_q=64, block_k=64)

    def peaks(fn):
        return [peak_bytes(fn, torch.empty(1, 2, n, 32, device="meta")) for n in (256, 512, 1024)]

    a, b, c = peaks(forward_and_backward)
    assert (c - b) == 2 * (b - a)  # linear: equal steps of length cost equal bytes
    assert c < 2 * b
    row = 4 * 2 * 1024  # bytes of one float a query and head
    assert c <= row * 32 * 6 + 8 * 4 * 2 * 64 * 64 + row * 8
    a, b, c = peaks(lambda q: reference_attention(q, q, q))
    assert c > 3.5 * b > 12 * a
    assert c > row * 1024


def test_blocks():
    assert list(blocks(range(1, 6), 2)) == [range(1, 3), range(3, 5), range(5, 6)]
    assert list(blocks(range(3, 3), 2)) == []
    q = torch.zeros(1, 1, 2, 2)
    with pytest.raises(ValueError, match="block_q is 0; it must be at least 1"):
        tiled_attention(q, q, q, block_q=0)
    with pytest.raises(ValueError, match="block_k is -1"):
        tiled_attention_backward(q, q, q, q, q, q[..., 0], block_k=-1)
