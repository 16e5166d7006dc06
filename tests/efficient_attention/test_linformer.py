"""Linformer: attention to mixtures of positions."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

from handtorch.efficient_attention.linformer import LinformerProjection, linformer_attention


def test_equals_attention_to_the_projected_keys():
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 10, 4).double()
    e, f = torch.randn(2, 3, 16).double()
    wanted = scaled_dot_product_attention(q, e[:, :10] @ k, f[:, :10] @ v)
    assert (linformer_attention(q, k, v, e, f) - wanted).abs().max() < 1e-9


def test_with_one_mixture_a_position_it_is_full_attention():
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 10, 4).double()
    eye = torch.eye(10).double()
    wanted = scaled_dot_product_attention(q, k, v)
    assert (linformer_attention(q, k, v, eye, eye) - wanted).abs().max() < 1e-9


def test_it_is_not_causal_and_has_a_longest_length():
    torch.manual_seed(0)
    projection = LinformerProjection(max_len=8, rank=3)
    q, k, v = torch.randn(3, 1, 2, 8, 4)
    before = projection(q, k, v)
    assert before.shape == (1, 2, 8, 4)
    v[:, :, 7] += 1
    assert (projection(q, k, v) != before).all(-1).all()  # every position has changed
    longer = torch.randn(1, 2, 9, 4)
    with pytest.raises(ValueError, match="k has length 9; the projections were made for at most 8"):
        projection(longer, longer, longer)


def test_gradients_reach_the_projections():
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 5, 2).double()
    e, f = torch.randn(2, 3, 6).double()
    inputs = [x.requires_grad_() for x in (q, k, v, e, f)]
    assert torch.autograd.gradcheck(linformer_attention, inputs)


def test_bad_arguments_are_named():
    x = torch.randn(4, 2)
    with pytest.raises(ValueError, match="they must be the same"):
        linformer_attention(x, x, x, torch.zeros(2, 4), torch.zeros(3, 4))
    with pytest.raises(ValueError, match="rank is 0"):
        LinformerProjection(4, 0)
