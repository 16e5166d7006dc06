"""The lookback task: what is asked, and what an attention layer can and cannot learn of it."""

import torch

from handtorch.attention.grouped_query import GroupedQueryAttention
from handtorch.attention.lookback import LookbackModel, share_right, train


def make_model(n_heads, n_kv_heads):
    torch.manual_seed(0)
    attention = GroupedQueryAttention(32, n_heads, n_kv_heads, d_head=16)
    return LookbackModel(attention, distances=2, vocab_size=6, length=8)


def test_the_answers_are_the_tokens_before():
    ids, wanted = make_model(2, 2).questions(3, torch.Generator().manual_seed(0))
    assert ids.shape == (3, 8)
    assert wanted.shape == (3, 8, 2)
    assert torch.equal(wanted[:, 2:, 0], ids[:, 1:-1])
    assert torch.equal(wanted[:, 2:, 1], ids[:, :-2])


def test_scores_have_one_row_for_each_distance_and_see_no_later_token():
    model = make_model(2, 1)
    ids = torch.arange(8)[None] % 6
    later = ids.clone()
    later[:, 5:] = 0
    assert model(ids).shape == (1, 8, 2, 6)
    torch.testing.assert_close(model(ids)[:, :5], model(later)[:, :5])


def test_two_patterns_solve_two_distances_and_one_does_not():
    two, one = make_model(2, 1), make_model(1, 1)
    assert share_right(two) < 0.4  # untrained: about one in six
    for model in (two, one):
        train(model, 150)
    assert share_right(two) > 0.99
    assert share_right(one) < 0.9
    assert two.attention.k_proj.weight.shape == one.attention.k_proj.weight.shape


def test_training_is_reproducible():
    models = [make_model(2, 2) for _ in range(2)]
    for model in models:
        train(model, 5)
    assert share_right(models[0]) == share_right(models[1])
