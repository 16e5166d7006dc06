"""`flash_attention`: every backend gives the same, and what cannot be done is said clearly."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handtorch.efficient_attention import backends
from handtorch.efficient_attention.dispatch import (
    explain,
    flash_attention,
    flash_attention_varlen,
)
from handtorch.efficient_attention.reference import reference_attention
from tests.efficient_attention.cases import CASES, inputs, split

pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
NOT_SDPA = ("window", "softcap", "alibi_slopes")


@pytest.mark.parametrize("name", CASES)
def test_flex_attention_agrees(name):
    """torch's FlexAttention as an independent oracle for windows, soft-caps and ALiBi."""
    q, k, v, options = inputs(name, dtype=torch.float32)
    expected, _ = reference_attention(q, k, v, **options)
    found = flash_attention(q, k, v, backend="flex", **options)
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("backend", ["auto", "tiled", "reference", "sdpa"])
def test_backends_agree_forward_and_backward(name, backend):
    q, k, v, options = inputs(name)
    hidden = options.get("causal") and q.shape[2] > k.shape[2]
    if backend == "sdpa" and (hidden or any(key in options for key in NOT_SDPA)):
        with pytest.raises(ValueError, match="backend is 'sdpa'; it cannot be used here"):
            flash_attention(q, k, v, backend=backend, **options)
        return
    for x in (q, k, v):
        x.requires_grad_()
    found = flash_attention(q, k, v, backend=backend, **options)
    expected, _ = reference_attention(q, k, v, **options)
    torch.testing.assert_close(found, expected)
    grads = (torch.autograd.grad(out.square().sum(), (q, k, v)) for out in (found, expected))
    torch.testing.assert_close(*grads)


def test_on_the_cpu_it_is_tiled_and_says_why_not_triton():
    q, k, v, _ = inputs("causal", dtype=torch.float32)
    found = explain(q, k, v, softcap=1.0)
    assert found.backend == "tiled"
    assert set(found.unsupported) == {"triton", "sdpa"}
    lines = str(found).splitlines()
    assert lines[0].startswith("tiled: ")
    assert "not sdpa: scaled_dot_product_attention has no softcap" in lines
    assert explain(q, k, v, backend="reference").reason == "asked for"


@pytest.mark.parametrize(
    ("backend", "options", "message"),
    [
        ("triton", {}, "backend is 'triton'; it cannot be used here: .*(cpu|not installed)"),
        ("sdpa", {"softcap": 1.0}, "scaled_dot_product_attention has no softcap"),
        ("sdpa", {"window": 3}, "window would need a mask of T x S"),
        ("sdpa", {"alibi_slopes": torch.ones(2)}, "alibi_slopes would need a mask of T x S"),
        ("fastest", {}, "backend is 'fastest'; it must be one of auto, triton, tiled"),
        ("auto", {"window": 0}, "window is 0"),
    ],
)
def test_what_cannot_be_done_is_said(backend, options, message):
    q, k, v, _ = inputs("causal", dtype=torch.float32)
    for call in (flash_attention, explain):
        with pytest.raises(ValueError, match=message):
            call(q, k, v, backend=backend, **options)


def test_flex_says_that_it_has_no_backward_pass_here():
    q, k, v, _ = inputs("causal", dtype=torch.float32)
    q.requires_grad_()
    with pytest.raises(ValueError, match="FlexAttention has no backward pass on the CPU"):
        flash_attention(q, k, v, backend="flex")
    with torch.no_grad():
        flash_attention(q, k, v, backend="flex")


