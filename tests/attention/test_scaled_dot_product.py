"""Scaled dot-product attention: worked by hand, loop equals matrices, both equal to torch's."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention as sdpa

from handtorch.attention.scaled_dot_product import (
    SelfAttention,
    attention,
    attention_loop,
    attention_weights,
    softmax_rows,
)

sizes = st.integers(1, 7)


def random_inputs(*leading, t=5, s=7, d=4, dv=3, dtype=torch.float64, seed=0):
    g = torch.Generator().manual_seed(seed)
    q = torch.randn(*leading, t, d, generator=g, dtype=torch.float64)
    k = torch.randn(*leading, s, d, generator=g, dtype=torch.float64)
    v = torch.randn(*leading, s, dv, generator=g, dtype=torch.float64)
    mask = torch.rand(*leading, t, s, generator=g) < 0.6
    return q.to(dtype), k.to(dtype), v.to(dtype), mask


@pytest.mark.parametrize("f", [attention, attention_loop])
def test_worked_by_hand(f):
    """D = 4, so the scale is 1/2. q·k is 2 ln 3 and 0, the scores ln 3 and 0, the weights 3/4
    and 1/4; of the values 8 and 4 that makes 6 + 1 = 7."""
    q = torch.tensor([[2 * math.log(3), 0, 0, 0]], dtype=torch.float64)
    k = torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0]], dtype=torch.float64)
    v = torch.tensor([[8.0], [4.0]], dtype=torch.float64)
    assert attention_weights(q, k).tolist() == [pytest.approx([0.75, 0.25])]
    assert f(q, k, v).tolist() == [pytest.approx([7.0])]
    assert f(q, k, v, scale=0).tolist() == [pytest.approx([6.0])]  # all equal: the plain mean
    assert f(q, k, v, torch.tensor([[False, True]])).tolist() == [pytest.approx([4.0])]
    one_third = torch.tensor([[-math.log(3), 0]], dtype=torch.float64)  # added: undoes the score
    assert f(q, k, v, one_third).tolist() == [pytest.approx([6.0])]


@pytest.mark.parametrize("leading", [(), (2,), (2, 3)])
@pytest.mark.parametrize("scale", [None, 0.3])
def test_equals_torch(leading, scale):
    q, k, v, mask = random_inputs(*leading)
    bias = torch.randn(5, 7, dtype=torch.float64)
    for m in (None, mask, bias, bias.masked_fill(~mask, -math.inf), mask[..., :1, :]):
        torch.testing.assert_close(
            attention(q, k, v, m, scale=scale), sdpa(q, k, v, attn_mask=m, scale=scale)
        )


@settings(deadline=None, max_examples=60)
@given(t=sizes, s=sizes, d=sizes, dv=sizes, seed=st.integers(0, 99), masked=st.booleans())
def test_the_loop_the_matrices_and_torch_agree(t, s, d, dv, seed, masked):
    q, k, v, mask = random_inputs(t=t, s=s, d=d, dv=dv, seed=seed)
    m = mask if masked else None
    torch.testing.assert_close(attention_loop(q, k, v, m), attention(q, k, v, m))
    torch.testing.assert_close(attention(q, k, v, m), sdpa(q, k, v, attn_mask=m))


@settings(deadline=None, max_examples=60)
@given(t=sizes, s=sizes, seed=st.integers(0, 99))
def test_weights_are_distributions_and_outputs_means(t, s, seed):
    q, k, v, mask = random_inputs(t=t, s=s, seed=seed)
    p = attention_weights(q, k, mask)
    assert bool((p >= 0).all())
    assert bool((p[~mask] == 0).all())
    torch.testing.assert_close(p.sum(-1), mask.any(-1).double())
    torch.testing.assert_close(p @ v, attention(q, k, v, mask))
    out = attention(q, k, v)
    assert bool((out <= v.amax(0) + 1e-12).all())
    assert bool((out >= v.amin(0) - 1e-12).all())


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 99), shift=st.floats(-50, 50))
def test_symmetries(seed, shift):
    """A constant added to a row of scores changes nothing; keys and values may be reordered
    together; reordering the queries reorders the outputs."""
    q, k, v, mask = random_inputs(seed=seed)
    out = attention(q, k, v, mask)
    bias = torch.full((5, 1), shift, dtype=torch.float64).masked_fill(~mask, -math.inf)
    torch.testing.assert_close(attention(q, k, v, bias), out)
    over_s = torch.randperm(7, generator=torch.Generator().manual_seed(seed))
    over_t = torch.randperm(5, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(attention(q, k[over_s], v[over_s], mask[:, over_s]), out)
    torch.testing.assert_close(attention(q[over_t], k, v, mask[over_t]), out[over_t])


@pytest.mark.parametrize("f", [attention, attention_loop])
def test_nothing_to_attend_to_gives_zeros_and_zero_gradients(f):
    q, k, v, mask = random_inputs()
    mask[2] = False
    bias = torch.zeros(5, 7, dtype=torch.float64).masked_fill(~mask, -math.inf)
    for m in (mask, bias):
        inputs = [x.clone().requires_grad_() for x in (q, k, v)]
        out = f(*inputs, m)
        assert out[2].tolist() == [0, 0, 0]
        torch.testing.assert_close(out, sdpa(q, k, v, attn_mask=m))
        grads = torch.autograd.grad(out.square().sum(), inputs)
        assert all(bool(grad.isfinite().all()) for grad in grads)
        assert grads[0][2].tolist() == [0, 0, 0, 0]
    assert attention_weights(q, k, mask)[2].tolist() == [0] * 7
    assert f(q, k, v, torch.zeros(5, 7, dtype=torch.bool)).tolist() == [[0, 0, 0]] * 5
    assert f(q, k[:0], v[:0]).tolist() == [[0, 0, 0]] * 5  # no keys at all


@pytest.mark.parametrize("f", [attention, attention_loop])
def test_large_scores_do_not_overflow(f):
    q, k, v, _ = random_inputs(dtype=torch.float32)
    out = f(1e4 * q, k, v)
    torch.testing.assert_close(out, v[(q @ k.T).argmax(-1)])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("f", [attention, attention_loop])
def test_half_precision_computes_in_float32(f, dtype):
    """The result is that of float32, rounded once at the end."""
    q, k, v, mask = random_inputs(dtype=dtype)
    out = f(q, k, v, mask)
    assert out.dtype == attention_weights(q, k).dtype == dtype
    exact = attention(q.double(), k.double(), v.double(), mask)
    torch.testing.assert_close(out, exact.to(dtype), rtol=2 * torch.finfo(dtype).eps, atol=0)
    big = torch.full((1, 4), 200.0, dtype=dtype)  # 4 x 200 x 200 is more than float16 can hold
    assert bool(f(big, big, v[:1]).isfinite().all())


def test_leading_dimensions_broadcast():
    q, k, v, mask = random_inputs(2, 3)
    torch.testing.assert_close(
        attention(q, k[:, :1], v[:, :1], mask),
        sdpa(q, k[:, :1].expand(k.shape), v[:, :1].expand(v.shape), attn_mask=mask),
    )


def test_gradients():
    q, k, v, mask = random_inputs(t=3, s=4)
    mask[1] = False
    inputs = [x.requires_grad_() for x in (q, k, v)]
    assert torch.autograd.gradcheck(lambda *x: attention(*x, mask), inputs)
    assert torch.autograd.gradcheck(lambda *x: attention_loop(*x, mask), inputs)
    scores = torch.randn(2, 3, dtype=torch.float64)
    scores[0, 1] = -math.inf
    torch.testing.assert_close(softmax_rows(scores), scores.softmax(-1))


def test_module_equals_multihead_attention_with_one_head():
    torch.manual_seed(0)
    ours, theirs = SelfAttention(6, bias=True), torch.nn.MultiheadAttention(6, 1, batch_first=True)
    with torch.no_grad():
        for name, w, b in zip("qkv", theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3)):
            ours.get_submodule(f"{name}_proj").weight.copy_(w)
            ours.get_submodule(f"{name}_proj").bias.copy_(b)
        ours.o_proj.load_state_dict(theirs.out_proj.state_dict())
    x = torch.randn(2, 5, 6)
    mask = torch.ones(5, 5, dtype=torch.bool).tril()
    out, weights = theirs(x, x, x, attn_mask=~mask)  # theirs says True = may NOT attend
    torch.testing.assert_close(ours(x, mask), out)
    torch.testing.assert_close(ours.weights(x, mask), weights)
    assert SelfAttention(6, 2)(x).shape == (2, 5, 6)
    assert sum(p.numel() for p in SelfAttention(6, 2).parameters()) == 4 * 6 * 2


def test_bad_arguments():
    q, k, v, mask = random_inputs()
    f = attention
    bad = {
        "k has head size 3; it must be that of q, 4": lambda: f(q, k[:, :3], v),
        "v has 6 rows; it must have one for each key, 7": lambda: f(q, k, v[:6]),
        "k is torch.float32": lambda: f(q, k.float(), v),
        "q is torch.int64": lambda: f(q.long(), k.long(), v.long()),
        r"q has shape \(4,\)": lambda: f(q[0], k, v),
        "mask is torch.int64": lambda: f(q, k, v, mask.long()),
        r"mask has shape \(7, 5\); must broadcast to \(5, 7\)": lambda: f(q, k, v, mask.T),
        r"mask has shape \(5, 7\); must broadcast to \(1, 7\)": lambda: f(q[:1], k, v, mask),
        r"leading dimensions \(2,\), \(3,\)": lambda: f(q.expand(2, 5, 4), k.expand(3, 7, 4), v),
        "head size 0": lambda: f(q[:, :0], k[:, :0], v),
        "dimensions; must be 2": lambda: attention_loop(q[None], k[None], v[None]),
        "d_head is 0": lambda: SelfAttention(4, 0),
    }
    for message, call in bad.items():
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(ValueError, match="mask"):
        attention_loop(q, k, v, mask.T)
