"""FlashAttention in plain torch: attention in tiles, forward and backward, in linear memory.

The forward pass (dao2022, with the loop order of dao2024) takes a block of queries, goes over the
blocks of keys that it may see and keeps, for each query, the running maximum, the sum and the
weighted sum of values of `online_softmax`. Beside the output it saves one number a query, the
log-sum-exp of its scores. The backward pass needs nothing else: it computes the scores of a tile
again, and exp(score - lse) is the probability. No tensor grows with T x S.

What this leaves out: on a GPU the tile would live in on-chip memory; here every operation of torch
writes it to memory and reads it again. `triton_kernels` does it properly.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from handtorch.efficient_attention.reference import rows_of
from handtorch.efficient_attention.scores import score_rules


def tiled_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    causal: bool = False,
    window: int | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    alibi_slopes: Tensor | None = None,
    block_q: int = 256,
    block_k: int = 256,
) -> tuple[Tensor, Tensor]:
    """Attention and its log-sum-exp, without ever holding more than one tile of scores.

    Args:
        q: (B, H, T, D).
        k: (B, G, S, D), where G divides H.
        v: (B, G, S, Dv).
        block_q, block_k: queries and keys of a tile; the last tiles may be smaller.

        The rest, and what is raised, as in `scores.score_rules`.

    Returns:
        out (B, H, T, Dv) in q's dtype, and lse (B, H, T) in float32 (float64 for float64).
        Queries that see no key have zeros and minus infinity. Not differentiable by autograd:
        that would keep every tile. `tiled_attention_backward` is the backward pass.
    """
    rules = score_rules(q, k, v, causal, window, scale, softcap, alibi_slopes)
    check_blocks(block_q, block_k)
    out, lse = q.new_empty(*q.shape[:3], v.shape[3]), rows_of(q)
    for rows in blocks(range(rules.queries), block_q):
        q_i = rules.group(_take(q, rows) * rules.scale)  # (B, G, R, rows, D)
        m = q_i.new_full(q_i.shape[:4], -math.inf)  # largest score so far
        l = torch.zeros_like(m)  # sum of exp(score - m)
        acc = q_i.new_zeros(*q_i.shape[:4], v.shape[3])  # sum of exp(score - m) v
        for columns in blocks(rules.keys_seen_by(rows), block_k):
            k_j, v_j = _take(k, columns), _take(v, columns)  # (B, G, columns, D)
            s = rules.scores(rules.products(q_i, k_j), rows, columns)  # (B, G, R, rows, columns)
            if (visible := rules.visible(rows, columns, q.device)) is not None:
                s.masked_fill_(~visible, -math.inf)
            m_new = torch.maximum(m, s.amax(-1))
            shift = m_new.masked_fill(m_new == -math.inf, 0)  # nothing seen yet: avoid inf - inf
            p = s.sub_(shift[..., None]).exp_()  # in place: one tile, not three
            alpha = (m - shift).exp()  # brings the old sums to the new maximum
            l = l * alpha + p.sum(-1)
            acc = acc * alpha[..., None] + _rows_times(p, v_j)
            m = m_new
        acc /= l.masked_fill(l == 0, 1)[..., None]  # dividing once at the end is enough
        out[:, :, rows.start : rows.stop] = acc.flatten(1, 2)
        lse[:, :, rows.start : rows.stop] = (m + l.log()).flatten(1, 2)
    return out, lse


def tiled_attention_backward(
    grad_out: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    *,
    grad_lse: Tensor | None = None,
    causal: bool = False,
    window: int | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    alibi_slopes: Tensor | None = None,
    block_q: int = 256,
    block_k: int = 256,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of q, k and v from those of the output, with the scores computed again.

    Args:
        grad_out: (B, H, T, Dv).
        out, lse: what `tiled_attention` returned for the same q, k, v and options.
        grad_lse: (B, H, T), if the log-sum-exp was used, too.

    Returns:
        dq, dk, dv, shaped and typed like q, k, v. Keys' gradients sum over the heads that share
        them.
    """
    rules = score_rules(q, k, v, causal, window, scale, softcap, alibi_slopes)
    check_blocks(block_q, block_k)
    wide = lse.dtype
    # sum_j p_ij dp_ij, the part of softmax's gradient that is the same for a whole row, is
    # sum_j p_ij (dout_i . v_j) = dout_i . out_i: a number a row, known before the loop starts.
    delta = torch.linalg.vecdot(grad_out.to(wide), out.to(wide))  # (B, H, T)
    if grad_lse is not None:
        delta = delta - grad_lse  # d lse / d score is p as well
    lse = lse.masked_fill(lse == -math.inf, math.inf)  # exp(score - inf) = 0: no share, no gradient
    dq = torch.zeros_like(q, dtype=wide)
    dk, dv = torch.empty_like(k), torch.empty_like(v)
    for columns in blocks(range(rules.keys), block_k):
        k_j, v_j = _take(k, columns), _take(v, columns)  # (B, G, columns, D)
        dk_j, dv_j = torch.zeros_like(k_j), torch.zeros_like(v_j)
        for rows in blocks(rules.queries_that_see(columns), block_q):
            here = slice(rows.start, rows.stop)
            q_i = rules.group(_take(q, rows) * rules.scale)  # (B, G, R, rows, D)
            do_i = rules.group(_take(grad_out, rows))  # (B, G, R, rows, Dv)
            z = rules.products(q_i, k_j)  # (B, G, R, rows, columns)
            s = rules.scores(z, rows, columns)
            p = (s - rules.group(lse[:, :, here])[..., None]).exp_()
            if (visible := rules.visible(rows, columns, q.device)) is not None:
                p.masked_fill_(~visible, 0)
            dv_j += _columns_times(p, do_i)
            dp = _rows_times(do_i, v_j.mT)
            ds = p.mul_(dp.sub_(rules.group(delta[:, :, here])[..., None]))
            if rules.softcap is not None:
                ds *= 1 - torch.tanh(z / rules.softcap).square()
            dq[:, :, here] += _rows_times(ds, k_j).flatten(1, 2)
            dk_j += _columns_times(ds, q_i)  # q_i holds the scale already
        dk[:, :, columns.start : columns.stop] = dk_j
        dv[:, :, columns.start : columns.stop] = dv_j
    return dq.mul_(rules.scale).to(q.dtype), dk, dv


