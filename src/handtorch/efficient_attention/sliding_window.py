"""Sliding-window attention in banded storage, as in Longformer (beltagy2020): memory O(T W).

A query looks at `left` keys before itself, itself and `right` keys after: W = left + right + 1.
The T x W scores that exist are stored as a band: column c of row i holds the score of key
i + (c - left) * dilation. Nothing of size T x T is ever made. Global tokens add G columns that
every query sees, and G rows that see every key.

Two ways to fill the band stand side by side. `sliding_window_attention` goes along it diagonal by
diagonal and takes a dilation and global tokens. `sliding_window_attention_chunked` takes whole
blocks, so it multiplies matrices, but computes scores outside the band too and throws them away.

What this leaves out: padding masks, keys of another length than the queries (a cache), dropout.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from handtorch.attention.scaled_dot_product import attention, softmax_rows


def sliding_window_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    left: int,
    right: int,
    dilation: int = 1,
    global_tokens: Sequence[int] = (),
    global_qkv: tuple[Tensor, Tensor, Tensor] | None = None,
    scale: float | None = None,
) -> Tensor:
    """Softmax attention over a window and a few global tokens.

    Args:
        q: queries, (..., T, D).
        k: keys, (..., T, D).
        v: values, (..., T, Dv).
        left: how many keys before itself a query sees.
        right: how many after. With 0 nothing sees the future, global tokens included.
        dilation: distance between neighbors in the window; 2 skips every other key.
        global_tokens: positions, 0 to T - 1, that see all and are seen by all.
        global_qkv: (q, k, v) with which the global tokens look at all keys; Longformer has
            projections of their own for this. By default q, k and v.
        scale: factor of the scores; 1 / sqrt(D) by default.

    Returns:
        (..., T, Dv), in the dtype of q.

    Raises:
        ValueError: if shapes do not fit, a width is negative, or a global token is out of range.
    """
    T = _check(q, k, v, left, right, dilation, global_tokens)
    dtype = torch.float64 if q.dtype == torch.float64 else torch.float32
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scaled, keys, values = q.to(dtype) * scale, k.to(dtype), v.to(dtype)
    at = torch.tensor(list(global_tokens), dtype=torch.long, device=q.device)  # (G,)

    band = band_scores(scaled, keys, left=left, right=right, dilation=dilation)  # (..., T, W)
    allowed = _band_of_keys(T, left, right, dilation, at)  # (T, W)
    band = band.masked_fill(~allowed, -math.inf)
    columns = scaled @ keys[..., at, :].transpose(-2, -1)  # (..., T, G)
    if right == 0:
        future = at > torch.arange(T, device=q.device)[:, None]  # (T, G)
        columns = columns.masked_fill(future, -math.inf)

    p = softmax_rows(torch.cat([columns, band], -1))  # one softmax over both: (..., T, G + W)
    out = band_times_values(p[..., len(at) :], values, left=left, dilation=dilation)
    if len(at):
        out = out + p[..., : len(at)] @ values[..., at, :]
        rows = _global_rows((q, k, v) if global_qkv is None else global_qkv, at, right == 0, scale)
        out = out.index_copy(-2, at, rows.to(dtype))
    return out.to(q.dtype)


def band_scores(q: Tensor, k: Tensor, *, left: int, right: int, dilation: int = 1) -> Tensor:
    """q_i . k_j for j = i + (c - left) * dilation in column c: (..., T, left + right + 1).

    Where there is no such key, at the two ends, the score is that of a key of zeros; whoever
    uses the band has to mask it.
    """
    T = q.shape[-2]
    padded = F.pad(k, (0, 0, left * dilation, right * dilation))
    diagonals = [
        # The shifted keys are a view: no copy of k is made, only T numbers a diagonal.
        torch.linalg.vecdot(q, padded[..., c * dilation : c * dilation + T, :])
        for c in range(left + right + 1)
    ]
    return torch.stack(diagonals, -1)


def band_times_values(p: Tensor, v: Tensor, *, left: int, dilation: int = 1) -> Tensor:
    """sum over c of p[i, c] v_j with j = i + (c - left) * dilation: (..., T, Dv)."""
    T, W = p.shape[-2:]
    padded = F.pad(v, (0, 0, left * dilation, (W - 1 - left) * dilation))
    out = torch.zeros((), dtype=p.dtype, device=p.device)
    for c in range(W):
        out = out + p[..., c : c + 1] * padded[..., c * dilation : c * dilation + T, :]
    return out


def sliding_window_attention_chunked(
    q: Tensor, k: Tensor, v: Tensor, *, left: int, right: int, scale: float | None = None
) -> Tensor:
    """The same without dilation and global tokens, in blocks of max(left, right) queries.

    Each block of c queries meets its own c keys and the c before and after (where the window
    goes there), in one product of matrices: at most 3 c scores a query, where 2 c + 1 count.
    """
    T = _check(q, k, v, left, right, 1, ())
    dtype = torch.float64 if q.dtype == torch.float64 else torch.float32
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    c = max(left, right, 1)
    n = -(-T // c)  # blocks, the last one filled up
    before, after = c if left else 0, c if right else 0
    width = before + c + after
    queries = F.pad(q.to(dtype) * scale, (0, 0, 0, n * c - T))
    queries = queries.view(*q.shape[:-2], n, c, q.shape[-1])  # (..., n, c, D)
    around = (0, 0, before, n * c - T + after)
    keys = F.pad(k.to(dtype), around).unfold(-2, width, c)  # (..., n, D, width), a view
    values = F.pad(v.to(dtype), around).unfold(-2, width, c)  # (..., n, Dv, width)
    scores = queries @ keys  # (..., n, c, width)

    row = torch.arange(n * c, device=q.device).view(n, c, 1)
    column = torch.arange(n, device=q.device).view(n, 1, 1) * c - before
    column = column + torch.arange(width, device=q.device)  # (n, 1, width), the key's position
    allowed = (column >= row - left) & (column <= row + right) & (column >= 0) & (column < T)
    p = softmax_rows(scores.masked_fill(~allowed, -math.inf))
    out = p @ values.transpose(-2, -1)  # (..., n, c, Dv)
    return out.flatten(-3, -2)[..., :T, :].to(q.dtype)


def window_width(left: int, right: int, dilation: int = 1) -> tuple[int, int]:
    """(keys in a window, how many positions it spans).

    Example: ``2, 2, 3`` -> ``(5, 13)``: offsets -6, -3, 0, 3, 6
    """
    return left + right + 1, (left + right) * dilation + 1


def _band_of_keys(T: int, left: int, right: int, dilation: int, at: Tensor) -> Tensor:
    """(T, W): whether the band's key exists and does not have a column of its own already."""
    offsets = torch.arange(-left, right + 1, device=at.device) * dilation
    j = torch.arange(T, device=at.device)[:, None] + offsets  # (T, W)
    own_column = torch.zeros(T, dtype=torch.bool, device=at.device)
    own_column = own_column.index_fill(0, at, True)
    return (j >= 0) & (j < T) & ~own_column[j.clamp(0, T - 1)]


