"""Cross-attention: torch.nn.MultiheadAttention, T5's, and what it shares with self-attention."""

import pytest
import torch
from torch import nn
from transformers import T5Config
from transformers.models.t5.modeling_t5 import T5Attention

from handtorch.attention.cross import CrossAttention
from handtorch.attention.masks import padding_mask
from handtorch.attention.multi_head import MultiHeadAttention, merge_heads
from handtorch.attention.scaled_dot_product import attention


@pytest.fixture
def case():
    """x (2, 3, 8), context (2, 5, 6), the module, and padding that leaves 5 and 2 keys."""
    torch.manual_seed(0)
    cross = CrossAttention(8, 2, d_context=6)
    return torch.randn(2, 3, 8), torch.randn(2, 5, 6), cross, padding_mask([5, 2], 5)


@pytest.mark.parametrize("n_heads", [1, 2, 8])
def test_equals_torch_multihead_attention(n_heads):
    torch.manual_seed(0)
    mine = CrossAttention(8, n_heads, d_context=6)
    theirs = nn.MultiheadAttention(8, n_heads, bias=False, kdim=6, vdim=6, batch_first=True)
    with torch.no_grad():
        theirs.q_proj_weight.copy_(mine.q_proj.weight)
        theirs.k_proj_weight.copy_(mine.k_proj.weight)
        theirs.v_proj_weight.copy_(mine.v_proj.weight)
        theirs.out_proj.weight.copy_(mine.o_proj.weight)
    x, context, real = torch.randn(2, 3, 8), torch.randn(2, 5, 6), padding_mask([5, 2], 5)
    hidden = ~real[:, 0, 0]  # True is what torch hides
    torch.testing.assert_close(mine(x, context), theirs(x, context, context)[0])
    masked = theirs(x, context, context, key_padding_mask=hidden)[0]
    torch.testing.assert_close(mine(x, context, real), masked)


def test_equals_t5_cross_attention():
    """T5 does not scale its scores; here the query matrix carries the factor sqrt(D) instead."""
    torch.manual_seed(0)
    config = T5Config(d_model=12, num_heads=3, d_kv=4, is_decoder=True, attn_implementation="eager")
    theirs = T5Attention(config, has_relative_attention_bias=False, layer_idx=0).eval()
    mine = CrossAttention(12, 3)
    with torch.no_grad():
        mine.q_proj.weight.copy_(theirs.q.weight * 4**0.5)
        mine.k_proj.weight.copy_(theirs.k.weight)
        mine.v_proj.weight.copy_(theirs.v.weight)
        mine.o_proj.weight.copy_(theirs.o.weight)
    x, context, real = torch.randn(2, 3, 12), torch.randn(2, 7, 12), padding_mask([7, 4], 7)
    bias = torch.zeros(2, 1, 1, 7).masked_fill(~real, -torch.inf)
    out = theirs(x, key_value_states=context, mask=bias)[0]
    torch.testing.assert_close(mine(x, context, real), out)


def test_padding_has_no_influence(case):
    x, context, cross, real = case
    junk = context.clone()
    junk[1, 2:] = 1e4
    out = cross(x, context, real)
    assert torch.equal(out, cross(x, junk, real))
    torch.testing.assert_close(out[1:], cross(x[1:], context[1:, :2]))


def test_a_context_of_padding_only_gives_zeros_and_finite_gradients(case):
    x, context, cross, _ = case
    x.requires_grad_()
    context.requires_grad_()
    out = cross(x, context, padding_mask([5, 0], 5))
    assert torch.equal(out[1], torch.zeros(3, 8))
    out.square().sum().backward()
    for tensor in (x, context):
        assert torch.equal(tensor.grad[1], torch.zeros_like(tensor[1]))
        assert (tensor.grad[0] != 0).any()
    assert all(p.grad.isfinite().all() for p in cross.parameters())


def test_an_empty_context_gives_zeros(case):
    x, context, cross, _ = case
    assert torch.equal(cross(x, context[:, :0]), torch.zeros(2, 3, 8))


def test_projecting_the_context_once_serves_every_step(case):
    x, context, cross, real = case
    k, v = cross.project_context(context)
    assert k.shape == v.shape == (2, 2, 5, 4)
    steps = [cross.attend(x[:, t : t + 1], k, v, real) for t in range(3)]
    torch.testing.assert_close(torch.cat(steps, 1), cross(x, context, real))


def test_reading_from_itself_is_self_attention():
    torch.manual_seed(0)
    cross, mha, x = CrossAttention(8, 2), MultiHeadAttention(8, 2), torch.randn(2, 4, 8)
    mha.load_state_dict(cross.state_dict())
    torch.testing.assert_close(cross(x, x), mha(x))


def test_the_order_of_the_context_does_not_matter_that_of_the_queries_does(case):
    x, context, cross, _ = case
    torch.testing.assert_close(cross(x, context.flip(1)), cross(x, context))
    torch.testing.assert_close(cross(x.flip(1), context), cross(x, context).flip(1))


def test_cross_attention_is_a_block_of_self_attention_over_both():
    """[context; x] in one self-attention whose x rows may see only the context's columns."""
    torch.manual_seed(0)
    mha, cross = MultiHeadAttention(8, 2), CrossAttention(8, 2)
    cross.load_state_dict(mha.state_dict())
    x, context = torch.randn(1, 3, 8), torch.randn(1, 5, 8)
    mask = torch.arange(8)[None, :].expand(8, 8) < 5
    torch.testing.assert_close(mha(torch.cat([context, x], 1), mask)[:, 5:], cross(x, context))


def test_gradcheck_in_float64(case):
    x, context, cross, real = case
    cross = cross.double()
    x, context = x.double().requires_grad_(), context.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: cross(a, b, real), (x, context))


def test_heads_may_be_computed_by_hand(case):
    """One query, one head: the formula written out."""
    x, context, _, _ = case
    cross = CrossAttention(8, 1, d_context=6)
    q = x @ cross.q_proj.weight.T
    k, v = context @ cross.k_proj.weight.T, context @ cross.v_proj.weight.T
    by_hand = (q @ k.mT / 8**0.5).softmax(-1) @ v @ cross.o_proj.weight.T
    torch.testing.assert_close(cross(x, context), by_hand)
    assert torch.equal(merge_heads(attention(q, k, v)[:, None]), attention(q, k, v))


def test_bad_arguments_are_named(case):
    x, context, cross, _ = case
    with pytest.raises(ValueError, match="n_heads is 3; it must divide the width 8"):
        CrossAttention(8, 3)
    with pytest.raises(ValueError, match="d_context is 0"):
        CrossAttention(8, 2, d_context=0)
    with pytest.raises(ValueError, match=r"context has shape \(2, 3, 8\).* \(B, length, 6\)"):
        cross(x, x)
    with pytest.raises(ValueError, match=r"x has shape \(2, 5, 6\).* \(B, length, 8\)"):
        cross(context, context)
    with pytest.raises(ValueError, match="x has 1 rows and the context 2; must be equal"):
        cross(x[:1], context)
