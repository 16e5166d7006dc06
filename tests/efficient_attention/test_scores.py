"""The rules of scores: which tiles are seen, and what bad arguments say."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.efficient_attention.scores import score_rules

Q = torch.zeros(2, 4, 5, 8)
KV = torch.zeros(2, 2, 7, 8)
lengths = st.integers(1, 12)


def seen(i, j, T, S, causal, window):
    """The definition, a pair at a time."""
    position = i + S - T
    return (not causal or j <= position) and (window is None or position - window < j <= position)


@settings(deadline=None, max_examples=200)
@given(lengths, lengths, st.booleans(), st.one_of(st.none(), st.integers(1, 15)), st.data())
def test_tiles_agree_with_the_definition(T, S, causal, window, data):
    """A tile's mask is the definition, and what lies outside the ranges is not seen at all."""
    causal = causal or window is not None
    rules = score_rules(torch.zeros(1, 1, T, 1), *2 * [torch.zeros(1, 1, S, 1)], causal, window)
    r0 = data.draw(st.integers(0, T - 1))
    c0 = data.draw(st.integers(0, S - 1))
    rows = range(r0, data.draw(st.integers(r0 + 1, T)))
    columns = range(c0, data.draw(st.integers(c0 + 1, S)))
    truth = torch.tensor([[seen(i, j, T, S, causal, window) for j in columns] for i in rows])
    found = rules.visible(rows, columns, torch.device("cpu"))
    assert truth.all() if found is None else torch.equal(found, truth)
    for j in range(S):
        if any(seen(i, j, T, S, causal, window) for i in rows):
            assert j in rules.keys_seen_by(rows)
    for i in range(T):
        if any(seen(i, j, T, S, causal, window) for j in columns):
            assert i in rules.queries_that_see(columns)


def test_causal_rows_see_no_more_than_they_must():
    """A tile of rows 2 and 3 of 4, with 6 keys, window 3: positions 4 and 5 see 2 to 5."""
    rules = score_rules(torch.zeros(1, 1, 4, 1), *2 * [torch.zeros(1, 1, 6, 1)], window=3)
    assert rules.keys_seen_by(range(2, 4)) == range(2, 6)
    assert rules.queries_that_see(range(2)) == range(2)
    assert rules.causal


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"q": Q[0]}, r"q has shape \(4, 5, 8\); it must have 4 dimensions"),
        ({"k": KV[:1]}, r"k has shape \(1, 2, 7, 8\); it must be \(2, G, S, 8\)"),
        ({"k": KV[..., :4]}, r"k has shape \(2, 2, 7, 4\)"),
        ({"v": KV[:, :, :5]}, r"v has shape \(2, 2, 5, 8\); it must be \(2, 2, 7, Dv\)"),
        ({"q": Q[:, :3]}, "k has 2 heads of size 8; the number of heads must divide that of q, 3"),
        ({"v": KV.half()}, r"v is torch.float16; q, k and v must be of one floating dtype"),
        ({"q": Q.long()}, "q is torch.int64"),
        ({"k": KV.to("meta")}, "k is on meta; it must be where q is, on cpu"),
        ({"window": 0}, "window is 0; it must be None or at least 1"),
        ({"scale": 0.0}, r"scale is 0.0; it must be None or a positive number"),
        ({"scale": float("nan")}, "scale is nan"),
        ({"softcap": -1.0}, "softcap is -1.0"),
        ({"alibi_slopes": torch.ones(2)}, r"alibi_slopes has shape \(2,\); it must be \(4,\)"),
    ],
)
def test_bad_arguments_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        score_rules(**{"q": Q, "k": KV, "v": KV, **change})


def test_the_scale_is_one_over_the_root_of_the_head_size():
    assert score_rules(Q, KV, KV).scale == 8**-0.5
    assert score_rules(Q, KV, KV, scale=0.5).scale == 0.5
