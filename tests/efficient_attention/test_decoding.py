"""Flash-decoding: the result does not depend on how the keys are split."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.efficient_attention.decoding import flash_decoding
from handtorch.efficient_attention.reference import reference_attention
from tests.efficient_attention.cases import inputs


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 60), st.sampled_from([None, 1, 7, 50, 99]), st.sampled_from([None, 2.0]))
def test_any_number_of_splits_equals_the_whole(n_splits, window, softcap):
    q, k, v, _ = inputs("one query")  # 50 keys: more splits than keys leave some empty
    expected = reference_attention(q, k, v, causal=True, window=window, softcap=softcap)
    found = flash_decoding(q, k, v, n_splits=n_splits, window=window, softcap=softcap)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_splitting_costs_no_precision(dtype):
    q, k, v, _ = inputs("one query", dtype=dtype)
    exact, _ = reference_attention(q.double(), k.double(), v.double())
    plain, _ = reference_attention(q, k, v)
    out, lse = flash_decoding(q, k, v, n_splits=7, scale=16**-0.5)
    assert (out.dtype, lse.dtype) == (dtype, torch.float32)
    assert (out - exact).abs().max() <= 2 * (plain - exact).abs().max() + 1e-5


def test_an_empty_cache_gives_zeros():
    q, kv = torch.randn(1, 2, 1, 4), torch.empty(1, 2, 0, 4)
    out, lse = flash_decoding(q, kv, kv, n_splits=3)
    assert torch.equal(out, torch.zeros(1, 2, 1, 4))
    assert (lse == -math.inf).all()


def test_bad_arguments_are_named():
    q, k, v, _ = inputs("one query")
    with pytest.raises(ValueError, match=r"q has shape \(2, 4, 2, 16\); it must be \(B, H, 1, D\)"):
        flash_decoding(torch.cat([q, q], 2), k, v, n_splits=1)
    with pytest.raises(ValueError, match="n_splits is 0; it must be at least 1"):
        flash_decoding(q, k, v, n_splits=0)
    with pytest.raises(ValueError, match="window is 0; it must be None or at least 1"):
        flash_decoding(q, k, v, n_splits=1, window=0)
    with pytest.raises(ValueError, match=r"scale is -1.0; it must be None or a positive number"):
        flash_decoding(q, k, v, n_splits=1, scale=-1.0)
