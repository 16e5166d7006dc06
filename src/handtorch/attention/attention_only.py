"""A language model of nothing but attention, small enough to read its weights (elhage2021).

Token and position embeddings, layers of one causal head each that add to the residual stream, and
a projection to the vocabulary. Two layers are enough to learn to repeat what came before
(olsson2022): the first head looks one token back, the second looks for the token that followed
the last time. Any layer's attention can be replaced by a pattern from outside, which is how one
finds out whether a map that looks like an explanation is one.

What this leaves out: several heads, normalization, feed-forward layers and everything else that
makes a Transformer strong.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from handtorch.attention.scaled_dot_product import SelfAttention


class AttentionOnlyModel(nn.Module):
    """Causal attention layers between embedding and unembedding.

    Args:
        vocab_size: how many tokens there are.
        max_len: how many positions have an embedding.
        d_model: width of the residual stream and of each head.
        n_layers: how many layers.
    """

    def __init__(self, vocab_size: int, max_len: int, d_model: int = 64, n_layers: int = 2) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, d_model)
        self.positions = nn.Embedding(max_len, d_model)
        self.layers = nn.ModuleList(SelfAttention(d_model) for _ in range(n_layers))
        self.unembed = nn.Linear(d_model, vocab_size, bias=False)

    def forward(
        self, ids: Tensor, patterns: Mapping[int, Tensor] | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Logits (B, T, V) and the weights (B, T, T) that each layer used.

        Args:
            ids: tokens, (B, T), T at most `max_len`.
            patterns: for some layers, by number, weights (T, T) to use instead of their own;
                zeros remove the layer.

        Raises:
            ValueError: if ids are too long, or a layer in `patterns` does not exist.
        """
        T = ids.shape[1]
        if self.positions.num_embeddings < T:
            limit = self.positions.num_embeddings
            raise ValueError(f"ids have {T} positions; the model has embeddings for {limit}")
        patterns = {} if patterns is None else patterns
        if not set(patterns) <= set(range(len(self.layers))):
            raise ValueError(f"patterns has keys {sorted(patterns)}; layers are {len(self.layers)}")
        causal = torch.ones(T, T, dtype=torch.bool, device=ids.device).tril()
        x = self.tokens(ids) + self.positions.weight[:T]  # (B, T, C)
        used = []
        for i, layer in enumerate(self.layers):
            assert isinstance(layer, SelfAttention)
            weights = layer.weights(x, causal)  # (B, T, T)
            if i in patterns:
                weights = patterns[i].expand_as(weights)
            x = x + layer.o_proj(weights @ layer.v_proj(x))
            used.append(weights)
        return self.unembed(x), used


def repeated_blocks(
    batch: int, period: int, length: int, vocab_size: int, *, generator: torch.Generator
) -> Tensor:
    """Sequences that repeat a random block of different tokens: ids (batch, length).

    Raises:
        ValueError: if the vocabulary has fewer tokens than the block.

    Example: period 3, length 8: ``[7, 2, 5, 7, 2, 5, 7, 2]``
    """
    if not 1 <= period <= vocab_size:
        raise ValueError(f"period is {period}; it must be between 1 and vocab_size, {vocab_size}")
    blocks = torch.rand(batch, vocab_size, generator=generator).argsort(-1)[:, :period]
    return blocks.repeat(1, length // period + 1)[:, :length]


def offset_pattern(length: int, offset: int) -> Tensor:
    """Weights (length, length) of a head that looks exactly `offset` positions back.

    The first `offset` rows have nothing to look at and are zero.
    """
    return torch.ones(max(0, length - offset)).diag(-offset)
