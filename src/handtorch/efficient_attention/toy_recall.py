"""Two tasks that need a distant token, and a small stack of attention layers to train on them.

Each position holds a key and a value, as two ids whose embeddings are added. `marker_task`: only
position 0 has a value, all positions have to say it. `recall_task`: every position has a pair of
its own; the last one asks for the value of one key. The masks of the layers decide which positions
a layer may look at.

What this leaves out: feed-forward layers, positions, heads; the tasks can be solved without.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

IGNORED = -100  # what cross_entropy skips


class Batch(NamedTuple):
    """Examples of a task, each tensor (B, T)."""

    keys: Tensor
    values: Tensor  #: n_values where there is no value
    targets: Tensor  #: IGNORED where nothing is asked
    distance: Tensor  #: from the position asked to the one that knows


Task = Callable[[int, torch.Generator], Batch]
Attend = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]  # q, k, v, mask -> out


class AttentionStack(nn.Module):
    """Attention layers with a residual connection each, one head, pre-norm.

    Args:
        masks: a boolean (T, T) mask a layer, True = may attend.
        n_keys: how many keys there are.
        n_values: how many values.
        d_model: width, also that of queries, keys and values.
        attend: what a layer computes from q, k, v (B, T, C) and its mask; softmax attention by
            default.
    """

    def __init__(
        self,
        masks: Sequence[Tensor],
        *,
        n_keys: int,
        n_values: int,
        d_model: int = 32,
        attend: Attend = F.scaled_dot_product_attention,
    ) -> None:
        super().__init__()
        self.masks, self.attend = list(masks), attend
        self.keys = nn.Embedding(n_keys, d_model)
        self.values = nn.Embedding(n_values + 1, d_model)
        self.norms = nn.ModuleList(nn.LayerNorm(d_model) for _ in masks)
        self.qkv = nn.ModuleList(nn.Linear(d_model, 3 * d_model) for _ in masks)
        self.out = nn.ModuleList(nn.Linear(d_model, d_model) for _ in masks)
        self.head = nn.Sequential(nn.LayerNorm(d_model), nn.Linear(d_model, n_values))

    def forward(self, keys: Tensor, values: Tensor) -> Tensor:
        """keys, values (B, T) -> logits (B, T, n_values)."""
        x = self.keys(keys) + self.values(values)  # (B, T, C)
        for mask, norm, qkv, out in zip(self.masks, self.norms, self.qkv, self.out):
            q, k, v = qkv(norm(x)).chunk(3, dim=-1)
            x = x + out(self.attend(q, k, v, mask))
        logits: Tensor = self.head(x)
        return logits


def marker_task(length: int, *, n_keys: int = 8, n_values: int = 8) -> Task:
    """The value stands at position 0 and is asked everywhere; the keys are noise."""

    def draw(batch: int, generator: torch.Generator) -> Batch:
        keys = torch.randint(n_keys, (batch, length), generator=generator)
        marker = torch.randint(n_values, (batch, 1), generator=generator)
        values = torch.full((batch, length), n_values)
        values[:, :1] = marker
        targets = marker.expand(batch, length)
        return Batch(keys, values, targets, torch.arange(length).expand(batch, length))

    return draw


def recall_task(n_pairs: int, *, n_values: int = 8) -> Task:
    """`n_pairs` different keys with values; then one of the keys alone, whose value is asked."""

    def draw(batch: int, generator: torch.Generator) -> Batch:
        keys = torch.rand(batch, n_pairs, generator=generator).argsort(-1)
        values = torch.randint(n_values, (batch, n_pairs), generator=generator)
        at = torch.randint(n_pairs, (batch, 1), generator=generator)
        nothing = torch.full((batch, n_pairs), IGNORED)
        none = torch.full((batch, 1), n_values)
        return Batch(
            torch.cat([keys, keys.gather(1, at)], 1),
            torch.cat([values, none], 1),
            torch.cat([nothing, values.gather(1, at)], 1),
            torch.cat([nothing, n_pairs - at], 1),
        )

    return draw


def train(
    model: AttentionStack, task: Task, *, steps: int, batch: int = 64, lr: float = 5e-3, seed: int
) -> None:
    """AdamW with one cycle of the learning rate, on fresh examples in each step."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    for _ in range(steps):
        examples = task(batch, generator)
        logits = model(examples.keys, examples.values)
        loss = F.cross_entropy(logits.flatten(0, 1), examples.targets.flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()


@torch.no_grad()
def accuracy_by_distance(
    model: AttentionStack, task: Task, *, examples: int = 2000, seed: int = 1
) -> dict[int, float]:
    """Share of right answers for each distance that occurs, on examples of their own seed."""
    drawn = task(examples, torch.Generator().manual_seed(seed))
    right = model(drawn.keys, drawn.values).argmax(-1) == drawn.targets
    asked = drawn.targets != IGNORED
    distances = sorted(set(drawn.distance[asked].tolist()))
    return {d: right[asked & (drawn.distance == d)].double().mean().item() for d in distances}
