"""Multi-query and grouped-query attention: many query heads over few key-value heads.

H query heads stand in G groups of H / G neighbors, and each group reads one key head and one
value head (ainslie2023). G = H is multi-head attention (vaswani2017), G = 1 is multi-query
attention (shazeer2019). What shrinks is what a decoder must keep and read again at every step,
the keys and values, by H / G; the products that attention computes stay as many as they were.

What this leaves out: positions (rotate q and k before the product; `latent` does), a cache that
is allocated in advance, and kernels: all T x S scores exist at once.
"""

import torch
from torch import Tensor, nn

from handtorch.attention.multi_head import check_heads, check_width, merge_heads, split_heads
from handtorch.attention.scaled_dot_product import attention


class KVCache:
    """What a decoder keeps of the tokens it has seen: tensors (..., S, size) that grow with S.

    For attention with key-value heads these are k and v, (B, G, S, D) each; for `latent` they are
    the latents and the rotary keys. A layer needs a cache of its own.
    """

    def __init__(self) -> None:
        self.tensors: tuple[Tensor, ...] = ()

    def append(self, *new: Tensor) -> tuple[Tensor, ...]:
        """Put the new tokens' tensors, (..., T, size), behind the old ones; returns all of them."""
        self.tensors = self.with_new(*new)
        return self.tensors

    def with_new(self, *new: Tensor) -> tuple[Tensor, ...]:
        """What `append` would hold; the cache stays as it is until a step has come to its end."""
        old = self.tensors
        return tuple(torch.cat(pair, dim=-2) for pair in zip(old, new)) if old else new

    def __len__(self) -> int:
        """The number of tokens held."""
        return self.tensors[0].shape[-2] if self.tensors else 0

    @property
    def nbytes(self) -> int:
        """Bytes of the tensors held."""
        return sum(t.numel() * t.element_size() for t in self.tensors)


def repeat_kv(x: Tensor, n_rep: int) -> Tensor:
    """Each head `n_rep` times in a row, (B, G, S, D) -> (B, G * n_rep, S, D).

    Query head h reads key-value head h // n_rep, so the copies of a head are neighbors: heads
    a b become a a b b. ``x.repeat(1, n_rep, 1, 1)`` would give a b a b.

    Raises:
        ValueError: if x has not four dimensions or `n_rep` is not positive.
    """
    if x.dim() != 4:
        raise ValueError(f"x has shape {tuple(x.shape)}; it must be (B, G, S, D)")
    if n_rep < 1:
        raise ValueError(f"n_rep is {n_rep}; it must be 1 or more")
    return x.repeat_interleave(n_rep, dim=1)


def grouped_attention(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, *, scale: float | None = None
) -> Tensor:
    """Attention of q (B, H, T, D) over k (B, G, S, D) and v (B, G, S, Dv): (B, H, T, Dv).

    The same as `attention` after `repeat_kv` of k and v, without the copies: to a key head the
    H / G heads of its group are simply more queries, so they are put one below the other.

    Args:
        mask: broadcastable to (B, H, T, S). Boolean: True = may attend. Floating: added.
        scale: factor of the scores; 1 / sqrt(D) by default.

    Raises:
        ValueError: if G does not divide H, or shapes or dtypes do not fit together.
    """
    for name, tensor in (("q", q), ("k", k), ("v", v)):
        if tensor.dim() != 4:
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}; it needs 4 dimensions")
    if v.shape[:3] != k.shape[:3]:
        raise ValueError(f"v has shape {tuple(v.shape)}; it must begin as k's, {tuple(k.shape)}")
    B, H, T, D = q.shape
    G, S = k.shape[1:3]
    group = _group_size(H, G)
    rows = q.reshape(B, G, group * T, D)  # (B, H, T, D) -> the T queries of each head in turn
    if mask is not None:
        mask = _group_mask(mask, (B, H, T, S), group)
    return attention(rows, k, v, mask, scale=scale).reshape(B, H, T, v.shape[-1])


