"""Scaled dot-product attention (vaswani2017): softmax(q kᵀ / sqrt(D)) v, as a loop and as matrices.

Shapes: q (..., T, D), k (..., S, D), v (..., S, Dv), out (..., T, Dv), with T queries, S keys and
head size D. A boolean mask says True where a query may attend, as in torch's
`scaled_dot_product_attention`; a floating mask is added to the scores. A query that may attend to
nothing gets zeros, never NaN. Half precision goes in and out; in between it is float32.

What this leaves out: heads (`multi_head`), making masks (`masks`), dropout on the weights, and
memory: all T x S scores exist at once (the chapter `efficient_attention` avoids that).
"""

import math

import torch
from torch import Tensor, nn


def attention_loop(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, *, scale: float | None = None
) -> Tensor:
    """Attention for one query at a time, on matrices q (T, D), k (S, D), v (S, Dv): (T, Dv).

    The definition, step by step; `attention` gives the same from three tensor operations. Like
    it, it raises ValueError if shapes or dtypes do not fit, and if there are leading dimensions.
    """
    if q.dim() != 2 or k.dim() != 2 or v.dim() != 2:
        raise ValueError(f"q, k, v have {q.dim()}, {k.dim()}, {v.dim()} dimensions; must be 2 each")
    check_arguments(q, k, v, mask)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    out = torch.zeros(q.shape[0], v.shape[1], dtype=_compute_dtype(q), device=q.device)
    rows = None if mask is None else mask.expand(q.shape[0], k.shape[0])
    for i in range(q.shape[0]):
        scores = k.to(out.dtype) @ q[i].to(out.dtype) * scale  # (S,), one score a key
        if rows is not None:
            scores = _apply_mask(scores, rows[i])
        if (scores == -math.inf).all():
            continue  # nothing to attend to: the row of zeros stays
        unnormalized = (scores - scores.max()).exp()  # the shift cancels; without it exp overflows
        weights = unnormalized / unnormalized.sum()  # (S,), positive, sum 1
        out[i] = weights @ v.to(out.dtype)  # a mean of the values, (Dv,)
    return out.to(q.dtype)


def attention_weights(
    q: Tensor, k: Tensor, mask: Tensor | None = None, *, scale: float | None = None
) -> Tensor:
    """How much each query takes from each key: (..., T, S), rows that sum to 1 (or to 0).

    Args:
        q: queries, (..., T, D).
        k: keys, (..., S, D).
        mask: broadcastable to (..., T, S). Boolean: True = may attend. Floating: added.
        scale: factor of the scores; 1 / sqrt(D) by default.

    Raises:
        ValueError: if shapes or dtypes do not fit together.
    """
    check_arguments(q, k, None, mask)
    return softmax_rows(attention_scores(q, k, mask, scale=scale)).to(q.dtype)


def attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, *, scale: float | None = None
) -> Tensor:
    """softmax(scale q kᵀ) v: for each query, the mean of the values by attention weight.

    Args:
        q: queries, (..., T, D).
        k: keys, (..., S, D); leading dimensions broadcast against those of q.
        v: values, (..., S, Dv).
        mask: broadcastable to (..., T, S). Boolean: True = may attend. Floating: added.
        scale: factor of the scores; 1 / sqrt(D) by default.

    Returns:
        (..., T, Dv), in the dtype of q.

    Raises:
        ValueError: if shapes or dtypes do not fit together.
    """
    check_arguments(q, k, v, mask)
    p = softmax_rows(attention_scores(q, k, mask, scale=scale))  # (..., T, S)
    return (p @ v.to(p.dtype)).to(q.dtype)


