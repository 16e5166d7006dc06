"""`flash_attention`: one function, several backends, and `explain`, which says which and why.

- ``triton``: the kernels of `triton_kernels`, on a CUDA device.
- ``tiled``: `tiled`, plain torch in linear memory, on any device.
- ``reference``: `reference`, plain torch with the whole matrix of scores.
- ``sdpa``: `torch.nn.functional.scaled_dot_product_attention`, torch's own fused kernels. In
  production, use this first.
- ``flex``: `torch.nn.attention.flex_attention`, compiled on a CUDA device; it knows windows,
  soft-caps and biases.

What this leaves out: dropout, and masks of other forms than causal and window.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from handtorch.efficient_attention import backends
from handtorch.efficient_attention.ops import flash_attention_op, sequences
from handtorch.efficient_attention.reference import reference_attention
from handtorch.efficient_attention.scores import ScoreRules, score_rules

Backend = Literal["auto", "triton", "tiled", "reference", "sdpa", "flex"]


@dataclass(frozen=True)
class Explanation:
    """Which backend a call takes, and why none of the others."""

    backend: str
    reason: str
    unsupported: dict[str, str]  # backend -> what it cannot do of this call

    def __str__(self) -> str:
        lines = [f"{self.backend}: {self.reason}"]
        return "\n".join(lines + [f"not {name}: {why}" for name, why in self.unsupported.items()])


def flash_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    causal: bool = False,
    window: int | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    alibi_slopes: Tensor | None = None,
    backend: Backend = "auto",
) -> Tensor:
    """softmax(q k^T scale) v, differentiable, by one of several backends.

    Args:
        q: (B, H, T, D).
        k: (B, G, S, D); each of the G heads serves H / G query heads.
        v: (B, G, S, Dv).
        causal: query i sees key j only if j <= i + S - T, aligned at the last key.
        window: query i sees only the last `window` keys up to i + S - T; implies `causal`.
        scale: factor of the products q k, 1 / sqrt(D) if None.
        softcap: bounds scaled scores smoothly to (-softcap, softcap), by tanh.
        alibi_slopes: (H,), what a score loses for each position of distance; not differentiated.
        backend: "auto" takes triton where it can and tiled elsewhere; a name takes that one.

    Returns:
        (B, H, T, Dv), in q's dtype; zeros for queries that see no key.

    Raises:
        ValueError: for arguments that are wrong, or that the named backend does not support.
    """
    rules = score_rules(q, k, v, causal, window, scale, softcap, alibi_slopes)
    chosen = _explain(q, k, v, rules, backend).backend
    return _run(chosen, q, k, v, rules)


def flash_attention_varlen(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens_q: Tensor,
    cu_seqlens_k: Tensor | None = None,
    *,
    max_seqlen_q: int | None = None,
    max_seqlen_k: int | None = None,
    causal: bool = False,
    window: int | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    alibi_slopes: Tensor | None = None,
    backend: Backend = "auto",
) -> Tensor:
    """Attention within each sequence of a packed batch, without padding.

    Args:
        q: (total, H, D), the sequences one after the other.
        k, v: (total of keys, G, D) and (total of keys, G, Dv).
        cu_seqlens_q: (N + 1,), int32, on q's device: 0, where each sequence ends.
        cu_seqlens_k: likewise for the keys; `cu_seqlens_q` if None.
        max_seqlen_q, max_seqlen_k: at least the longest sequence; if None they are computed, and
            a GPU has to be waited for.

        The rest, and what is raised, as in `flash_attention`. Backends other than triton take
        one sequence after the other.

    Returns:
        (total, H, Dv).

    Example: lengths 2 and 3 -> ``cu_seqlens_q = torch.tensor([0, 2, 5], dtype=torch.int32)``
    """
    cu_k = cu_seqlens_q if cu_seqlens_k is None else cu_seqlens_k
    for name, x in (("q", q), ("k", k), ("v", v)):
        if x.ndim != 3:
            raise ValueError(f"{name} has shape {tuple(x.shape)}; it must have 3 dimensions")
    q, k, v = (x.transpose(0, 1)[None] for x in (q, k, v))  # (1, H, total, D), views
    rules = score_rules(q, k, v, causal, window, scale, softcap, alibi_slopes)
    _check_cu_seqlens("cu_seqlens_q", cu_seqlens_q, q, cu_k)
    _check_cu_seqlens("cu_seqlens_k", cu_k, k, cu_seqlens_q)
    chosen = _explain(q, k, v, rules, backend).backend
    if chosen in ("triton", "tiled"):
        longest_q = _longest(cu_seqlens_q) if max_seqlen_q is None else max_seqlen_q
        longest_k = _longest(cu_k) if max_seqlen_k is None else max_seqlen_k
        out = _operator(chosen, q, k, v, rules, cu_seqlens_q, cu_k, longest_q, longest_k)
    else:
        out = q.new_zeros(*q.shape[:3], v.shape[3])
        for here, there in sequences(cu_seqlens_q, cu_k):
            parts = q[:, :, here], k[:, :, there], v[:, :, there]
            own = score_rules(*parts, rules.causal, window, scale, softcap, alibi_slopes)
            out[:, :, here] = _run(_explain(*parts, own, backend).backend, *parts, own)
    return out[0].transpose(0, 1)


def explain(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    causal: bool = False,
    window: int | None = None,
    scale: float | None = None,
    softcap: float | None = None,
    alibi_slopes: Tensor | None = None,
    backend: Backend = "auto",
) -> Explanation:
    """What `flash_attention` would do with the same arguments; raises what it would raise."""
    rules = score_rules(q, k, v, causal, window, scale, softcap, alibi_slopes)
    return _explain(q, k, v, rules, backend)


def _explain(q: Tensor, k: Tensor, v: Tensor, rules: ScoreRules, backend: str) -> Explanation:
    if backend not in get_args(Backend):
        allowed = ", ".join(get_args(Backend))
        raise ValueError(f"backend is {backend!r}; it must be one of {allowed}")
    reasons = {
        "triton": backends.triton_cannot(q, v),
        "sdpa": backends.sdpa_cannot(rules),
        "flex": backends.flex_cannot(q, k, v),
    }
    unsupported = {name: reason for name, reason in reasons.items() if reason is not None}
    if backend in unsupported:
        raise ValueError(f"backend is {backend!r}; it cannot be used here: {unsupported[backend]}")
    if backend != "auto":
        return Explanation(backend, "asked for", unsupported)
    if "triton" not in unsupported:
        return Explanation("triton", "our kernels support this call", unsupported)
    return Explanation("tiled", "linear memory, on any device and in any dtype", unsupported)


def _run(chosen: str, q: Tensor, k: Tensor, v: Tensor, rules: ScoreRules) -> Tensor:
    if chosen == "sdpa":
        return backends.sdpa(q, k, v, rules)
    if chosen == "flex":
        return backends.flex(q, k, v, rules)
    if chosen == "reference":
        return reference_attention(
            q,
            k,
            v,
            causal=rules.causal,
            window=rules.window,
            scale=rules.scale,
            softcap=rules.softcap,
            alibi_slopes=rules.alibi_slopes,
        )[0]
    return _operator(chosen, q, k, v, rules, None, None, q.shape[2], k.shape[2])


def _operator(
    chosen: str,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    rules: ScoreRules,
    cu_seqlens_q: Tensor | None,
    cu_seqlens_k: Tensor | None,
    max_seqlen_q: int,
    max_seqlen_k: int,
) -> Tensor:
    tensors = (q, k, v, rules.alibi_slopes, cu_seqlens_q, cu_seqlens_k)
    options = (rules.scale, rules.causal, rules.window, rules.softcap)
    out: Tensor = flash_attention_op(*tensors, max_seqlen_q, max_seqlen_k, *options, chosen)[0]
    return out


def _check_cu_seqlens(name: str, cu: Tensor, x: Tensor, other: Tensor) -> None:
    if cu.ndim != 1 or cu.dtype != torch.int32 or cu.device != x.device or len(cu) < 2:
        raise ValueError(
            f"{name} is {cu.dtype} of shape {tuple(cu.shape)} on {cu.device}; it must be "
            f"torch.int32 of shape (N + 1,) on {x.device}"
        )
    if len(cu) != len(other):
        raise ValueError(f"{name} has {len(cu)} numbers; it must have {len(other)} like the other")
    if cu.device.type != "cpu" or torch.compiler.is_compiling():
        return  # looking at the numbers would make the CPU wait for the GPU
    if cu[0] != 0 or cu[-1] != x.shape[2] or (cu.diff() < 0).any():
        raise ValueError(f"{name} is {cu.tolist()}; it must rise from 0 to {x.shape[2]}")


def _longest(cu_seqlens: Tensor) -> int:
    return int(cu_seqlens.diff().max())
