"""Inputs that the tests of FlashAttention share: every option, awkward lengths, few heads."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

SLOPES = [0.5, 0.25, 0.125, 0.0625]
# name: (query heads, key-value heads, T, S, options)
CASES: dict[str, tuple[int, int, int, int, dict[str, Any]]] = {
    "full": (2, 2, 37, 37, {}),
    "full, more keys": (2, 2, 19, 50, {}),
    "causal": (2, 2, 37, 37, {"causal": True}),
    "causal, more keys": (2, 2, 19, 50, {"causal": True}),
    "causal, blind rows": (2, 2, 50, 19, {"causal": True}),
    "one query": (4, 1, 1, 50, {"causal": True}),
    "one key": (2, 1, 37, 1, {"causal": True}),
    "grouped heads": (4, 2, 37, 50, {"causal": True}),
    "one head for all": (4, 1, 37, 37, {}),
    "window": (4, 2, 64, 64, {"window": 9}),
    "window, more keys": (2, 1, 37, 80, {"window": 20}),
    "window, blind rows": (2, 2, 50, 19, {"window": 5}),
    "window of one": (2, 2, 20, 20, {"window": 1}),
    "soft-cap": (2, 2, 37, 37, {"softcap": 2.0, "causal": True}),
    "alibi": (4, 2, 37, 50, {"alibi_slopes": SLOPES}),
    "alibi, causal": (4, 4, 37, 37, {"alibi_slopes": SLOPES, "causal": True}),
    "everything": (4, 2, 50, 64, {"window": 30, "softcap": 3.0, "alibi_slopes": SLOPES}),
    "scale": (2, 2, 20, 20, {"scale": 0.5}),
}


def inputs(
    name: str,
    *,
    batch: int = 2,
    d: int = 16,
    dv: int | None = None,
    dtype: torch.dtype = torch.float64,
    device: str = "cpu",
) -> tuple[Tensor, Tensor, Tensor, dict[str, Any]]:
    """q, k, v and the options of a case; the same numbers each time."""
    heads, groups, T, S, options = CASES[name]
    rng = torch.Generator().manual_seed(sum(map(ord, name)))

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64).to(device, dtype)

    q, k = draw(batch, heads, T, d), draw(batch, groups, S, d)
    v = draw(batch, groups, S, d if dv is None else dv)
    options = dict(options)
    if "alibi_slopes" in options:
        options["alibi_slopes"] = torch.tensor(options["alibi_slopes"], device=device)
    return q, k, v, options


def split(total: int, parts: int, generator: torch.Generator) -> Iterator[int]:
    """Random lengths that add up to `total`; some may be 0."""
    edges = torch.randint(0, total + 1, (parts - 1,), generator=generator).sort().values.tolist()
    for a, b in zip([0, *edges], [*edges, total]):
        yield b - a
