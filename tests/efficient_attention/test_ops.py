"""The operator: what torch asks of it, its gradient, packed sequences, FLOPs, compilation."""

import pytest
import torch
from torch.utils.flop_counter import (
    FlopCounterMode,
    sdpa_backward_flop_count,
    sdpa_flop_count,
)

from handtorch.efficient_attention.dispatch import flash_attention, flash_attention_varlen
from handtorch.efficient_attention.ops import sequences
from handtorch.efficient_attention.reference import reference_attention
from tests.efficient_attention.cases import inputs

OP = torch.ops.handtorch.flash_attention.default
BACKWARD = torch.ops.handtorch.flash_attention_backward.default
CU = torch.tensor([0, 5, 5, 16, 20], dtype=torch.int32)  # one sequence is empty


def arguments(q, k, slopes=None, cu=None, *, causal=False, window=None, softcap=None):
    longest = (q.shape[2], k.shape[2]) if cu is None else (11, 11)
    return slopes, cu, cu, *longest, q.shape[3] ** -0.5, causal, window, softcap, "tiled"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"causal": True, "window": 7, "softcap": 2.0, "slopes": torch.tensor([0.5, 0.1])},
        {"causal": True, "cu": CU},
    ],
    ids=["plain", "all options", "packed"],
)
def test_opcheck(options):
    """Schema, autograd, shapes without numbers, tracing; forward and backward."""
    q, k, v = (torch.randn(1, heads, 20, 8, requires_grad=True) for heads in (2, 1, 1))
    rest = arguments(q, k, **options)
    torch.library.opcheck(OP, (q, k, v, *rest))
    with torch.no_grad():
        out, lse = OP(q, k, v, *rest)
        tensors = (torch.randn_like(out), torch.randn_like(lse), q, k, v, out, lse)
        torch.library.opcheck(BACKWARD, tuple(x.detach() for x in tensors) + rest)


@pytest.mark.parametrize("options", [{"causal": True}, {"window": 3, "softcap": 1.5}])
def test_gradcheck_of_output_and_log_sum_exp(options):
    q, k, v = (torch.randn(1, n, 6, 3, dtype=torch.float64, requires_grad=True) for n in (2, 1, 1))
    options["causal"] = True
    rest = arguments(q, k, **options)
    assert torch.autograd.gradcheck(lambda *x: OP(*x, *rest), (q, k, v))


def test_gradients_when_only_one_of_the_two_results_is_used():
    q, k, v, _ = inputs("causal")
    for x in (q, k, v):
        x.requires_grad_()
    for part in (0, 1):
        found = OP(q, k, v, *arguments(q, k, causal=True))[part]
        expected = reference_attention(q, k, v, causal=True)[part]
        grads = torch.autograd.grad(found.square().sum(), (q, k, v))
        want = torch.autograd.grad(expected.square().sum(), (q, k, v), materialize_grads=True)
        torch.testing.assert_close(grads, want)


def test_compiles_into_one_graph_and_keeps_gradients():
    q, k, v, options = inputs("everything", dtype=torch.float32)
    for x in (q, k, v):
        x.requires_grad_()

    def layer(q, k, v):
        return flash_attention(q * 2, k, v, **options).square().sum()

    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    grads = torch.autograd.grad(compiled(q, k, v), (q, k, v))
    torch.testing.assert_close(grads, torch.autograd.grad(layer(q, k, v), (q, k, v)))


def test_packed_sequences_compile_as_well():
    q, k, v = (torch.randn(20, heads, 8) for heads in (2, 1, 1))

    def layer(q, k, v):
        return flash_attention_varlen(
            q, k, v, CU, max_seqlen_q=11, max_seqlen_k=11, causal=True
        ).square()

    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(q, k, v), layer(q, k, v))


def test_flops_are_counted_as_torch_counts_its_own_kernels():
    q, k, v = (torch.randn(2, n, 32, 16, requires_grad=True) for n in (4, 2, 2))
    with FlopCounterMode(display=False) as counter:
        out = flash_attention(q, k, v, causal=True)
        forward = counter.get_total_flops()
        out.sum().backward()
    product = 2 * 2 * 4 * 32 * 32 * 16  # two FLOPs for each batch entry, head, query, key, column
    assert forward == 2 * product == sdpa_flop_count(*3 * [(2, 4, 32, 16)])
    assert counter.get_total_flops() == (2 + 5) * product
    assert 5 * product == sdpa_backward_flop_count(*4 * [(2, 4, 32, 16)])


def test_flops_of_packed_sequences_are_those_of_their_pairs():
    q, k, v = (torch.randn(20, heads, 8) for heads in (2, 1, 1))
    with FlopCounterMode(display=False) as counter:
        flash_attention_varlen(q, k, v, CU)
    assert counter.get_total_flops() == 2 * 2 * 8 * 2 * (5**2 + 11**2 + 4**2)


def test_layouts_of_inputs_do_not_matter():
    """(B, T, H, D) memory, as projections leave it, and slices of one tensor."""
    qkv = torch.randn(2, 20, 3, 2, 8)
    q, k, v = (x.transpose(1, 2) for x in qkv.unbind(2))
    found = flash_attention(q, k, v, causal=True)
    contiguous = (x.contiguous() for x in (q, k, v))
    torch.testing.assert_close(found, flash_attention(*contiguous, causal=True))


def test_sequences():
    assert list(sequences(CU[:3], CU[:3])) == [(slice(0, 5),) * 2, (slice(5, 5),) * 2]
