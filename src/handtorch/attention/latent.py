"""Multi-head latent attention (deepseek2024v2): keys and values rebuilt from one small vector.

Each token leaves behind a latent c of R numbers, from which every head's key and value are
linear functions, and one rotary key of Dr numbers that all heads share and that alone carries
the position. Only these R + Dr numbers are cached. A rotation between the two projections of the
key would depend on both positions and could not be merged with either, hence the separate key.

The projections up from c can be applied to the cache (`forward`), or moved to the other side of
the products, into the query and the output (`forward_absorbed`): the same function, where
attention then is multi-query attention with keys of R + Dr numbers and values of R.

Positions turn neighboring pairs (x0, x1), (x2, x3), ..., as in DeepSeek's own code; other
libraries turn x0 with the one half a vector further on. The two differ by a fixed permutation of
the channels, so the convention matters only to weights that were trained with it.

What this leaves out: YaRN, which for long contexts changes the frequencies and the scale.
"""

import torch
from torch import Tensor, nn

from handtorch.attention.grouped_query import KVCache, check_positive, grouped_attention
from handtorch.attention.multi_head import check_width, merge_heads, split_heads
from handtorch.attention.scaled_dot_product import attention


def rotate(x: Tensor, start: int = 0, *, base: float = 10000.0) -> Tensor:
    """Turn pair i of the token at position p by p * base^(-2i / D): (..., T, D) -> the same.

    Args:
        x: tokens at positions start, start + 1, ...; D is even.
        start: position of the first token.
        base: how slowly the last pairs turn.

    Raises:
        ValueError: if D is odd.
    """
    T, D = x.shape[-2:]
    if D % 2:
        raise ValueError(f"x has {D} channels; they are turned in pairs, so it must be even")
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    position = torch.arange(start, start + T, dtype=dtype, device=x.device)
    frequency = base ** (-torch.arange(0, D, 2, dtype=dtype, device=x.device) / D)
    angle = position[:, None] * frequency  # (T, D / 2)
    a, b = x[..., 0::2].to(dtype), x[..., 1::2].to(dtype)
    turned = (a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin())
    return torch.stack(turned, dim=-1).flatten(-2).to(x.dtype)


