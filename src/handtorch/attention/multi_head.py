"""Multi-head attention (vaswani2017): H attentions side by side, each in D = C / H channels.

Every head projects the whole vector of C channels down to D for its queries, keys and values,
and attends on its own; the results are laid side by side and mixed by one output matrix. The
projections of all heads are stored as one C x C matrix each: head h owns rows hD:(h+1)D of W_q,
W_k, W_v and the same columns of W_o. `multi_head_loop` says this head by head,
`MultiHeadAttention` computes all heads at once; they agree.

What this leaves out: dropout, positions, a cache, key-value heads that are fewer than the query
heads (`grouped_query`), and head sizes other than C / H.
"""

import torch
from torch import Tensor, nn

from handtorch.attention.scaled_dot_product import attention


def split_heads(x: Tensor, n_heads: int) -> Tensor:
    """(..., T, C) -> (..., H, T, D): head h gets channels hD:(h+1)D of every token.

    Raises:
        ValueError: if `n_heads` is below 1 or does not divide C.

    Example: shape ``(2, 5, 12)``, 3 heads -> shape ``(2, 3, 5, 4)``
    """
    *leading, T, C = x.shape
    check_heads(C, n_heads)
    # Straight to (..., H, T, D) would have the right shape and the wrong content: it would deal
    # out whole tokens to the heads. The channels are cut first, then the axes change places.
    return x.reshape(*leading, T, n_heads, C // n_heads).transpose(-3, -2)  # (..., H, T, D)


def merge_heads(x: Tensor) -> Tensor:
    """(..., H, T, D) -> (..., T, C): the inverse of :func:`split_heads`."""
    return x.transpose(-3, -2).flatten(-2)  # (..., T, H, D) -> (..., T, C)


class MultiHeadAttention(nn.Module):
    """Self-attention with H heads of size D = C / H.

    Args:
        d_model: C, the width of x and of the output.
        n_heads: H, a divisor of C.
        bias: whether the four projections have a bias.

    Raises:
        ValueError: if `d_model` or `n_heads` is below 1, or `n_heads` does not divide `d_model`.
    """

    def __init__(self, d_model: int, n_heads: int, *, bias: bool = False) -> None:
        super().__init__()
        check_heads(d_model, n_heads)
        self.n_heads = n_heads
        self.q_proj = nn.Linear(d_model, d_model, bias=bias)
        self.k_proj = nn.Linear(d_model, d_model, bias=bias)
        self.v_proj = nn.Linear(d_model, d_model, bias=bias)
        self.o_proj = nn.Linear(d_model, d_model, bias=bias)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """x (B, T, C), mask broadcastable to (B, H, T, T); returns (B, T, C).

        Raises:
            ValueError: if x has another shape, or the mask does not fit.
        """
        q, k, v = self.project(x)  # (B, H, T, D) each
        out = attention(q, k, v, mask)  # (B, H, T, D): every head in one batched product
        projected: Tensor = self.o_proj(merge_heads(out))  # (B, T, C)
        return projected

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of all heads, (B, H, T, D) each, from x (B, T, C)."""
        check_width("x", x, self.q_proj.in_features)
        q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)  # (B, T, C)
        H = self.n_heads
        return split_heads(q, H), split_heads(k, H), split_heads(v, H)


def multi_head_loop(mha: MultiHeadAttention, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """What `mha` computes, one head after another: the sum of what each head writes.

    Multiplying the concatenated heads by W_o is adding up each head times its own columns of W_o;
    no head sees another's result.

    Args:
        mha: the weights.
        x: (B, T, C).
        mask: broadcastable to (B, T, T), the same for all heads.
    """
    D = x.shape[-1] // mha.n_heads
    out = torch.zeros_like(x) if mha.o_proj.bias is None else mha.o_proj.bias.expand_as(x)
    for h in range(mha.n_heads):
        own = slice(h * D, (h + 1) * D)
        q = _project(mha.q_proj, own, x)  # (B, T, D), from all C channels of x
        k = _project(mha.k_proj, own, x)
        v = _project(mha.v_proj, own, x)
        out = out + attention(q, k, v, mask) @ mha.o_proj.weight[:, own].T  # (B, T, C)
    return out


def check_heads(d_model: int, n_heads: int) -> None:
    """Raise ValueError unless `d_model` channels can be cut into `n_heads` equal heads."""
    if d_model < 1:
        raise ValueError(f"d_model is {d_model}; it must be 1 or more")
    if n_heads < 1 or d_model % n_heads:
        raise ValueError(f"n_heads is {n_heads}; it must divide the width {d_model}")


def check_width(name: str, x: Tensor, width: int) -> None:
    """Raise ValueError unless x is (B, length, `width`)."""
    if x.dim() != 3 or x.shape[-1] != width:
        raise ValueError(f"{name} has shape {tuple(x.shape)}; it must be (B, length, {width})")


def _project(layer: nn.Linear, rows: slice, x: Tensor) -> Tensor:
    """What some of a layer's output channels say about x."""
    bias = None if layer.bias is None else layer.bias[rows]
    return nn.functional.linear(x, layer.weight[rows], bias)