class GroupedQueryAttention(nn.Module):
    """Self-attention with `n_heads` query heads that share `n_kv_heads` key and value heads.

    Args:
        d_model: width of x and of the output.
        n_heads: query heads, H.
        n_kv_heads: key heads and value heads, G; divides H.
        d_head: size of a head, D; ``d_model // n_heads`` by default.
        bias: whether the four projections have a bias.

    Raises:
        ValueError: if a size is not positive, G does not divide H, or, without `d_head`, H does
            not divide `d_model`.
    """

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        n_kv_heads: int,
        *,
        d_head: int | None = None,
        bias: bool = False,
    ) -> None:
        super().__init__()
        check_positive(d_model=d_model, n_heads=n_heads)
        if d_head is None:
            check_heads(d_model, n_heads)
            d_head = d_model // n_heads
        check_positive(d_head=d_head)
        _group_size(n_heads, n_kv_heads)
        self.d_head = d_head
        self.n_heads, self.n_kv_heads = n_heads, n_kv_heads
        self.q_proj = nn.Linear(d_model, n_heads * self.d_head, bias=bias)
        self.k_proj = nn.Linear(d_model, n_kv_heads * self.d_head, bias=bias)
        self.v_proj = nn.Linear(d_model, n_kv_heads * self.d_head, bias=bias)
        self.o_proj = nn.Linear(n_heads * self.d_head, d_model, bias=bias)

    def forward(
        self, x: Tensor, mask: Tensor | None = None, cache: KVCache | None = None
    ) -> Tensor:
        """x (B, T, C) -> (B, T, C); with a cache, x holds the new tokens only.

        Args:
            mask: broadcastable to (B, H, T, S), where S counts the cached tokens and the new.
            cache: keys and values of the tokens before x; those of x are put behind them.

        Raises:
            ValueError: if x has another shape, or the mask does not fit.
        """
        check_width("x", x, self.q_proj.in_features)
        q = split_heads(self.q_proj(x), self.n_heads)  # (B, H, T, D)
        k = split_heads(self.k_proj(x), self.n_kv_heads)  # (B, G, T, D)
        v = split_heads(self.v_proj(x), self.n_kv_heads)
        if cache is not None:
            k, v = cache.with_new(k, v)  # (B, G, S, D)
        out: Tensor = self.o_proj(merge_heads(grouped_attention(q, k, v, mask)))
        if cache is not None:
            cache.tensors = k, v  # last: a mask that does not fit leaves the cache alone
        return out


def pool_kv_heads(layer: GroupedQueryAttention, n_kv_heads: int) -> GroupedQueryAttention:
    """A copy of `layer` with fewer key-value heads, each the mean of those it replaces.

    The conversion of ainslie2023, which is a start for more training, not a model to use.

    Raises:
        ValueError: if `n_kv_heads` does not divide the layer's.
    """
    merged = _group_size(layer.n_kv_heads, n_kv_heads)
    d_model, bias = layer.q_proj.in_features, layer.q_proj.bias is not None
    pooled = GroupedQueryAttention(
        d_model, layer.n_heads, n_kv_heads, d_head=layer.d_head, bias=bias
    ).to(layer.q_proj.weight)
    state = dict(layer.state_dict())
    for name in [name for name in state if name.startswith(("k_proj", "v_proj"))]:
        heads = state[name].unflatten(0, (n_kv_heads, merged, layer.d_head))
        state[name] = heads.mean(1).flatten(0, 1)
    pooled.load_state_dict(state)
    return pooled


def kv_cache_bytes(
    n_layers: int,
    n_kv_heads: int,
    d_head: int,
    *,
    seq_len: int = 1,
    batch: int = 1,
    itemsize: int = 2,
) -> int:
    """Bytes of keys and values for `batch` sequences of `seq_len` tokens; by default, a token's.

    Raises:
        ValueError: if an argument is not positive.

    Example: ``80, 8, 128`` -> 327680, Llama 2 70B in two bytes a number
    """
    check_positive(n_layers=n_layers, n_kv_heads=n_kv_heads, d_head=d_head)
    check_positive(seq_len=seq_len, batch=batch, itemsize=itemsize)
    return 2 * n_layers * n_kv_heads * d_head * seq_len * batch * itemsize


def check_positive(**sizes: int) -> None:
    """Raise ValueError for the first of the named sizes that is below 1."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} is {size}; it must be 1 or more")


def _group_size(n_heads: int, n_kv_heads: int) -> int:
    """How many query heads share a key-value head, H / G."""
    if n_kv_heads < 1 or n_heads % n_kv_heads:
        raise ValueError(f"n_kv_heads is {n_kv_heads}; it must divide {n_heads} heads")
    return n_heads // n_kv_heads


def _group_mask(mask: Tensor, shape: tuple[int, int, int, int], group: int) -> Tensor:
    """A mask for (B, H, T, S) as one for (B, G, group * T, S), rows in the order of the heads."""
    _, H, T, S = shape
    if mask.dim() > 4 or any(m not in (1, n) for m, n in zip(mask.shape[::-1], shape[::-1])):
        raise ValueError(f"mask has shape {tuple(mask.shape)}; it must broadcast to {shape}")
    mask = mask.view((1,) * (4 - mask.dim()) + mask.shape).expand(-1, -1, T, S)
    if mask.shape[1] == 1:  # the same for all heads
        return mask.expand(-1, group, -1, -1).flatten(1, 2).unsqueeze(1)
    return mask.reshape(mask.shape[0], H // group, group * T, S)
