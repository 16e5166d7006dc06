"""Knowledge in weights, in miniature: a network that memorizes facts, and what an update costs.

The facts are port numbers of machines with made-up names, each told in five wordings. A small
network learns them all, word for word from the text, as a language model does: the words before,
then the number. `continue_training` then teaches it new numbers for a few machines, in as many
wordings as one likes, with or without replay of old facts. What it does to the wordings it was not
taught in, and to the facts that nobody meant to change, is what ovadia2024 and gekhman2024 study in
large models; `Notes` is the other way, an index whose entry is replaced.

Left out: everything that makes a language model large. Only the direction of the effects carries
over, not their size.
"""

import copy
import itertools
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from handtorch.rag.bm25 import BM25
from handtorch.rag.two_towers import one_thread

WORDINGS = (
    "the port of {} is",
    "{} listens on port",
    "to reach {} , connect to",
    "in the table , {} has number",
    "which port does {} use ?",
)

#: Machine -> its port, a number below the network's `ports`.
Facts = Mapping[str, int]


def machine_names(n: int) -> list[str]:
    """`n` different made-up names of three syllables, such as ``"bakoda"``."""
    syllables = [consonant + vowel for consonant in "bdfgklmnpt" for vowel in "aeiou"]
    triples = ["".join(triple) for triple in itertools.product(syllables, repeat=3)]
    return [triples[7919 * i % len(triples)] for i in range(n)]  # 7919 is prime: none repeats


def draw_facts(names: Sequence[str], ports: int, seed: int) -> dict[str, int]:
    """A port for each machine."""
    generator = torch.Generator().manual_seed(seed)
    return dict(zip(names, torch.randint(ports, (len(names),), generator=generator).tolist()))


class FactNetwork(nn.Module):
    """Scores of the next word, a port, from the words before it: their mean, then two layers.

    Args:
        names: the machines it can be asked about.
        ports: number of different ports.
    """

    def __init__(self, names: Sequence[str], ports: int, d: int = 32, seed: int = 0) -> None:
        super().__init__()
        vocabulary = {word for wording in WORDINGS for word in wording.split()} | set(names)
        self.ids = {word: i for i, word in enumerate(sorted(vocabulary))}
        generator = torch.Generator().manual_seed(seed)

        def matrix(rows: int, columns: int, scale: float) -> nn.Parameter:
            x = torch.randn(rows, columns, generator=generator, dtype=torch.float64)
            return nn.Parameter(x * scale)

        self.embedding = matrix(len(self.ids), d, 0.1)
        self.hidden = matrix(d, 2 * d, d**-0.5)
        self.output = matrix(2 * d, ports, (2 * d) ** -0.5)

    def forward(self, prompts: Sequence[str]) -> Tensor:
        """(B, ports)"""
        bags = [[self.ids[word] for word in prompt.split()] for prompt in prompts]
        starts = list(itertools.accumulate([0] + [len(bag) for bag in bags]))[:-1]
        flat = torch.tensor([i for bag in bags for i in bag])
        x = F.embedding_bag(flat, self.embedding, torch.tensor(starts), mode="sum")  # (B, d)
        return torch.tanh(x @ self.hidden) @ self.output

    @torch.no_grad()
    def accuracy(self, facts: Facts, wordings: Sequence[str] = WORDINGS) -> float:
        """Share of the questions, machine by wording, whose most likely port is right."""
        prompts, ports = _examples(facts, wordings)
        return float((self(prompts).argmax(-1) == ports).double().mean())


def pretrain(facts: Facts, ports: int, epochs: int = 30, seed: int = 0) -> FactNetwork:
    """A network that has learned all `facts` in all wordings."""
    model = FactNetwork(list(facts), ports, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    prompts, targets = _examples(facts, WORDINGS)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    with one_thread():
        for _ in range(epochs):
            order = torch.randperm(len(prompts), generator=generator)
            for batch in torch.split(order, 100):
                _step(model, optimizer, [prompts[i] for i in batch], targets[batch])
    return model


def continue_training(
    model: FactNetwork,
    facts: Facts,
    wordings: Sequence[str],
    *,
    steps: int,
    replay: Facts | None = None,
    seed: int = 0,
) -> FactNetwork:
    """A copy of `model` trained on `facts` in `wordings`, all of them in every step.

    Args:
        replay: old facts; as many sentences about them as there are new ones join every step.
    """
    model = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(seed)
    prompts, targets = _examples(facts, wordings)
    old_prompts, old_targets = _examples(replay or {}, WORDINGS)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with one_thread():
        for _ in range(steps):
            count = len(prompts) if old_prompts else 0
            drawn = torch.randint(max(len(old_prompts), 1), (count,), generator=generator)
            both = prompts + [old_prompts[i] for i in drawn]
            _step(model, optimizer, both, torch.cat([targets, old_targets[drawn]]))
    return model


class Notes:
    """The same knowledge as notes in an index: found by BM25, read off by a rule.

    The rule, the last word of the note found, is all the reader there is: it knows nothing but
    where a note has its number.
    """

    def __init__(self, facts: Facts) -> None:
        self.notes = {name: f"{WORDINGS[0].format(name)} {port}" for name, port in facts.items()}
        self.index = BM25(self.notes)

    def update(self, facts: Facts) -> "Notes":
        """Notes with new entries for `facts`; the others stay as they are."""
        old = {name: int(note.split()[-1]) for name, note in self.notes.items()}
        return Notes({**old, **facts})

    def accuracy(self, facts: Facts, wordings: Sequence[str] = WORDINGS) -> float:
        """Share of the questions, machine by wording, that the note found answers rightly."""
        prompts, ports = _examples(facts, wordings)
        found = [self.index.search(prompt, 1) for prompt in prompts]
        read = [int(self.notes[hits[0][0]].split()[-1]) if hits else -1 for hits in found]
        return sum(a == int(b) for a, b in zip(read, ports)) / len(prompts)


def _examples(facts: Facts, wordings: Sequence[str]) -> tuple[list[str], Tensor]:
    pairs = [(wording.format(name), port) for name, port in facts.items() for wording in wordings]
    ports = torch.tensor([port for _, port in pairs], dtype=torch.int64)
    return [prompt for prompt, _ in pairs], ports


def _step(
    model: FactNetwork, optimizer: torch.optim.Optimizer, prompts: Sequence[str], targets: Tensor
) -> None:
    loss = F.cross_entropy(model(prompts), targets)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
