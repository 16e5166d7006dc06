"""The model of nothing but attention: causal, patterns replaced, data as described."""

import pytest
import torch

from handtorch.attention.attention_only import AttentionOnlyModel, offset_pattern, repeated_blocks


def test_repeated_blocks():
    g = torch.Generator().manual_seed(0)
    ids = repeated_blocks(20, 5, 13, 8, generator=g)
    assert ids.shape == (20, 13)
    assert torch.equal(ids[:, 5:], ids[:, :-5])
    assert all(len(set(row[:5])) == 5 for row in ids.tolist())
    with pytest.raises(ValueError, match="period is 9"):
        repeated_blocks(1, 9, 13, 8, generator=g)


def test_offset_pattern():
    assert offset_pattern(3, 1).tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert offset_pattern(3, 0).tolist() == torch.eye(3).tolist()
    assert offset_pattern(2, 2).tolist() == [[0, 0], [0, 0]]


def test_no_logit_depends_on_a_later_token():
    torch.manual_seed(0)
    model = AttentionOnlyModel(7, 6, 8)
    ids = torch.randint(7, (2, 6))
    changed = ids.clone()
    changed[:, 4:] = (ids[:, 4:] + 1) % 7
    assert torch.allclose(model(ids)[0][:, :4], model(changed)[0][:, :4])
    assert not torch.allclose(model(ids)[0][:, 4:], model(changed)[0][:, 4:])


def test_patterns_replace_the_weights_of_their_layer():
    torch.manual_seed(0)
    model = AttentionOnlyModel(7, 6, 8)
    ids = torch.randint(7, (2, 6))
    logits, weights = model(ids)
    assert [tuple(w.shape) for w in weights] == [(2, 6, 6)] * 2
    torch.testing.assert_close(weights[0].sum(-1), torch.ones(2, 6))
    torch.testing.assert_close(model(ids[:1], {0: weights[0][0]})[0], logits[:1])
    nothing = torch.zeros(6, 6)
    x = model.tokens(ids) + model.positions.weight
    torch.testing.assert_close(model(ids, {0: nothing, 1: nothing})[0], model.unembed(x))
    with pytest.raises(ValueError, match="patterns has keys"):
        model(ids, {2: nothing})
    with pytest.raises(ValueError, match="7 positions"):
        model(torch.zeros(1, 7, dtype=torch.long))
