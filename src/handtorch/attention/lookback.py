"""A task that asks for several attention patterns at once, and a model of one layer for it.

At every position of a random sequence, name the last, the last but one, ... token before it. One
layer solves it if for each of these distances some head looks exactly that far back. It takes a
minute fraction of a language model's training to see what sharing keys and values leaves
possible, what having fewer heads does not, and what merging heads after training breaks.

What this leaves out: everything that a language is; nothing here says how much sharing costs a
real model.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from handtorch.attention.grouped_query import GroupedQueryAttention
from handtorch.attention.masks import causal_mask


class LookbackModel(nn.Module):
    """Embeddings, one layer of causal attention, and a linear answer for each distance.

    Args:
        attention: the layer.
        distances: how many tokens back the farthest question goes.
        vocab_size: how many different tokens there are.
        length: of the sequences.
    """

    def __init__(
        self,
        attention: GroupedQueryAttention,
        *,
        distances: int = 4,
        vocab_size: int = 16,
        length: int = 16,
    ) -> None:
        super().__init__()
        d_model = attention.q_proj.in_features
        self.distances, self.vocab_size, self.length = distances, vocab_size, length
        self.token = nn.Embedding(vocab_size, d_model)
        self.position = nn.Embedding(length, d_model)
        self.attention = attention
        self.answer = nn.Linear(d_model, distances * vocab_size)

    def forward(self, ids: Tensor) -> Tensor:
        """ids (B, T) -> scores (B, T, distances, V) of the tokens 1, 2, ... positions before."""
        x = self.token(ids) + self.position.weight  # (B, T, C)
        mixed = self.attention(x, causal_mask(self.length))
        scores: Tensor = self.answer(mixed)
        return scores.view(*ids.shape, self.distances, self.vocab_size)

    def questions(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Random ids (batch, T) and what stands before them, (batch, T, distances)."""
        ids = torch.randint(self.vocab_size, (batch, self.length), generator=generator)
        back = [ids.roll(n, dims=1) for n in range(1, self.distances + 1)]
        return ids, torch.stack(back, dim=-1)


def train(model: LookbackModel, steps: int, *, seed: int = 0, rate: float = 0.01) -> None:
    """Train in place with Adam on new sequences at every step; the rate falls to a twentieth."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=steps)
    for _ in range(steps):
        scores, wanted = _asked(model, 64, generator)
        loss = F.cross_entropy(scores.flatten(0, 2), wanted.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()


@torch.no_grad()
def share_right(model: LookbackModel, *, seed: int = 1) -> float:
    """The share of right answers on 256 new sequences."""
    scores, wanted = _asked(model, 256, torch.Generator().manual_seed(seed))
    return (scores.argmax(-1) == wanted).float().mean().item()


def _asked(model: LookbackModel, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Scores and answers where there is a token that far back."""
    ids, wanted = model.questions(batch, generator)
    return model(ids)[:, model.distances :], wanted[:, model.distances :]
