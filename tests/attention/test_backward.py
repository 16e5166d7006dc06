"""The backward pass by hand: worked by hand, equal to autograd through ours and torch's forward."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention as sdpa

from handtorch.attention.backward import attention_backward, softmax_backward
from handtorch.attention.scaled_dot_product import attention, attention_weights

sizes = st.integers(1, 6)


def random_inputs(*leading, t=4, s=6, d=3, dv=2, seed=0):
    g = torch.Generator().manual_seed(seed)
    shapes = ((t, d), (s, d), (s, dv), (t, dv))
    q, k, v, grad_out = (
        torch.randn(*leading, *x, generator=g, dtype=torch.float64) for x in shapes
    )
    return q, k, v, grad_out, torch.rand(*leading, t, s, generator=g) < 0.6


def by_autograd(forward, grad_out, *inputs):
    inputs = [x.detach().requires_grad_() for x in inputs]
    return torch.autograd.grad(forward(*inputs), inputs, grad_out)


def test_softmax_worked_by_hand():
    """p = (3/4, 1/4), grad = (1, 0): p·grad = 3/4, so 3/4 (1 - 3/4) = 3/16 and 1/4 (0 - 3/4)."""
    p, grad = torch.tensor([0.75, 0.25]), torch.tensor([1.0, 0.0])
    assert softmax_backward(grad, p).tolist() == [3 / 16, -3 / 16]
    assert softmax_backward(grad, torch.tensor([1.0, 0.0])).tolist() == [0, 0]  # saturated
    assert softmax_backward(torch.ones(2), p).tolist() == [0, 0]  # a shift has no effect


@settings(deadline=None, max_examples=40)
@given(s=sizes, seed=st.integers(0, 99))
def test_softmax_equals_autograd(s, seed):
    g = torch.Generator().manual_seed(seed)
    scores = torch.randn(3, s, generator=g, dtype=torch.float64, requires_grad=True)
    grad = torch.randn(3, s, generator=g, dtype=torch.float64)
    p = scores.softmax(-1)
    ours = softmax_backward(grad, p.detach())
    torch.testing.assert_close(ours, torch.autograd.grad(p, scores, grad)[0])
    torch.testing.assert_close(ours.sum(-1), torch.zeros(3, dtype=torch.float64))


@settings(deadline=None, max_examples=60)
@given(t=sizes, s=sizes, d=sizes, dv=sizes, seed=st.integers(0, 99), kind=st.sampled_from("nbf"))
def test_equals_autograd(t, s, d, dv, seed, kind):
    q, k, v, grad_out, mask = random_inputs(t=t, s=s, d=d, dv=dv, seed=seed)
    m = {"n": None, "b": mask, "f": torch.randn(t, s, dtype=torch.float64)}[kind]
    ours = attention_backward(grad_out, q, k, v, m)
    for forward in (attention, lambda *x: sdpa(*x[:3], attn_mask=x[3])):
        expected = by_autograd(lambda *x: forward(*x, m), grad_out, q, k, v)  # noqa: B023
        for a, b in zip(ours, expected):
            torch.testing.assert_close(a, b)


def test_heads_and_scale():
    q, k, v, grad_out, mask = random_inputs(2, 3)
    ours = attention_backward(grad_out, q, k, v, mask, scale=0.7)
    expected = by_autograd(lambda *x: sdpa(*x, attn_mask=mask, scale=0.7), grad_out, q, k, v)
    for a, b in zip(ours, expected):
        torch.testing.assert_close(a, b)


def test_finite_differences():
    """Without autograd: dL = <dq, u> for a step along u, for L = <grad_out, attention(q, k, v)>."""
    q, k, v, grad_out, mask = random_inputs()
    g = torch.Generator().manual_seed(1)
    grads = attention_backward(grad_out, q, k, v, mask)
    for i, grad in enumerate(grads):
        u = torch.randn(grad.shape, generator=g, dtype=torch.float64)
        ends = []
        for h in (1e-6, -1e-6):
            inputs = [q, k, v]
            inputs[i] = inputs[i] + h * u
            ends.append((grad_out * attention(*inputs, mask)).sum())
        torch.testing.assert_close((ends[0] - ends[1]) / 2e-6, (grad * u).sum(), rtol=1e-6, atol=0)


def test_masked_and_fully_masked_rows_get_zeros():
    q, k, v, grad_out, mask = random_inputs()
    mask[1], mask[:, 2] = False, False  # query 1 sees nothing, nothing sees key 2
    dq, dk, dv = attention_backward(grad_out, q, k, v, mask)
    assert dq[1].tolist() == [0, 0, 0]
    assert dk[2].tolist() == [0, 0, 0]
    assert dv[2].tolist() == [0, 0]
    expected = by_autograd(lambda *x: attention(*x, mask), grad_out, q, k, v)
    for a, b in zip((dq, dk, dv), expected):
        torch.testing.assert_close(a, b)


def test_broadcast_inputs_get_summed_gradients():
    q, k, v, grad_out, _ = random_inputs(2, 3)
    k, v = k[:, :1], v[:, :1]
    ours = attention_backward(grad_out, q, k, v)
    expected = by_autograd(attention, grad_out, q, k, v)
    for a, b, x in zip(ours, expected, (q, k, v)):
        assert a.shape == x.shape
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    q, k, v, grad_out, mask = random_inputs()
    half = [x.to(dtype) for x in (grad_out, q, k, v)]
    exact = attention_backward(*(x.double() for x in half), mask)
    for a, b in zip(attention_backward(*half, mask), exact):
        assert a.dtype == dtype
        torch.testing.assert_close(a, b.to(dtype), rtol=2 * torch.finfo(dtype).eps, atol=1e-6)


def test_identity_that_flash_attention_uses():
    """rowsum(dp * p) = rowsum(dout * out), so the backward pass needs no row of dp at once."""
    q, k, v, grad_out, _ = random_inputs()
    dp, p = grad_out @ v.T, attention_weights(q, k)
    torch.testing.assert_close((dp * p).sum(-1), (grad_out * attention(q, k, v)).sum(-1))


def test_bad_arguments():
    q, k, v, grad_out, _ = random_inputs()
    with pytest.raises(ValueError, match=r"grad_out has shape \(4, 1\); it must be \(..., 4, 2\)"):
        attention_backward(grad_out[:, :1], q, k, v)
    with pytest.raises(ValueError, match="grad has shape"):
        softmax_backward(torch.ones(2), torch.ones(3))
    with pytest.raises(ValueError, match="head size"):
        attention_backward(grad_out, q, k[:, :1], v)