def blocks(positions: range, size: int) -> Iterator[range]:
    """Cut a range into ranges of at most `size`.

    Example: ``range(1, 6), 2`` -> ``range(1, 3), range(3, 5), range(5, 6)``
    """
    for start in range(positions.start, positions.stop, size):
        yield range(start, min(start + size, positions.stop))


def check_blocks(block_q: int, block_k: int) -> None:
    """Raise ValueError for tiles without queries or keys."""
    for name, size in (("block_q", block_q), ("block_k", block_k)):
        if size < 1:
            raise ValueError(f"{name} is {size}; it must be at least 1")


def _take(x: Tensor, positions: range) -> Tensor:
    """A block of the sequence, half precision raised to float32 as tensor cores accumulate it."""
    block = x[:, :, positions.start : positions.stop]
    return block.to(torch.promote_types(x.dtype, torch.float32))


def _rows_times(tile: Tensor, block: Tensor) -> Tensor:
    """(B, G, R, rows, N) @ (B, G, N, D) -> (B, G, R, rows, D)"""
    return torch.unflatten(tile.flatten(2, 3) @ block, 2, tile.shape[2:4])


def _columns_times(tile: Tensor, rows: Tensor) -> Tensor:
    """Sum over rows and over the heads of a group: -> (B, G, columns, D)"""
    return tile.flatten(2, 3).mT @ rows.flatten(2, 3)