def _global_rows(
    qkv: tuple[Tensor, Tensor, Tensor], at: Tensor, causal: bool, scale: float
) -> Tensor:
    """What the global tokens see: all keys, or all up to themselves: (..., G, Dv)."""
    q, k, v = qkv
    j = torch.arange(k.shape[-2], device=at.device)
    mask = j <= at[:, None] if causal else None  # (G, T)
    return attention(q[..., at, :], k, v, mask, scale=scale)


def _check(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    left: int,
    right: int,
    dilation: int,
    global_tokens: Sequence[int],
) -> int:
    """Raise ValueError unless the arguments fit together; T."""
    T = q.shape[-2]
    for name, tensor in (("k", k), ("v", v)):
        if tensor.shape[-2] != T:
            raise ValueError(f"{name} has length {tensor.shape[-2]}; it must be that of q, {T}")
    if k.shape[-1] != q.shape[-1]:
        raise ValueError(f"k has head size {k.shape[-1]}; it must be that of q, {q.shape[-1]}")
    for name, value, least in (("left", left, 0), ("right", right, 0), ("dilation", dilation, 1)):
        if value < least:
            raise ValueError(f"{name} is {value}; it must be {least} or more")
    outside = [g for g in global_tokens if not 0 <= g < T]
    if outside or len(set(global_tokens)) < len(global_tokens):
        raise ValueError(
            f"global_tokens is {list(global_tokens)}; they must be different positions, "
            f"0 to {T - 1}"
        )
    return T
