"""Masks: which query may attend to which key.

A mask here is boolean and True means "may attend", as in torch's `scaled_dot_product_attention`
(and opposite to `torch.nn.MultiheadAttention`, where True means "hidden"). Each function says one
reason to look or not to look; `combine` joins them, and `as_bias` turns the result into numbers
that are added to the scores.

T queries and S keys are aligned at their ends: query i stands at position i + (S - T) of the
keys. So the same functions serve training (T = S) and decoding, where T new tokens follow S - T
that a cache holds. A query for which nothing is left to see is allowed; attention returns zeros.

What this leaves out: masks that are never stored as T x S numbers, by flag or by block (chapter
`efficient_attention`). The prefix mask is that of raffel2020.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

Side = Literal["left", "right"]
Device = torch.device | str | None


def causal_mask(T: int, S: int | None = None, *, device: Device = None) -> Tensor:
    """(T, S): each query sees the keys up to its own position, itself included.

    Args:
        T: queries.
        S: keys; T by default. The last query sees all of them. With S < T the first T - S
            queries see nothing.
        device: where the mask is made.

    Raises:
        ValueError: if a size is negative.

    Example: ``T=2, S=4`` -> ``[[True, True, True, False], [True, True, True, True]]``
    """
    queries, keys = _positions(T, S, device)
    return keys <= queries


def window_mask(
    T: int, S: int | None = None, *, left: int, right: int, device: Device = None
) -> Tensor:
    """(T, S): each query sees `left` keys before its own position, its own, and `right` after.

    A causal window of w keys, itself included, is ``left=w - 1, right=0``.

    Raises:
        ValueError: if a size, `left` or `right` is negative.
    """
    for name, reach in (("left", left), ("right", right)):
        if reach < 0:
            raise ValueError(f"{name} is {reach}; it must be 0 or more")
    queries, keys = _positions(T, S, device)
    return (queries - left <= keys) & (keys <= queries + right)


def prefix_mask(T: int, prefix: int, *, device: Device = None) -> Tensor:
    """(T, T): the first `prefix` tokens are seen by all, the others causally.

    For a batch of different prefixes: ``causal_mask(T) | padding_mask(prefixes, T)``.

    Raises:
        ValueError: unless 0 <= `prefix` <= T.
    """
    if not 0 <= prefix <= T:
        raise ValueError(f"prefix is {prefix}; it must be from 0 to T = {T}")
    queries, keys = _positions(T, None, device)
    return (keys <= queries) | (keys < prefix)


def padding_mask(lengths: Sequence[int] | Tensor, S: int, *, side: Side = "right") -> Tensor:
    """(B, 1, 1, S): the real keys of each row, for every head and query alike.

    Args:
        lengths: how many real tokens each of the B rows has.
        S: length of the padded rows.
        side: where the padding is.

    Raises:
        ValueError: if a length is not in 0..S, or `side` is neither of the two.

    Example: ``[2, 3], 3`` -> ``[[[[True, True, False]]], [[[True, True, True]]]]``
    """
    if side not in get_args(Side):
        raise ValueError(f"side is {side!r}; it must be one of {get_args(Side)}")
    real = torch.as_tensor(lengths)
    if real.dim() != 1 or real.is_floating_point() or ((real < 0) | (real > S)).any():
        raise ValueError(f"lengths is {lengths}; it must hold integers from 0 to S = {S}")
    place = torch.arange(S, device=real.device)  # (S,)
    if side == "left":
        place = place.flip(0)
    return (place < real[:, None])[:, None, None, :]


def document_mask(ids: Tensor) -> Tensor:
    """Tokens see those of their own document: (B, 1, T, T) from (B, T), or (T, T) from (T,).

    Args:
        ids: the number of the document that each token belongs to; negative for padding, which
            sees nothing and is seen by nothing.

    Raises:
        ValueError: if `ids` has another number of dimensions or is not of integers.

    Example: ``[0, 0, 1]`` -> ``[[True, True, False], [True, True, False], [False, False, True]]``
    """
    if ids.dim() not in (1, 2) or ids.is_floating_point() or ids.dtype == torch.bool:
        raise ValueError(
            f"ids is {ids.dtype} of shape {tuple(ids.shape)}; must be integers (T,) or (B, T)"
        )
    same = (ids[..., :, None] == ids[..., None, :]) & (ids[..., None, :] >= 0)  # (..., T, T)
    return same if ids.dim() == 1 else same[:, None]


def combine(*masks: Tensor) -> Tensor:
    """One mask that allows what all allow, broadcast together.

    Boolean masks are joined by "and". If one of them is floating, all become biases and are
    added, in the widest of their dtypes.

    Raises:
        ValueError: if there is no mask, or one is neither boolean nor floating.
    """
    if not masks:
        raise ValueError("masks is empty; there must be one or more")
    for mask in masks:
        if mask.dtype != torch.bool and not mask.is_floating_point():
            raise ValueError(f"a mask is {mask.dtype}; it must be bool or floating")
    floating = [mask.dtype for mask in masks if mask.is_floating_point()]
    if floating:
        masks = tuple(as_bias(mask, floating[0]) for mask in masks)
    result = masks[0]
    for mask in masks[1:]:
        result = result + mask if floating else result & mask
    return result


def as_bias(mask: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """What to add to the scores: 0 where `mask` is True and -inf where it is False.

    -inf, not a large negative number: it stays -inf when masks are added up, in any dtype, and
    a row of nothing but -inf can be told from a row of low scores. A floating mask is returned
    as it is.

    Raises:
        ValueError: if `dtype` is not floating.
    """
    if not dtype.is_floating_point:
        raise ValueError(f"dtype is {dtype}; it must be floating")
    if mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(~mask, -torch.inf)


def _positions(T: int, S: int | None, device: Device) -> tuple[Tensor, Tensor]:
    """Positions among the keys of the queries, (T, 1), and of the keys, (S,)."""
    S = T if S is None else S
    for name, size in (("T", T), ("S", S)):
        if size < 0:
            raise ValueError(f"{name} is {size}; it must be 0 or more")
    keys = torch.arange(S, device=device)
    return torch.arange(S - T, S, device=device)[:, None], keys
