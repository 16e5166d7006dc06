"""What the scores of attention are, tile by tile, and which keys a query sees.

`reference`, `tiled` and `decoding` share these rules, and the Triton kernels follow them: scores
are scaled, then soft-capped (gemma2024b), then biased by ALiBi (press2022), then masked. Queries
are aligned with the last keys: with T queries and S keys, query i stands at position i + S - T.

What this leaves out: masks of any other form; `flex` has those.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class ScoreRules:
    """The arguments of attention, checked, for q (B, H, T, D) and k (B, G, S, D)."""

    queries: int  # T
    keys: int  # S
    groups: int  # G key-value heads, each for H / G query heads
    scale: float
    causal: bool = False
    window: int | None = None
    softcap: float | None = None
    alibi_slopes: Tensor | None = None  # (H,)

    def group(self, x: Tensor) -> Tensor:
        """(B, H, T, D) -> (B, G, R, T, D): the R heads that share keys and values side by side."""
        return torch.unflatten(x, 1, (self.groups, -1))

    def products(self, q_i: Tensor, k_j: Tensor) -> Tensor:
        """Queries times keys, (B, G, R, rows, columns).

        Args:
            q_i: the rows of the queries, grouped and already scaled: (B, G, R, rows, D).
            k_j: the columns of the keys: (B, G, columns, D).
        """
        # The heads of a group see the same keys: stacked, they are one matrix product.
        return torch.unflatten(q_i.flatten(2, 3) @ k_j.mT, 2, q_i.shape[2:4])

    def scores(self, products: Tensor, rows: range, columns: range) -> Tensor:
        """Scores of one tile before the mask; `products` themselves if nothing changes them."""
        s = products
        if self.softcap is not None:
            s = self.softcap * torch.tanh(s / self.softcap)
        if self.alibi_slopes is not None:
            slopes = self.alibi_slopes.to(s.dtype).view(self.groups, -1, 1, 1)
            s = s - slopes * self.distance(rows, columns, s.device).abs()
        return s

    def distance(self, rows: range, columns: range, device: torch.device) -> Tensor:
        """How far each key lies behind each query, (rows, columns); negative in the future."""
        positions = torch.arange(rows.start, rows.stop, device=device) + self.keys - self.queries
        return positions[:, None] - torch.arange(columns.start, columns.stop, device=device)

    def visible(self, rows: range, columns: range, device: torch.device) -> Tensor | None:
        """Which pairs of a tile may attend, (rows, columns); None if all of them may."""
        shift = self.keys - self.queries
        nearest = rows.start + shift - (columns.stop - 1)  # the smallest distance in the tile
        furthest = rows.stop - 1 + shift - columns.start
        if not self.causal or (nearest >= 0 and furthest < self._reach):
            return None
        distance = self.distance(rows, columns, device)
        return (distance >= 0) & (distance < self._reach)

    def keys_seen_by(self, rows: range) -> range:
        """The keys that at least one of these queries may see."""
        if not self.causal:
            return range(self.keys)
        shift = self.keys - self.queries
        first = max(0, rows.start + shift + 1 - self._reach)
        return range(first, max(first, min(self.keys, rows.stop + shift)))

    def queries_that_see(self, columns: range) -> range:
        """The queries that may see at least one of these keys."""
        if not self.causal:
            return range(self.queries)
        shift = self.keys - self.queries
        first = max(0, columns.start - shift)
        last = min(self.queries, columns.stop - 1 - shift + self._reach)
        return range(first, max(first, last))

    @property
    def _reach(self) -> int:
        return self.window if self.window is not None else self.keys + self.queries


def score_rules(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    causal: bool = False,
    window: int | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    alibi_slopes: Tensor | None = None,
) -> ScoreRules:
    """Check the arguments that all functions of FlashAttention here share.

    Args:
        q: (B, H, T, D).
        k: (B, G, S, D), where G divides H.
        v: (B, G, S, Dv).
        causal: query i sees key j only if j <= i + S - T.
        window: query i sees only the last `window` keys up to i + S - T; implies `causal`.
        scale: factor of the products q k, 1 / sqrt(D) if None.
        softcap: bounds scaled scores smoothly to (-softcap, softcap), by tanh.
        alibi_slopes: (H,), what a score loses for each position of distance; not differentiated.

    Raises:
        ValueError: naming the argument, what it was, and what it may be.
    """
    _check_tensors(q, k, v)
    if window is not None and (isinstance(window, bool) or window < 1):
        raise ValueError(f"window is {window}; it must be None or at least 1")
    if scale is not None and not 0 < scale < math.inf:
        raise ValueError(f"scale is {scale}; it must be None or a positive number")
    if softcap is not None and not 0 < softcap < math.inf:
        raise ValueError(f"softcap is {softcap}; it must be None or a positive number")
    if alibi_slopes is not None and alibi_slopes.shape != (q.shape[1],):
        shape = tuple(alibi_slopes.shape)
        raise ValueError(f"alibi_slopes has shape {shape}; it must be ({q.shape[1]},), one a head")
    return ScoreRules(
        queries=q.shape[2],
        keys=k.shape[2],
        groups=k.shape[1],
        scale=q.shape[3] ** -0.5 if scale is None else scale,
        causal=causal or window is not None,
        window=window,
        softcap=softcap,
        alibi_slopes=alibi_slopes,
    )


def _check_tensors(q: Tensor, k: Tensor, v: Tensor) -> None:
    for name, x in (("q", q), ("k", k), ("v", v)):
        if x.ndim != 4:
            raise ValueError(f"{name} has shape {tuple(x.shape)}; it must have 4 dimensions")
        if not x.dtype.is_floating_point or x.dtype != q.dtype:
            raise ValueError(f"{name} is {x.dtype}; q, k and v must be of one floating dtype")
        if x.device != q.device:
            raise ValueError(f"{name} is on {x.device}; it must be where q is, on {q.device}")
    if k.shape[:1] + k.shape[3:] != q.shape[:1] + q.shape[3:]:
        want = f"({q.shape[0]}, G, S, {q.shape[3]}) to go with q of shape {tuple(q.shape)}"
        raise ValueError(f"k has shape {tuple(k.shape)}; it must be {want}")
    if q.shape[3] == 0 or k.shape[1] == 0 or q.shape[1] % k.shape[1]:
        raise ValueError(
            f"k has {k.shape[1]} heads of size {k.shape[3]}; the number of heads must divide "
            f"that of q, {q.shape[1]}, and the size must be at least 1"
        )
    if v.shape[:3] != k.shape[:3]:
        want = f"({', '.join(map(str, k.shape[:3]))}, Dv) to go with k of shape {tuple(k.shape)}"
        raise ValueError(f"v has shape {tuple(v.shape)}; it must be {want}")
