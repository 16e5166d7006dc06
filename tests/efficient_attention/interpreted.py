"""Runs the Triton kernels in Triton's interpreter and prints a line of JSON for each case.

    TRITON_INTERPRET=1 python -m tests.efficient_attention.interpreted

The interpreter has to be chosen before Triton is imported, so `test_triton_interpreted` runs this
in a process of its own. bfloat16 is left out: the interpreter multiplies its bit patterns.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from handtorch.efficient_attention.dispatch import flash_attention, flash_attention_varlen
from handtorch.efficient_attention.reference import reference_attention
from handtorch.efficient_attention.triton_launch import Tile, backward, forward
from tests.efficient_attention.cases import CASES, inputs

DEFAULTS = {"causal": False, "window": None, "softcap": None, "alibi_slopes": None}
FEW = ["causal, more keys", "grouped heads", "everything"]
SMALL = Tile(32, 16, 4, 1)  # several tiles in each direction


def main() -> None:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True, warn_only=True)  # fills new memory with NaN
    assert torch.empty(3).isnan().all()
    for line in results():
        print(json.dumps(line), flush=True)


def results() -> Iterator[dict[str, Any]]:
    for name in CASES:
        yield compare(name, "descriptors")
    for name in FEW:
        yield compare(name, "pointers", tma=False)
        yield compare(name, "float16", dtype=torch.float16)
    yield compare("everything", "wide tiles", tile=Tile(16, 64, 4, 1))
    # Sizes that are no power of two, sizes of keys and values that differ, odd sizes.
    yield compare("causal", "head size 24", d=24)
    yield compare("causal", "head size 24, pointers", d=24, tma=False)
    yield compare("causal", "head sizes 48 and 16", d=48, dv=16)
    yield compare("grouped heads", "head sizes 5 and 3", d=5, dv=3)
    yield packed("descriptors", True)
    yield packed("pointers", False)
    yield through_autograd()


def compare(
    name: str,
    kind: str,
    *,
    dtype: torch.dtype = torch.float32,
    tma: bool = True,
    tile: Tile = SMALL,
    **sizes: int,
) -> dict[str, Any]:
    """Largest errors of a case against float64, and those that plain attention makes."""
    q, k, v, options = inputs(name, batch=1, dtype=dtype, **sizes)
    exact = [x.double().requires_grad_() for x in (q, k, v)]
    out, lse = reference_attention(*exact, **options)
    grad_out, grad_lse = torch.randn_like(out).to(dtype), torch.randn_like(lse).float()
    want = torch.autograd.grad((out, lse), exact, (grad_out.double(), grad_lse.double()))
    plain = [x.clone().requires_grad_() for x in (q, k, v)]
    plain_out, plain_lse = reference_attention(*plain, **options)
    plain_grads = torch.autograd.grad((plain_out, plain_lse), plain, (grad_out, grad_lse))

    every = {**DEFAULTS, "scale": q.shape[3] ** -0.5, **options}
    every["causal"] = every["causal"] or every["window"] is not None
    rest: dict[str, Any] = {"tile": tile, "tma": tma, **every}
    lengths = (None, None, q.shape[2], k.shape[2])
    found, found_lse = forward(q, k, v, *lengths, **rest)
    swapped = {**rest, "tile": Tile(tile.BN, tile.BM, 4, 1)}
    grads = backward(grad_out, q, k, v, found, found_lse, *lengths, grad_lse=grad_lse, **swapped)
    blind = ~lse.isfinite()
    assert torch.equal(found_lse == -torch.inf, blind)
    lses = [x.detach().masked_fill(blind, 0) for x in (lse, found_lse, plain_lse)]
    return {
        "case": f"{name} ({kind})",
        "errors": errors([out, lses[0], *want], [found, lses[1], *grads]),
        "errors of plain attention": errors(
            [out, lses[0], *want], [plain_out, lses[2], *plain_grads]
        ),
    }


def packed(kind: str, tma: bool) -> dict[str, Any]:
    """Four sequences, one without tokens, some with fewer keys than queries; each on its own."""
    cu_q = torch.tensor([0, 5, 5, 40, 57], dtype=torch.int32)
    cu_k = torch.tensor([0, 19, 22, 40, 57], dtype=torch.int32)
    q, k, v = (torch.randn(57, heads, 16) for heads in (4, 2, 2))
    exact = [x.double().requires_grad_() for x in (q, k, v)]
    out = flash_attention_varlen(*exact, cu_q, cu_k, window=11, backend="reference")
    grad_out = torch.randn_like(out)
    want = torch.autograd.grad(out, exact, grad_out)
    q, k, v, grad = (x.float().transpose(0, 1)[None] for x in (q, k, v, grad_out))
    rest: dict[str, Any] = {**DEFAULTS, "scale": 0.25, "causal": True, "window": 11}
    rest |= {"tile": Tile(16, 16, 4, 1), "tma": tma}
    found, lse = forward(q, k, v, cu_q, cu_k, 35, 19, **rest)
    grads = backward(grad, q, k, v, found, lse, cu_q, cu_k, 35, 19, **rest)
    shaped = [x[0].transpose(0, 1) for x in (found, *grads)]
    return {"case": f"packed ({kind})", "errors": errors((out, *want), shaped)}


def through_autograd() -> dict[str, Any]:
    """The operator with its backward pass, and dispatch, for inputs in (B, T, H, D) memory."""
    qkv = torch.randn(1, 37, 3, 2, 16, requires_grad=True)
    q, k, v = (x.transpose(1, 2) for x in qkv.unbind(2))
    out = flash_attention(q, k, v, causal=True, backend="triton")
    exact, _ = reference_attention(q.double(), k.double(), v.double(), causal=True)
    grads = [torch.autograd.grad(x.square().sum(), qkv)[0] for x in (out, exact)]
    return {"case": "operator", "errors": errors((exact, grads[1]), (out, grads[0]))}


def errors(expected: Sequence[Tensor], found: Sequence[Tensor]) -> list[float]:
    assert all(x.isfinite().all() for x in found)
    return [(a - b).abs().max().item() for a, b in zip(expected, found, strict=True)]


if __name__ == "__main__":
    sys.exit(main())
