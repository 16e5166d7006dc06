"""How far a stack of masked attention layers can see, and how far it is likely to.

`reachable` answers the first: input j can change output i if there is a path of allowed pairs
through the layers. `influence` answers a version of the second, attention rollout (abnar2020): it
multiplies the layers' weights, here with each query attending evenly to all it may, and part of
each layer's output coming through the residual connection.

What this leaves out: what a trained model attends to, and what its feed-forward layers do.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def reachable(masks: Sequence[Tensor]) -> Tensor:
    """(T, T) bool: whether output i of the last layer can depend on input j of the first.

    Args:
        masks: one boolean (T, T) mask a layer, True = may attend, the first layer first.

    A residual connection is taken for granted: each position reaches itself.

    Raises:
        ValueError: if there is no mask, or one is not boolean and square.
    """
    reach = torch.eye(_size(masks), dtype=torch.bool, device=masks[0].device)
    for mask in masks:
        # Paths into i: through i itself, or through any position that i attends to. Counting
        # them in float64 cannot round to zero.
        reach = reach | ((mask.double() @ reach.double()) > 0)
    return reach


def influence(masks: Sequence[Tensor], *, residual: float = 0.5) -> Tensor:
    """(T, T): the share of input j in output i if all attend evenly; rows sum to 1.

    Args:
        masks: one boolean (T, T) mask a layer, True = may attend, the first layer first. Each
            row must allow something.
        residual: share of each layer's output that comes from the position itself, 0 to 1.

    Raises:
        ValueError: if `residual` is out of range, there is no mask, or one is not boolean and
            square.
    """
    if not 0 <= residual <= 1:
        raise ValueError(f"residual is {residual}; it must be from 0 to 1")
    eye = torch.eye(_size(masks), dtype=torch.float64, device=masks[0].device)
    share = eye
    for mask in masks:
        even = mask.double() / mask.double().sum(-1, keepdim=True)
        share = (residual * eye + (1 - residual) * even) @ share
    return share


def _size(masks: Sequence[Tensor]) -> int:
    if not masks:
        raise ValueError("masks is empty; it must hold one mask a layer")
    for mask in masks:
        if mask.dtype != torch.bool or mask.dim() != 2 or mask.shape != (len(masks[0]),) * 2:
            shape = tuple(mask.shape)
            raise ValueError(f"a mask is {mask.dtype} of shape {shape}; must be bool, all (T, T)")
    return len(masks[0])
