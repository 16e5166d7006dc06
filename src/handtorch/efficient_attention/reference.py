"""Attention as the formula says it, with the whole matrix of scores: what the others must equal.

All options of `flash_attention` in a few lines and any floating dtype, differentiated by autograd.
Time and memory are quadratic in the length: this is the baseline that FlashAttention (dao2022)
starts from, and in float64 the reference of the tests.
"""

import math

import torch
from torch import Tensor

from handtorch.efficient_attention.scores import score_rules


def reference_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    causal: bool = False,
    window: int | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    alibi_slopes: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """softmax(q k^T scale) v, and the logarithm of the softmax's denominator.

    The arguments, and what is raised, are those of `scores.score_rules`.

    Returns:
        out (B, H, T, Dv) in q's dtype, and the log-sum-exp of the scores, (B, H, T), in float32
        (float64 for float64). Queries that see no key have zeros and minus infinity.
    """
    rules = score_rules(q, k, v, causal, window, scale, softcap, alibi_slopes)
    rows, columns = range(rules.queries), range(rules.keys)
    if not columns:
        return q.new_zeros(*q.shape[:3], v.shape[3]), rows_of(q).fill_(-math.inf)
    z = rules.products(rules.group(q * rules.scale), k)  # (B, G, R, T, S)
    s = rules.scores(z.to(torch.promote_types(z.dtype, torch.float32)), rows, columns)
    visible = rules.visible(rows, columns, q.device)
    if visible is None:
        visible = torch.ones(len(rows), len(columns), dtype=torch.bool, device=q.device)
    blind = ~visible.any(-1)  # these rows stay unmasked, or their gradients would be NaN
    s = s.masked_fill(~(visible | blind[:, None]), -math.inf)
    lse = s.logsumexp(-1).masked_fill(blind, -math.inf)
    p = s.softmax(-1).masked_fill(blind[:, None], 0).to(v.dtype)
    out = p @ v[:, :, None]
    return out.flatten(1, 2), lse.flatten(1, 2)


def rows_of(q: Tensor) -> Tensor:
    """An uninitialized (B, H, T) tensor for one number a row: float32, or float64 for float64."""
    return q.new_empty(q.shape[:3], dtype=torch.promote_types(q.dtype, torch.float32))
