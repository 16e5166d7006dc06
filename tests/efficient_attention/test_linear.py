"""Linear attention: four forms, one result; the state; what the memory holds."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from handtorch.efficient_attention.cost import peak_bytes
from handtorch.efficient_attention.linear import (
    elu_plus_one,
    fast_weight_step,
    identity_map,
    linear_attention,
    linear_attention_chunked,
    linear_attention_parallel,
    linear_attention_recurrent,
    relu_map,
    taylor_map,
)

MAPS = [(elu_plus_one, True), (relu_map, True), (taylor_map, True), (identity_map, False)]


def random_qkv(*shape, Dv=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = (shape, shape, (*shape[:-1], Dv))
    return [torch.randn(*s, generator=generator, dtype=torch.float64) for s in shapes]


def test_worked_by_hand():
    """phi = 1 + x for positive x. Keys 1, 3 give 2, 4; queries 0, 1 give 1, 2; values 6, 12.

    Row 0 sees only the first value. Row 1: weights 2 * 2 = 4 and 2 * 4 = 8: (24 + 96) / 12 = 10.
    Without division: 1 * 2 * 6 = 12, and 24 + 96 = 120. Not causal: row 0 is (12 + 48) / 6.
    """
    q, k = torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [3.0]])
    v = torch.tensor([[6.0], [12.0]])
    assert linear_attention_parallel(q, k, v).flatten().tolist() == [6, 10]
    assert linear_attention_parallel(q, k, v, normalize=False).flatten().tolist() == [12, 120]
    assert linear_attention(q, k, v).flatten().tolist() == [10, 10]
    out, state = linear_attention_recurrent(q, k, v)
    assert out.flatten().tolist() == [6, 10]
    assert (state.s.item(), state.z.item()) == (2 * 6 + 4 * 12, 2 + 4)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 12), st.integers(1, 14), st.sampled_from(MAPS), st.integers(0, 3))
def test_all_causal_forms_agree(T, chunk_size, map_and_normalize, seed):
    feature_map, normalize = map_and_normalize
    options = {"feature_map": feature_map, "normalize": normalize}
    q, k, v = random_qkv(2, T, 4, seed=seed)
    wanted = linear_attention_parallel(q, k, v, **options)
    recurrent, state = linear_attention_recurrent(q, k, v, **options)
    chunked, other = linear_attention_chunked(q, k, v, chunk_size=chunk_size, **options)
    assert (recurrent - wanted).abs().max() < 1e-9
    assert (chunked - wanted).abs().max() < 1e-9
    assert (state.s - other.s).abs().max() < 1e-9
    assert (state.z - other.z).abs().max() < 1e-9


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(MAPS))
def test_reordered_equals_the_definition_without_a_mask(T, S, map_and_normalize):
    feature_map, normalize = map_and_normalize
    options = {"feature_map": feature_map, "normalize": normalize}
    q, k, v = random_qkv(2, 9, 4)
    q, k, v = q[:, :T], k[:, :S], v[:, :S]
    wanted = linear_attention_parallel(q, k, v, causal=False, **options)
    assert (linear_attention(q, k, v, **options) - wanted).abs().max() < 1e-9


def test_equals_softmax_attention_with_the_logarithm_of_the_kernel():
    """An oracle that is not ours: SDPA whose scores, given as a mask, are log phi(q) . phi(k)."""
    q, k, v = random_qkv(2, 8, 4)
    kernel = elu_plus_one(q) @ elu_plus_one(k).transpose(-2, -1)
    zero = torch.zeros_like(q)
    wanted = scaled_dot_product_attention(zero, zero, v, kernel.log())
    assert (linear_attention(q, k, v) - wanted).abs().max() < 1e-9
    bias = kernel.log().masked_fill(torch.ones(8, 8).triu(1).bool(), -torch.inf)
    wanted = scaled_dot_product_attention(zero, zero, v, bias)
    assert (linear_attention_parallel(q, k, v) - wanted).abs().max() < 1e-9


def test_the_state_carries_on():
    """Prefill in chunks, then one position at a time, as in generation."""
    q, k, v = random_qkv(2, 10, 4)
    wanted = linear_attention_parallel(q, k, v)
    first, state = linear_attention_chunked(q[:, :6], k[:, :6], v[:, :6], chunk_size=4)
    outputs = [first]
    for i in range(6, 10):
        here = slice(i, i + 1)
        out, state = linear_attention_recurrent(q[:, here], k[:, here], v[:, here], state=state)
        outputs.append(out)
        assert (state.s.shape, state.z.shape) == ((2, 4, 3), (2, 4))
    assert (torch.cat(outputs, 1) - wanted).abs().max() < 1e-9


def test_nothing_to_read_gives_zeros():
    """relu features that are all 0 have weights that sum to 0; gradients stay finite."""
    q, k, v = random_qkv(4, 2)
    k = (-k.abs()).requires_grad_()
    out = linear_attention_parallel(q, k, v, feature_map=relu_map)
    assert torch.equal(out, torch.zeros_like(v))
    out.sum().backward()
    assert k.grad.isfinite().all()


def test_taylor_map_is_the_second_order_series():
    q, k, _ = random_qkv(5, 4)
    s = q @ k.T / 2
    kernel = taylor_map(q) @ taylor_map(k).T
    assert taylor_map(q).shape == (5, 1 + 4 + 16)
    assert (kernel - (1 + s + s**2 / 2)).abs().max() < 1e-9
    assert kernel.min() >= 0.5


@pytest.mark.parametrize("grad", [False, True])
def test_memory_grows_as_promised(grad):
    """Reordered and chunked: linear in T. Parallel: quadratic. On shapes only, D = 8."""

    def peak(fn, T, **options):
        q, k, v = (torch.empty(T, 8, device="meta", requires_grad=grad) for _ in range(3))
        return peak_bytes(lambda: fn(q, k, v, **options))

    def growth(fn, **options):
        return peak(fn, 8192, **options) / peak(fn, 2048, **options)

    assert growth(linear_attention) == pytest.approx(4, rel=0.02)
    assert growth(linear_attention_chunked, chunk_size=64) == pytest.approx(4, rel=0.1)
    assert growth(linear_attention_parallel) > 14


def test_gradients():
    inputs = [x.requires_grad_() for x in random_qkv(5, 2, Dv=2)]
    for fn in (
        linear_attention,
        linear_attention_parallel,
        lambda *x: linear_attention_recurrent(*x)[0],
        lambda *x: linear_attention_chunked(*x, chunk_size=2)[0],
    ):
        assert torch.autograd.gradcheck(fn, inputs)


def test_fast_weights():
    """Adding a key twice doubles what it reads; the delta rule replaces it."""
    key, v = torch.tensor([0.6, 0.8]), torch.tensor([1.0, 2.0, 3.0])
    s = torch.zeros(2, 3)
    for delta, wanted in ((False, 5 * v), (True, 4 * v)):
        twice = fast_weight_step(fast_weight_step(s, key, v, delta=delta), key, 4 * v, delta=delta)
        assert torch.allclose(key @ twice, wanted)


def test_bad_arguments_are_named():
    q, k, v = random_qkv(4, 2)
    with pytest.raises(ValueError, match="v has length 3"):
        linear_attention(q, k, v[:3])
    with pytest.raises(ValueError, match="q has length 3"):
        linear_attention_parallel(q[:3], k, v)
    with pytest.raises(ValueError, match="k has head size 1"):
        linear_attention(q, k[:, :1], v)
    with pytest.raises(ValueError, match="chunk_size is 0"):
        linear_attention_chunked(q, k, v, chunk_size=0)