def test_what_keeps_triton_from_a_call(monkeypatch):
    """The rules for CUDA tensors, with tensors that only say that they are on a GPU."""

    class Pretender:
        is_cuda, device, dtype, shape = True, torch.device("cuda", 0), torch.bfloat16, (1, 1, 4, 64)

    monkeypatch.setattr(backends, "HAS_TRITON", True)
    monkeypatch.setattr(backends, "INTERPRETED", False)
    monkeypatch.setattr(backends, "_capability", lambda device: (9, 0))
    x = Pretender()
    assert backends.triton_cannot(x, x) is None
    x.shape = (1, 1, 4, 320)
    assert "head size is 320; the kernels take up to 256" in backends.triton_cannot(x, x)
    x.dtype = torch.float32
    assert "q is torch.float32" in backends.triton_cannot(x, x)
    monkeypatch.setattr(backends, "_capability", lambda device: (7, 5))
    assert "8.0 and above" in backends.triton_cannot(x, x)
    monkeypatch.setattr(backends, "HAS_TRITON", False)
    assert "not installed" in backends.triton_cannot(x, x)


# --- packed batches -----------------------------------------------------------------------------


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 5), st.integers(0, 2**31), st.sampled_from([{}, {"causal": True}]))
@pytest.mark.parametrize("backend", ["auto", "reference"])
def test_packed_sequences_equal_one_after_the_other(backend, n, seed, options):
    rng = torch.Generator().manual_seed(seed)
    lengths_q, lengths_k = (list(split(30, n, rng)) for _ in range(2))
    q, k, v = (torch.randn(30, heads, 4, generator=rng).double() for heads in (4, 2, 2))
    cu_q, cu_k = (torch.tensor([0, *lengths]).cumsum(0).int() for lengths in (lengths_q, lengths_k))
    for x in (q, k, v):
        x.requires_grad_()
    found = flash_attention_varlen(q, k, v, cu_q, cu_k, backend=backend, **options)
    parts = [
        flash_attention(*(x.transpose(0, 1)[None] for x in part), backend="reference", **options)
        for part in zip(q.split(lengths_q), k.split(lengths_k), v.split(lengths_k))
    ]
    expected = torch.cat([part[0].transpose(0, 1) for part in parts])
    torch.testing.assert_close(found, expected)
    grads = (torch.autograd.grad(out.square().sum(), (q, k, v)) for out in (found, expected))
    torch.testing.assert_close(*grads)


def test_a_packed_batch_is_a_document_mask():
    q, k, v = torch.randn(3, 10, 2, 4).double().unbind()
    cu = torch.tensor([0, 4, 10], dtype=torch.int32)
    found = flash_attention_varlen(q, k, v, cu)
    document = torch.arange(10) >= 4
    mask = document[:, None] == document
    q, k, v = (x.transpose(0, 1)[None] for x in (q, k, v))
    whole = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    torch.testing.assert_close(found, whole[0].transpose(0, 1))


@pytest.mark.parametrize(
    ("cu", "message"),
    [
        ([0, 4, 9], r"cu_seqlens_q is \[0, 4, 9\]; it must rise from 0 to 10"),
        ([1, 10], "it must rise from 0 to 10"),
        ([0, 7, 4, 10], "it must rise from 0 to 10"),
        ([0], r"cu_seqlens_q is torch.int32 of shape \(1,\) on cpu; it must be torch.int32 of"),
    ],
)
def test_bad_lengths_are_named(cu, message):
    q, k, v = torch.randn(3, 10, 2, 4).unbind()
    with pytest.raises(ValueError, match=message):
        flash_attention_varlen(q, k, v, torch.tensor(cu, dtype=torch.int32))


def test_bad_packed_arguments_are_named():
    q, k, v = torch.randn(3, 10, 2, 4).unbind()
    cu = torch.tensor([0, 10], dtype=torch.int32)
    with pytest.raises(ValueError, match=r"q has shape \(1, 10, 2, 4\); it must have 3 dim"):
        flash_attention_varlen(q[None], k, v, cu)
    with pytest.raises(ValueError, match=r"cu_seqlens_q is torch.int64"):
        flash_attention_varlen(q, k, v, cu.long())
    with pytest.raises(ValueError, match="cu_seqlens_q has 2 numbers; it must have 3"):
        flash_attention_varlen(q, k, v, cu, torch.tensor([0, 5, 10], dtype=torch.int32))
