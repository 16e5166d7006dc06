"""FlashAttention as an operator of torch, with its gradient, for `torch.compile` as well.

``torch.ops.handtorch.flash_attention`` returns the output and the log-sum-exp. An operator that
torch knows needs four things beside the function: what shapes it returns (for tracing without
numbers), its backward pass (an operator, too, so that both can be traced), how many FLOPs it costs,
and a schema, which is read from the annotations. `torch.library.opcheck` tests them together.

What this leaves out: gradients of gradients, and casts under autocast. Arguments are checked in
`dispatch`, which also has the functions to call.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import register_flop_formula

from handtorch.efficient_attention.reference import rows_of
from handtorch.efficient_attention.tiled import tiled_attention, tiled_attention_backward


@torch.library.custom_op("handtorch::flash_attention", mutates_args=())
def flash_attention_op(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    alibi_slopes: Tensor | None,
    cu_seqlens_q: Tensor | None,
    cu_seqlens_k: Tensor | None,
    max_seqlen_q: int,
    max_seqlen_k: int,
    scale: float,
    causal: bool,
    window: int | None,
    softcap: float | None,
    backend: str,
) -> tuple[Tensor, Tensor]:
    """Attention and log-sum-exp by the backend "triton" or "tiled".

    Args:
        q: (B, H, T, D); packed (1, H, total, D), a view of (total, H, D).
        k, v: (B, G, S, D) and (B, G, S, Dv); packed likewise.
        cu_seqlens_q, cu_seqlens_k: None, or where the sequences begin and the last one ends in a
            packed batch, (N + 1,), int32.
        max_seqlen_q, max_seqlen_k: the longest sequence; T and S where nothing is packed.

    Returns:
        out (B, H, T, Dv) and lse (B, H, T).
    """
    options: dict[str, Any] = {"causal": causal, "window": window, "scale": scale}
    options |= {"softcap": softcap, "alibi_slopes": alibi_slopes}
    if backend == "triton":
        from handtorch.efficient_attention import triton_launch

        packing = (cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k)
        return triton_launch.forward(q, k, v, *packing, **options)
    if cu_seqlens_q is None or cu_seqlens_k is None:
        return tiled_attention(q, k, v, **options)
    out, lse = empty_output(q, v, packed=True), rows_of(q)
    for here, there in sequences(cu_seqlens_q, cu_seqlens_k):
        part = tiled_attention(q[:, :, here], k[:, :, there], v[:, :, there], **options)
        out[:, :, here], lse[:, :, here] = part
    return out, lse


@torch.library.custom_op("handtorch::flash_attention_backward", mutates_args=())
def flash_attention_backward_op(
    grad_out: Tensor,
    grad_lse: Tensor | None,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    alibi_slopes: Tensor | None,
    cu_seqlens_q: Tensor | None,
    cu_seqlens_k: Tensor | None,
    max_seqlen_q: int,
    max_seqlen_k: int,
    scale: float,
    causal: bool,
    window: int | None,
    softcap: float | None,
    backend: str,
) -> tuple[Tensor, Tensor, Tensor]:
    """dq, dk and dv, shaped like q, k and v; the arguments as in `flash_attention_op`."""
    options: dict[str, Any] = {"causal": causal, "window": window, "scale": scale}
    options |= {"softcap": softcap, "alibi_slopes": alibi_slopes, "grad_lse": grad_lse}
    if backend == "triton":
        from handtorch.efficient_attention import triton_launch

        packing = (cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k)
        return triton_launch.backward(grad_out, q, k, v, out, lse, *packing, **options)
    if cu_seqlens_q is None or cu_seqlens_k is None:
        return tiled_attention_backward(grad_out, q, k, v, out, lse, **options)
    dq, dk, dv = (empty_output(x, x, packed=True) for x in (q, k, v))
    for here, there in sequences(cu_seqlens_q, cu_seqlens_k):
        kv = (k[:, :, there], v[:, :, there])
        saved = (grad_out[:, :, here], q[:, :, here], *kv, out[:, :, here], lse[:, :, here])
        if grad_lse is not None:
            options["grad_lse"] = grad_lse[:, :, here]
        dq[:, :, here], dk[:, :, there], dv[:, :, there] = tiled_attention_backward(
            *saved, **options
        )
    return dq, dk, dv


def empty_output(q: Tensor, v: Tensor, *, packed: bool) -> Tensor:
    """An uninitialized (B, H, T, Dv): row by row, or packed token by token, as the input is."""
    (B, H, T, _), Dv = q.shape, v.shape[3]
    return q.new_empty(B, T, H, Dv).transpose(1, 2) if packed else q.new_empty(B, H, T, Dv)


def sequences(cu_seqlens_q: Tensor, cu_seqlens_k: Tensor) -> Iterator[tuple[slice, slice]]:
    """Where the queries and the keys of each packed sequence stand.

    Example: ``[0, 2, 5], [0, 2, 5]`` -> ``(slice(0, 2), slice(0, 2)), (slice(2, 5), slice(2, 5))``
    """
    q, k = cu_seqlens_q.tolist(), cu_seqlens_k.tolist()
    for q0, q1, k0, k1 in zip(q, q[1:], k, k[1:]):
        yield slice(q0, q1), slice(k0, k1)


@flash_attention_op.register_fake
def _(q: Tensor, k: Tensor, v: Tensor, *arguments: Any) -> tuple[Tensor, Tensor]:
    return empty_output(q, v, packed=arguments[1] is not None), rows_of(q)


@flash_attention_backward_op.register_fake
def _(
    grad_out: Tensor, grad_lse: Tensor | None, q: Tensor, k: Tensor, v: Tensor, *arguments: Any
) -> tuple[Tensor, Tensor, Tensor]:
    packed = arguments[3] is not None
    dq, dk, dv = (empty_output(x, x, packed=packed) for x in (q, k, v))
    return dq, dk, dv


def _setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    q, k, v, alibi_slopes, cu_seqlens_q, cu_seqlens_k, *ctx.options = inputs
    ctx.save_for_backward(q, k, v, *output, alibi_slopes, cu_seqlens_q, cu_seqlens_k)
    ctx.set_materialize_grads(False)


def _backward(ctx: Any, grad_out: Tensor | None, grad_lse: Tensor | None) -> tuple[Any, ...]:
    saved = ctx.saved_tensors
    if grad_out is None:
        grad_out = torch.zeros_like(saved[3])
    grads = flash_attention_backward_op(grad_out, grad_lse, *saved, *ctx.options)
    return *grads, *[None] * 10


flash_attention_op.register_autograd(_backward, setup_context=_setup_context)


@register_flop_formula(torch.ops.handtorch.flash_attention, get_raw=True)
def _flops(q: Tensor, k: Tensor, v: Tensor, *arguments: Any, out_val: Any = None) -> int:
    """Two products over all pairs, whatever the mask hides: as torch counts its own kernels."""
    return 2 * _pairs(q, k, *arguments[1:3]) * (q.shape[3] + v.shape[3])


@register_flop_formula(torch.ops.handtorch.flash_attention_backward, get_raw=True)
def _backward_flops(
    grad_out: Tensor, grad_lse: Any, q: Tensor, k: Tensor, v: Tensor, *arguments: Any, out_val: Any
) -> int:
    """Five products: the scores again, dp, dv, dq and dk."""
    return 2 * _pairs(q, k, *arguments[3:5]) * (3 * q.shape[3] + 2 * v.shape[3])


def _pairs(q: Tensor, k: Tensor, cu_seqlens_q: Tensor | None, cu_seqlens_k: Tensor | None) -> int:
    if cu_seqlens_q is None or cu_seqlens_k is None:
        return q.shape[0] * q.shape[1] * q.shape[2] * k.shape[2]
    return q.shape[1] * int((cu_seqlens_q.diff() * cu_seqlens_k.diff()).sum())
