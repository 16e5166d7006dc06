"""Torch's own fused attention as backends, and what each of the fused backends cannot do.

`dispatch` chooses among them. The functions ``*_cannot`` return None, or what stands in the way of
a call, in words for the caller's error message.
"""

import functools
import importlib.util
import os
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention.bias import causal_lower_right

from handtorch.efficient_attention.scores import ScoreRules

HAS_TRITON = importlib.util.find_spec("triton") is not None  # looks, and does not import
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"  # Triton reads it when it is imported


def triton_cannot(q: Tensor, v: Tensor) -> str | None:
    """What keeps our kernels from this call."""
    if not HAS_TRITON:
        return "the package triton is not installed"
    if not q.is_cuda and not INTERPRETED:
        return f"q is on {q.device}; the kernels run on CUDA devices"
    if q.is_cuda and _capability(q.device) < (8, 0):
        return "the kernels are for devices of compute capability 8.0 and above"
    if q.dtype not in (torch.float16, torch.bfloat16) and not INTERPRETED:
        return f"q is {q.dtype}; the kernels take float16 and bfloat16"
    if max(q.shape[3], v.shape[3]) > 256:
        return f"the head size is {max(q.shape[3], v.shape[3])}; the kernels take up to 256"
    return None


def sdpa_cannot(rules: ScoreRules) -> str | None:
    """What keeps scaled_dot_product_attention from this call."""
    if rules.softcap is not None:
        return "scaled_dot_product_attention has no softcap"
    if rules.window is not None or rules.alibi_slopes is not None:
        name = "alibi_slopes" if rules.window is None else "window"
        return f"{name} would need a mask of T x S numbers there, and with it quadratic memory"
    if rules.causal and rules.queries > rules.keys:
        return f"causal with more queries ({rules.queries}) than keys ({rules.keys}) hides rows"
    return None


def flex_cannot(q: Tensor, k: Tensor, v: Tensor) -> str | None:
    """What keeps FlexAttention from this call."""
    if q.device.type not in ("cpu", "cuda"):
        return f"q is on {q.device}; FlexAttention is used here on cpu and cuda"
    wants_grad = torch.is_grad_enabled() and any(x.requires_grad for x in (q, k, v))
    if not q.is_cuda and wants_grad:
        return "FlexAttention has no backward pass on the CPU"
    if 0 in (q.shape[2], k.shape[2]):
        return "FlexAttention needs at least one query and one key"
    return None


def sdpa(q: Tensor, k: Tensor, v: Tensor, rules: ScoreRules) -> Tensor:
    """`torch.nn.functional.scaled_dot_product_attention`."""
    square = rules.queries == rules.keys
    # is_causal aligns at the first key; with a single query, the last one, nothing is hidden.
    bias = causal_lower_right(rules.queries, rules.keys)
    return F.scaled_dot_product_attention(
        q,
        k,
        v,
        attn_mask=bias if rules.causal and not square and rules.queries > 1 else None,
        is_causal=rules.causal and square,
        scale=rules.scale,
        enable_gqa=q.shape[1] != k.shape[1],
    )


def flex(q: Tensor, k: Tensor, v: Tensor, rules: ScoreRules) -> Tensor:
    """`torch.nn.attention.flex_attention`: fused on a CUDA device, on the CPU for comparison."""
    from torch.nn.attention.flex_attention import create_block_mask

    shift = rules.keys - rules.queries

    def score_mod(score: Tensor, b: Tensor, h: Tensor, i: Tensor, j: Tensor) -> Tensor:
        if rules.softcap is not None:
            score = rules.softcap * torch.tanh(score / rules.softcap)
        if rules.alibi_slopes is not None:
            score = score - rules.alibi_slopes[h] * (i + shift - j).abs()
        return score

    def mask_mod(b: Tensor, h: Tensor, i: Tensor, j: Tensor) -> Tensor:
        seen = j <= i + shift
        return seen if rules.window is None else seen & (j > i + shift - rules.window)

    mask = None
    if rules.causal:
        mask = create_block_mask(mask_mod, None, None, rules.queries, rules.keys, q.device)
    if not torch.is_grad_enabled():
        q, k, v = q.detach(), k.detach(), v.detach()  # it looks at requires_grad even then
    plain = rules.softcap is None and rules.alibi_slopes is None
    attend = _compiled_flex() if q.is_cuda else _eager_flex()
    out: Tensor = attend(
        q,
        k,
        v,
        score_mod=None if plain else score_mod,
        block_mask=mask,
        scale=rules.scale,
        enable_gqa=q.shape[1] != k.shape[1],
    )
    return out


def _eager_flex() -> Callable[..., Any]:
    from torch.nn.attention.flex_attention import flex_attention

    return flex_attention


@functools.cache
def _compiled_flex() -> Callable[..., Any]:
    return torch.compile(_eager_flex())


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _capability(device: torch.device) -> tuple[int, int]:
    return torch.cuda.get_device_capability(device)
