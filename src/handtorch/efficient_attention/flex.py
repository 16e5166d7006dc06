"""Attention programmed by two small functions, in the manner of FlexAttention (dong2024).

A mask function says of a pair (query, key) whether it counts; a score function changes its score.
Both are called with index tensors (b, h, q_idx, kv_idx) that broadcast against each other, so
plain arithmetic and indexing in them is enough. From a mask function `create_block_mask` finds
out, once, which tiles are empty, full or mixed; `flex_attention` skips the empty ones and asks
the mask function again only in the mixed ones.

The functions have the signatures that `torch.nn.attention.flex_attention` expects, and work there
unchanged. What this leaves out: the compiler, which makes one fused kernel of all this (here
each row of tiles is a few tensor operations), and key-value heads shared by query heads.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from handtorch.attention.scaled_dot_product import softmax_rows

#: (b, h, q_idx, kv_idx) -> bool, True = may attend
MaskMod = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
#: (score, b, h, q_idx, kv_idx) -> score
ScoreMod = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]

EMPTY, MIXED, FULL = 0, 1, 2


def causal(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
    """Keys up to the query; with a cache, shift: see `shifted`."""
    return q_idx >= kv_idx


def window(left: int, right: int) -> MaskMod:
    """Keys from `left` before the query to `right` after it."""
    return lambda b, h, q_idx, kv_idx: (q_idx - kv_idx <= left) & (kv_idx - q_idx <= right)


def dilated(step: int) -> MaskMod:
    """Keys whose distance from the query is a multiple of `step`."""
    return lambda b, h, q_idx, kv_idx: (q_idx - kv_idx) % step == 0


def prefix(length: int) -> MaskMod:
    """The first `length` keys."""
    return lambda b, h, q_idx, kv_idx: kv_idx < length


def documents(ids: Tensor) -> MaskMod:
    """Keys of the query's own document; ids (T,) numbers the documents of a packed sequence."""
    return lambda b, h, q_idx, kv_idx: ids[q_idx] == ids[kv_idx]


def shifted(mask_mod: MaskMod, offset: int) -> MaskMod:
    """`mask_mod` with the queries at q_idx + offset: S - T when keys come from a cache."""
    return lambda b, h, q_idx, kv_idx: mask_mod(b, h, q_idx + offset, kv_idx)


def both(first: MaskMod, second: MaskMod) -> MaskMod:
    """Pairs that both allow."""
    return lambda b, h, q, kv: first(b, h, q, kv) & second(b, h, q, kv)


def either(first: MaskMod, second: MaskMod) -> MaskMod:
    """Pairs that at least one allows."""
    return lambda b, h, q, kv: first(b, h, q, kv) | second(b, h, q, kv)


def alibi(slopes: Tensor) -> ScoreMod:
    """Subtract slopes[h] times the distance (press2022); slopes (H,)."""
    return lambda score, b, h, q_idx, kv_idx: score - slopes[h] * (q_idx - kv_idx).abs()


def softcap(cap: float) -> ScoreMod:
    """Squeeze scores into (-cap, cap), smoothly."""
    return lambda score, b, h, q_idx, kv_idx: cap * torch.tanh(score / cap)


@dataclass(frozen=True)
class BlockMask:
    """What `create_block_mask` found: a mask function and the kind of each tile.

    Attributes:
        mask_mod: the function.
        kinds: (B, H, blocks of queries, blocks of keys), each EMPTY, MIXED or FULL.
        shape: (T, S).
        block_size: length of a tile's sides; the last ones may be shorter.
    """

    mask_mod: MaskMod
    kinds: Tensor
    shape: tuple[int, int]
    block_size: int

    def share(self, kind: int) -> float:
        """Which part of the tiles is EMPTY, MIXED or FULL."""
        return (self.kinds == kind).double().mean().item()