class SelfAttention(nn.Module):
    """One head of self-attention: queries, keys and values are all projections of x.

    Args:
        d_model: width of x and of the output.
        d_head: width of queries, keys and values; `d_model` by default.
        bias: whether the four projections have a bias.
    """

    def __init__(self, d_model: int, d_head: int | None = None, *, bias: bool = False) -> None:
        super().__init__()
        d_head = d_model if d_head is None else d_head
        for name, size in (("d_model", d_model), ("d_head", d_head)):
            if size < 1:
                raise ValueError(f"{name} is {size}; it must be 1 or more")
        self.q_proj = nn.Linear(d_model, d_head, bias=bias)
        self.k_proj = nn.Linear(d_model, d_head, bias=bias)
        self.v_proj = nn.Linear(d_model, d_head, bias=bias)
        self.o_proj = nn.Linear(d_head, d_model, bias=bias)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """x (B, T, C), mask broadcastable to (B, T, T); returns (B, T, C)."""
        out = attention(self.q_proj(x), self.k_proj(x), self.v_proj(x), mask)  # (B, T, d_head)
        projected: Tensor = self.o_proj(out)
        return projected

    def weights(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """The attention weights that `forward` uses, (B, T, T)."""
        return attention_weights(self.q_proj(x), self.k_proj(x), mask)


def attention_scores(
    q: Tensor, k: Tensor, mask: Tensor | None = None, *, scale: float | None = None
) -> Tensor:
    """scale q kᵀ with the mask in it, (..., T, S); float32, or float64 for float64."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    dtype = _compute_dtype(q)
    scores = q.to(dtype) @ k.to(dtype).transpose(-2, -1) * scale
    return scores if mask is None else _apply_mask(scores, mask)


def softmax_rows(scores: Tensor) -> Tensor:
    """Softmax over the last dimension, where a row of nothing but -inf becomes zeros.

    Plain softmax would make NaN of such a row, in the result and in every gradient.
    """
    dead = (scores == -math.inf).all(-1, keepdim=True)
    # Filled before as well as after: autograd multiplies by what softmax returned, and 0 x NaN
    # is NaN.
    return scores.masked_fill(dead, 0.0).softmax(-1).masked_fill(dead, 0.0)


def check_arguments(q: Tensor, k: Tensor, v: Tensor | None, mask: Tensor | None) -> None:
    """Raise ValueError unless shapes and dtypes fit together as the module's docstring says."""
    for name, tensor in (("q", q), ("k", k), ("v", v)):
        if tensor is None:
            continue
        if tensor.dim() < 2:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}; it needs 2 dimensions")
        if not tensor.is_floating_point() or tensor.dtype != q.dtype:
            raise ValueError(f"{name} is {tensor.dtype}; q, k, v must be of one floating dtype")
    if q.shape[-1] != k.shape[-1] or q.shape[-1] == 0:
        raise ValueError(f"k has head size {k.shape[-1]}; it must be that of q, {q.shape[-1]}, > 0")
    if v is not None and v.shape[-2] != k.shape[-2]:
        raise ValueError(f"v has {v.shape[-2]} rows; it must have one for each key, {k.shape[-2]}")
    if mask is not None and mask.dtype != torch.bool and not mask.is_floating_point():
        raise ValueError(f"mask is {mask.dtype}; it must be bool (True = may attend) or floating")
    _check_broadcast(q, k, v, mask)


def _check_broadcast(q: Tensor, k: Tensor, v: Tensor | None, mask: Tensor | None) -> None:
    wanted = (q.shape[-2], k.shape[-2])
    leading = [t.shape[:-2] for t in (q, k, v, mask) if t is not None]
    try:
        torch.broadcast_shapes(*leading)  # type: ignore[no-untyped-call]
    except RuntimeError:
        shapes = ", ".join(str(tuple(shape)) for shape in leading)
        raise ValueError(
            f"q, k, v, mask have leading dimensions {shapes}; must broadcast"
        ) from None
    if mask is None:
        return
    for size, most in zip(mask.shape[::-1], wanted[::-1]):
        if size not in (1, most):
            raise ValueError(f"mask has shape {tuple(mask.shape)}; must broadcast to {wanted}")


def _apply_mask(scores: Tensor, mask: Tensor) -> Tensor:
    if mask.dtype == torch.bool:
        return scores.masked_fill(~mask, -math.inf)
    return scores + mask.to(scores.dtype)


def _compute_dtype(q: Tensor) -> torch.dtype:
    return torch.float64 if q.dtype == torch.float64 else torch.float32
