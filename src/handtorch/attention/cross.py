"""Cross-attention (vaswani2017): one sequence asks, another one answers.

The queries come from x, the keys and values from a context: the encoder's output, an image, the
input that a few latent vectors read. Nothing else differs from self-attention; the two sequences
may have different lengths and widths. The keys and values depend on the context alone, so they
are projected once and serve every step of decoding: `project_context`, then `attend`.

What this leaves out: dropout, positions (the context brings its own), and gates that add
cross-attention to a model that was trained without it.
"""

from torch import Tensor, nn

from handtorch.attention.multi_head import check_heads, check_width, merge_heads, split_heads
from handtorch.attention.scaled_dot_product import attention


class CrossAttention(nn.Module):
    """H heads whose queries come from x and whose keys and values come from a context.

    Args:
        d_model: C, the width of x and of the output.
        n_heads: H, a divisor of C.
        d_context: the width of the context; C by default.

    Raises:
        ValueError: if a width or `n_heads` is below 1, or `n_heads` does not divide `d_model`.
    """

    def __init__(self, d_model: int, n_heads: int, *, d_context: int | None = None) -> None:
        super().__init__()
        check_heads(d_model, n_heads)
        d_context = d_model if d_context is None else d_context
        if d_context < 1:
            raise ValueError(f"d_context is {d_context}; it must be 1 or more")
        self.n_heads = n_heads
        self.q_proj = nn.Linear(d_model, d_model, bias=False)
        self.k_proj = nn.Linear(d_context, d_model, bias=False)
        self.v_proj = nn.Linear(d_context, d_model, bias=False)
        self.o_proj = nn.Linear(d_model, d_model, bias=False)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """x (B, T, C), context (B, S, d_context), mask broadcastable to (B, H, T, S): (B, T, C).

        The mask is the padding of the context, (B, 1, 1, S); there is no "future" to hide in it.
        A row whose context is all padding gets zeros.

        Raises:
            ValueError: if a width is not that of the module, or the batches do not fit.
        """
        return self.attend(x, *self.project_context(context), mask)

    def project_context(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the context, (B, H, S, D) each: all that decoding needs of it."""
        check_width("context", context, self.k_proj.in_features)
        k = split_heads(self.k_proj(context), self.n_heads)
        v = split_heads(self.v_proj(context), self.n_heads)
        return k, v

    def attend(self, x: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        """What x (B, T, C) reads from projected keys and values: (B, T, C)."""
        check_width("x", x, self.q_proj.in_features)
        if x.shape[0] != k.shape[0]:
            raise ValueError(f"x has {x.shape[0]} rows and the context {k.shape[0]}; must be equal")
        q = split_heads(self.q_proj(x), self.n_heads)  # (B, H, T, D)
        out = attention(q, k, v, mask)  # (B, H, T, D), weights (B, H, T, S)
        projected: Tensor = self.o_proj(merge_heads(out))  # (B, T, C)
        return projected