class MultiHeadLatentAttention(nn.Module):
    """Self-attention whose cache holds `d_latent` + `d_rope` numbers a token.

    Args:
        d_model: width of x and of the output, C.
        n_heads: heads, H; every head has keys and values of its own.
        d_head: size of the part of queries and keys that knows no position, D.
        d_latent: size of the latent of keys and values, R.
        d_rope: size of the rotary part of queries and keys, Dr; even.
        d_value: size of the values, Dv; `d_head` by default.
        d_query_latent: size of a latent for the queries; None projects them straight from x.
            It saves parameters and activations, not cache.
        base: of the rotation.

    Raises:
        ValueError: if a size is not positive, or `d_rope` is odd.
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        *,
        d_head: int,
        d_latent: int,
        d_rope: int,
        d_value: int | None = None,
        d_query_latent: int | None = None,
        base: float = 10000.0,
    ) -> None:
        super().__init__()
        d_value = d_head if d_value is None else d_value
        check_positive(d_model=d_model, n_heads=n_heads, d_head=d_head, d_latent=d_latent)
        check_positive(d_rope=d_rope, d_value=d_value)
        if d_rope % 2:
            raise ValueError(f"d_rope is {d_rope}; it must be even")
        self.n_heads, self.d_head, self.d_rope, self.base = n_heads, d_head, d_rope, base
        self.scale = (d_head + d_rope) ** -0.5
        d_query = n_heads * (d_head + d_rope)
        self.q_proj: nn.Module
        if d_query_latent is None:
            self.q_proj = nn.Linear(d_model, d_query, bias=False)
        else:
            check_positive(d_query_latent=d_query_latent)
            self.q_proj = nn.Sequential(
                nn.Linear(d_model, d_query_latent, bias=False),
                nn.RMSNorm(d_query_latent, eps=1e-6),
                nn.Linear(d_query_latent, d_query, bias=False),
            )
        self.kv_down = nn.Linear(d_model, d_latent, bias=False)
        self.kv_norm = nn.RMSNorm(d_latent, eps=1e-6)
        self.k_rope = nn.Linear(d_model, d_rope, bias=False)
        self.k_up = nn.Linear(d_latent, n_heads * d_head, bias=False)
        self.v_up = nn.Linear(d_latent, n_heads * d_value, bias=False)
        self.o_proj = nn.Linear(n_heads * d_value, d_model, bias=False)

    def forward(
        self, x: Tensor, mask: Tensor | None = None, cache: KVCache | None = None
    ) -> Tensor:
        """x (B, T, C) -> (B, T, C), with the keys and values of all heads made from the latents.

        Args:
            mask: broadcastable to (B, H, T, S), where S counts the cached tokens and the new.
            cache: latents and rotary keys of the tokens before x; those of x are put behind.

        Raises:
            ValueError: if x has another shape, or the mask does not fit.
        """
        q, q_rope, *held = self._project(x, cache)
        c, k_rope = held
        k = split_heads(self.k_up(c), self.n_heads)  # (B, H, S, D)
        v = split_heads(self.v_up(c), self.n_heads)  # (B, H, S, Dv)
        k_rope = k_rope.unsqueeze(1).expand(-1, self.n_heads, -1, -1)  # (B, H, S, Dr)
        query, key = torch.cat((q, q_rope), dim=-1), torch.cat((k, k_rope), dim=-1)
        out: Tensor = self.o_proj(merge_heads(attention(query, key, v, mask, scale=self.scale)))
        if cache is not None:
            cache.tensors = tuple(held)
        return out

    def forward_absorbed(
        self, x: Tensor, mask: Tensor | None = None, cache: KVCache | None = None
    ) -> Tensor:
        """The same as `forward`, without making keys or values: attention over the latents.

        As q · (W c) = (Wᵀ q) · c, the query goes down to the size of the latent instead of every
        latent up to the size of the keys; and as Σ p (W c) = W Σ p c, the values are made after
        the mean over tokens, one for each query. The scale stays that of D + Dr numbers.
        """
        q, q_rope, *held = self._project(x, cache)
        c, k_rope = held
        k_up = self.k_up.weight.view(self.n_heads, -1, c.shape[-1])  # (H, D, R)
        v_up = self.v_up.weight.view(self.n_heads, -1, c.shape[-1])  # (H, Dv, R)
        query = torch.cat((q @ k_up, q_rope), dim=-1)  # (B, H, T, R + Dr)
        key = torch.cat((c, k_rope), dim=-1).unsqueeze(1)  # (B, 1, S, R + Dr): one for all heads
        mean = grouped_attention(query, key, c.unsqueeze(1), mask, scale=self.scale)
        out: Tensor = self.o_proj(merge_heads(mean @ v_up.mT))  # (B, H, T, R) -> (B, H, T, Dv)
        if cache is not None:
            cache.tensors = tuple(held)
        return out

    def _project(self, x: Tensor, cache: KVCache | None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """q (B, H, T, D), rotated q (B, H, T, Dr), latents (B, S, R), rotated keys (B, S, Dr)."""
        check_width("x", x, self.kv_down.in_features)
        start = 0 if cache is None else len(cache)
        q = split_heads(self.q_proj(x), self.n_heads)  # (B, H, T, D + Dr)
        q_rope = rotate(q[..., self.d_head :], start, base=self.base)
        c: Tensor = self.kv_norm(self.kv_down(x))  # (B, T, R)
        k_rope = rotate(self.k_rope(x), start, base=self.base)  # (B, T, Dr)
        if cache is not None:
            c, k_rope = cache.with_new(c, k_rope)  # S = old tokens and new
        return q[..., : self.d_head], q_rope, c, k_rope


def latent_cache_bytes(
    n_layers: int,
    d_latent: int,
    d_rope: int,
    *,
    seq_len: int = 1,
    batch: int = 1,
    itemsize: int = 2,
) -> int:
    """Bytes of latents and rotary keys for `batch` sequences of `seq_len` tokens.

    Raises:
        ValueError: if an argument is not positive.

    Example: ``61, 512, 64`` -> 70272, DeepSeek-V3 in two bytes a number
    """
    check_positive(n_layers=n_layers, d_latent=d_latent, d_rope=d_rope)
    check_positive(seq_len=seq_len, batch=batch, itemsize=itemsize)
    return n_layers * (d_latent + d_rope) * seq_len * batch * itemsize
