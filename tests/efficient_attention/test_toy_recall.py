"""The toy tasks ask what they say, and the small model can learn them."""

import pytest
import torch

from handtorch.efficient_attention.toy_recall import (
    IGNORED,
    AttentionStack,
    accuracy_by_distance,
    marker_task,
    recall_task,
    train,
)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_marker_examples():
    batch = marker_task(6, n_keys=3, n_values=5)(10, torch.Generator().manual_seed(0))
    assert (batch.values[:, 1:] == 5).all()
    assert (batch.targets == batch.values[:, :1]).all()
    assert (batch.distance == torch.arange(6)).all()


def test_recall_examples():
    batch = recall_task(7, n_values=5)(50, torch.Generator().manual_seed(0))
    for keys, values, targets, distance in zip(*map(torch.Tensor.tolist, batch)):
        assert sorted(keys[:7]) == list(range(7))
        at = keys.index(keys[7])
        assert targets == [IGNORED] * 7 + [values[at]]
        assert distance[7] == 7 - at
        assert values[7] == 5


def test_full_attention_learns_and_a_mask_forbids():
    """One causal layer recalls every pair; with a window of 3 keys, those 1 or 2 away."""
    position = torch.arange(7)
    distance = position[:, None] - position
    task = recall_task(6)
    for width in (7, 3):
        torch.manual_seed(0)
        mask = (distance >= 0) & (distance < width)
        model = AttentionStack([mask], n_keys=6, n_values=8)
        train(model, task, steps=300, lr=1e-2, seed=0)
        accuracy = accuracy_by_distance(model, task)
        assert sorted(accuracy) == [1, 2, 3, 4, 5, 6]
        for d, share in accuracy.items():
            assert share > 0.95 if d < width else share < 0.3  # 1/8 is chance
