"""Which inputs reach which outputs: by hand, and by perturbing a stack of real layers."""

import pytest
import torch

from handtorch.attention.scaled_dot_product import attention
from handtorch.efficient_attention.receptive_field import influence, reachable


def band(T, left, right):
    distance = torch.arange(T) - torch.arange(T)[:, None]
    return (-left <= distance) & (distance <= right)


@pytest.mark.parametrize("layers", [1, 2, 3, 5])
def test_windows_add_up(layers):
    """Each layer reaches `left` further back, and the window holds left + 1 keys."""
    assert torch.equal(reachable([band(30, 4, 0)] * layers), band(30, 4 * layers, 0))
    assert torch.equal(reachable([band(30, 2, 2)] * layers), band(30, 2 * layers, 2 * layers))


def test_one_global_token_connects_all_in_two_layers():
    mask = band(20, 1, 1)
    mask[0] = mask[:, 0] = True
    assert not reachable([mask]).all()
    assert reachable([mask, mask]).all()


def test_order_of_layers_matters():
    """Position 8 jumps to 4 in one layer; every position sees its neighbor in the other.

    Neighbor first: 4 already knows 3. Jump first: 8 gets 4, and only 9 would see its neighbor 8.
    """
    near, far = band(9, 1, 0), torch.eye(9, dtype=torch.bool)
    far[8, 4] = True
    assert reachable([near, far])[8].nonzero().flatten().tolist() == [3, 4, 7, 8]
    assert reachable([far, near])[8].nonzero().flatten().tolist() == [4, 7, 8]


def test_perturbation_agrees_with_reachability():
    """Change one input, run random attention layers: exactly the reachable outputs move.

    Weights small enough that no softmax is so sharp that a change rounds away.
    """
    generator = torch.Generator().manual_seed(0)
    masks = [band(14, 2, 1), torch.rand(14, 14, generator=generator) < 0.15, band(14, 0, 2)]
    weights = [0.3 * torch.randn(6, 6, generator=generator, dtype=torch.float64) for _ in range(9)]

    def stack(x):
        for mask, wq, wk, wv in zip(masks, weights[::3], weights[1::3], weights[2::3]):
            x = x + attention(x @ wq, x @ wk, x @ wv, mask)
        return x

    x = torch.randn(14, 6, generator=generator, dtype=torch.float64)
    moved = torch.zeros(14, 14, dtype=torch.bool)
    for j in range(14):
        changed = x.clone()
        changed[j] += 1.0
        moved[:, j] = (stack(changed) != stack(x)).any(-1)
    assert torch.equal(moved, reachable(masks))


def test_influence_by_hand():
    """Causal window of 2, no residual: each layer averages two neighbors: 1/4, 1/2, 1/4."""
    share = influence([band(5, 1, 0)] * 2, residual=0.0)
    assert share[4].tolist() == [0, 0, 0.25, 0.5, 0.25]
    assert share.sum(-1).tolist() == pytest.approx([1] * 5)
    assert influence([band(5, 1, 0)], residual=0.5)[4].tolist() == [0, 0, 0, 0.25, 0.75]
    assert torch.equal(influence([band(5, 1, 0)], residual=1.0), torch.eye(5).double())


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="masks is empty"):
        reachable([])
    with pytest.raises(ValueError, match=r"torch.float32 of shape \(3, 3\)"):
        reachable([torch.ones(3, 3)])
    with pytest.raises(ValueError, match=r"of shape \(2, 2\)"):
        influence([torch.ones(3, 3).bool(), torch.ones(2, 2).bool()])
    with pytest.raises(ValueError, match=r"residual is 1\.5"):
        influence([torch.ones(3, 3).bool()], residual=1.5)
