"""Linformer (wang2020): project keys and values from S positions to r, then attend as usual.

k' = E k and v' = F v have r rows each, whatever S is, so scores are T x r. E and F are learned and
have one column for each position: a maximum length is built in. Each of the r rows mixes all
positions, so there is no causal version of it.

What this leaves out: sharing E and F between heads and layers, and the paper's other projections
(pooling, convolution).
"""

import torch
from torch import Tensor, nn

from handtorch.attention.scaled_dot_product import attention


def linformer_attention(
    q: Tensor, k: Tensor, v: Tensor, e: Tensor, f: Tensor, *, scale: float | None = None
) -> Tensor:
    """Attention to r mixtures of positions instead of S positions.

    Args:
        q: queries, (..., T, D).
        k: keys, (..., S, D).
        v: values, (..., S, Dv).
        e: projection of the keys, (r, max_len) with max_len >= S; its first S columns are used.
        f: projection of the values, (r, max_len).
        scale: factor of the scores; 1 / sqrt(D) by default.

    Returns:
        (..., T, Dv).

    Raises:
        ValueError: if the sequence is longer than the projections or they differ in shape.
    """
    S = k.shape[-2]
    if e.shape != f.shape:
        raise ValueError(f"e has shape {tuple(e.shape)}, f {tuple(f.shape)}; they must be the same")
    if e.shape[1] < S:
        raise ValueError(f"k has length {S}; the projections were made for at most {e.shape[1]}")
    return attention(q, e[:, :S] @ k, f[:, :S] @ v, scale=scale)  # (..., r, D) and (..., r, Dv)


class LinformerProjection(nn.Module):
    """The learned E and F of one layer, shared by its heads; call it with q, k and v.

    Args:
        max_len: the longest sequence.
        rank: r, how many mixtures are kept.

    Raises:
        ValueError: if a size is not positive.
    """

    def __init__(self, max_len: int, rank: int) -> None:
        super().__init__()
        for name, size in (("max_len", max_len), ("rank", rank)):
            if size < 1:
                raise ValueError(f"{name} is {size}; it must be 1 or more")
        self.e = nn.Parameter(torch.randn(rank, max_len) * max_len**-0.5)
        self.f = nn.Parameter(torch.randn(rank, max_len) * max_len**-0.5)

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """q, k (B, H, S, D), v (B, H, S, Dv), S at most `max_len`: (B, H, S, Dv)."""
        return linformer_attention(q, k, v, self.e, self.f)