def create_block_mask(
    mask_mod: MaskMod, B: int, H: int, T: int, S: int, *, block_size: int = 128
) -> BlockMask:
    """Sort the tiles of a T x S matrix into empty, mixed and full, for each batch and head.

    Args:
        mask_mod: the mask function.
        B: batch size; 1 if the function does not use b.
        H: heads; 1 if the function does not use h.
        T: queries.
        S: keys.
        block_size: sides of a tile.

    Raises:
        ValueError: if a size is not positive.
    """
    for name, size in (("B", B), ("H", H), ("T", T), ("S", S), ("block_size", block_size)):
        if size < 1:
            raise ValueError(f"{name} is {size}; it must be 1 or more")
    rows = []
    for q_idx in torch.split(torch.arange(T), block_size):
        allowed = mask_mod(*_indices(B, H, q_idx, torch.arange(S))).expand(B, H, len(q_idx), S)
        kinds = [
            tile.any(-1).any(-1).long() + tile.all(-1).all(-1).long()  # 0, 1 or 2
            for tile in torch.split(allowed, block_size, dim=-1)
        ]
        rows.append(torch.stack(kinds, -1))  # (B, H, blocks of keys)
    return BlockMask(mask_mod, torch.stack(rows, 2), (T, S), block_size)


def flex_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    score_mod: ScoreMod | None = None,
    block_mask: BlockMask | None = None,
    scale: float | None = None,
) -> Tensor:
    """Softmax attention with scores changed by `score_mod`, over the tiles in `block_mask`.

    Args:
        q: queries, (B, H, T, D).
        k: keys, (B, H, S, D).
        v: values, (B, H, S, Dv).
        score_mod: applied to the scaled scores, before the mask.
        block_mask: from `create_block_mask`, for B or 1 batches and H or 1 heads; by default
            every pair counts.
        scale: factor of the scores; 1 / sqrt(D) by default.

    Returns:
        (B, H, T, Dv), in the dtype of q. A query that may attend to nothing gets zeros.

    Raises:
        ValueError: if shapes do not fit.
    """
    B, H, T, D = q.shape
    S = k.shape[-2]
    if block_mask is not None and block_mask.shape != (T, S):
        raise ValueError(f"block_mask is for (T, S) = {block_mask.shape}; q and k have {(T, S)}")
    if k.shape != (B, H, S, D) or v.shape[:-1] != (B, H, S):
        shapes = f"q {tuple(q.shape)}, k {tuple(k.shape)}, v {tuple(v.shape)}"
        raise ValueError(f"shapes are {shapes}; they must agree in batch, heads, keys, head size")
    dtype = torch.float64 if q.dtype == torch.float64 else torch.float32
    size = T if block_mask is None else block_mask.block_size
    scale = D**-0.5 if scale is None else scale
    outputs = []
    for i, q_idx in enumerate(torch.split(torch.arange(T, device=q.device), max(size, 1))):
        kv_idx, mixed = _columns(block_mask, i, S, q.device)
        index = _indices(B, H, q_idx, kv_idx)
        keys, values = k[..., kv_idx, :].to(dtype), v[..., kv_idx, :].to(dtype)
        scores = q[..., q_idx, :].to(dtype) * scale @ keys.transpose(-2, -1)
        if score_mod is not None:
            scores = score_mod(scores, *index)
        if block_mask is not None and mixed:
            scores = scores.masked_fill(~block_mask.mask_mod(*index), -math.inf)
        outputs.append(softmax_rows(scores) @ values)  # (B, H, block, Dv)
    return torch.cat(outputs, -2).to(q.dtype)


def _columns(
    block_mask: BlockMask | None, i: int, S: int, device: torch.device
) -> tuple[Tensor, bool]:
    """The keys that row i of tiles visits, and whether any of its tiles needs the mask."""
    if block_mask is None:
        return torch.arange(S, device=device), False
    kinds = block_mask.kinds[:, :, i].flatten(0, 1)  # (B * H, blocks of keys)
    visited = (kinds != EMPTY).any(0)  # by any batch or head; the mask sorts out the others
    tiles = torch.split(torch.arange(S), block_mask.block_size)
    kept = [tile for tile, keep in zip(tiles, visited.tolist()) if keep]
    columns = torch.cat([torch.empty(0, dtype=torch.long), *kept])
    return columns.to(device), bool((kinds[:, visited] != FULL).any())


def _indices(B: int, H: int, q_idx: Tensor, kv_idx: Tensor) -> tuple[Tensor, ...]:
    """b, h, q_idx, kv_idx in shapes that broadcast to (B, H, T, S)."""
    b = torch.arange(B, device=q_idx.device).view(B, 1, 1, 1)
    h = torch.arange(H, device=q_idx.device).view(1, H, 1, 1)
    return b, h, q_idx.view(1, 1, -1, 1), kv_idx.view(1, 1, 1, -1)
