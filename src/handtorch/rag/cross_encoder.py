"""A cross-encoder: one transformer reads query and passage together and gives one score.

    [CLS] q1 .. qm [SEP] p1 .. pn [SEP]   ->   encoder   ->   score of the [CLS] position

as nogueira2019 did with BERT (devlin2019), whose encoder this is, post-norm blocks, pooler and
all: with BERT's weights copied in, it gives BERT's scores (`tests/rag/test_cross_encoder.py`). A
bi-encoder must press a passage into a vector before it knows the question; here each word of the
passage can attend to each word of the question, and the price is one forward pass a pair.

A model of this size cannot learn from a few thousand sentences which words are the same or alike,
so it is told, by three marks a token: how rare the word is, how rare times how like the likest
word of the other side, and whether that is the word itself. Marked exact matches help BERT too
(boualili2020); likeness by word vectors is what models before BERT ran on (xiong2017). The marks
enter through a matrix that is zero at the start.

Notation: B pairs, T tokens a pair, C channels, H heads. Left out: dropout, pretraining, subwords
(a word that the vocabulary lacks is [UNK], but keeps its mark).
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from handtorch.rag.text import words

PAD, UNK, CLS, SEP = range(4)

#: One pair as the model reads it, one entry a token: id, segment (0 query, 1 passage), and the
#: marks (rarity, rarity times likeness, sameness).
Packed = tuple[list[int], list[int], list[tuple[float, float, float]]]
NOTHING = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class CrossEncoderConfig:
    """Sizes: C channels, H heads (a divisor of C), blocks, hidden units, longest pair."""

    dim: int = 32
    heads: int = 4
    blocks: int = 1
    hidden: int = 64
    length: int = 96
    query_length: int = 32


class Vocabulary:
    """Word ids for the most frequent words of some texts, how rare words are, and how alike.

    Args:
        texts: where words are counted.
        size: how many ids at most, the four special ones included.
        encode: words -> (n, d) vectors of length one (or zero), whose cosine says how alike two
            words are; without it only a word itself is like it.

    Raises:
        ValueError: if `size` leaves no room for a word.
    """

    def __init__(
        self,
        texts: Iterable[str],
        size: int = 4000,
        encode: Callable[[Sequence[str]], NDArray[np.floating]] | None = None,
    ) -> None:
        if size <= SEP + 1:
            raise ValueError(f"size is {size}; it must be more than {SEP + 1}")
        found: Counter[str] = Counter()
        self.n_texts = 0
        for text in texts:
            found.update(dict.fromkeys(words(text), 1))  # in how many texts, not how often
            self.n_texts += 1
        self.frequency = dict(found)
        self.ids = {w: i for i, (w, _) in enumerate(found.most_common(size - SEP - 1), SEP + 1)}
        self.encode = encode
        self._vectors: dict[str, NDArray[np.floating]] = {}

    def __len__(self) -> int:
        return SEP + 1 + len(self.ids)

    def rarity(self, word: str) -> float:
        """BM25's inverse document frequency divided by its largest value: from 0 to 1."""
        n = self.frequency.get(word, 0)
        idf = math.log(1 + (self.n_texts - n + 0.5) / (n + 0.5))
        return idf / math.log(1 + (self.n_texts + 0.5) / 0.5)

    def likeness(self, a: Sequence[str], b: Sequence[str]) -> NDArray[np.floating]:
        """(m, n): 1 where two words are the same, else their cosine, not below 0."""
        same = np.array([[x == y for y in b] for x in a], dtype=np.float64).reshape(len(a), len(b))
        if self.encode is None or not same.size:
            return same
        if new := [w for w in dict.fromkeys([*a, *b]) if w not in self._vectors]:
            self._vectors.update(zip(new, self.encode(new)))
        left, right = (np.stack([self._vectors[w] for w in side]) for side in (a, b))
        like: NDArray[np.floating] = np.maximum(same, left @ right.T)
        return like


def pack(
    query: Sequence[str], passage: Sequence[str], vocabulary: Vocabulary, length: int, most: int
) -> Packed:
    """[CLS] query [SEP] passage [SEP], at most `length` tokens.

    The query keeps its first `most` words, the passage gets what room is left: a question cut
    short is another question, a passage cut short is still a passage.

    Raises:
        ValueError: if `most` is below 1 or `length` has no room for that many and three more.
    """
    if most < 1 or length < most + 4:
        raise ValueError(f"length is {length}, most {most}; most >= 1 and length >= most + 4")
    query = query[:most]
    passage = passage[: length - len(query) - 3]
    like = vocabulary.likeness(query, passage)  # (m, n)
    ids, marks = [CLS], [NOTHING]
    for side, best in (
        (query, like.max(axis=1, initial=0)),
        (passage, like.max(axis=0, initial=0)),
    ):
        rarity = [vocabulary.rarity(word) for word in side]
        ids += [vocabulary.ids.get(word, UNK) for word in side] + [SEP]
        marks += [(r, r * x, float(x == 1)) for r, x in zip(rarity, best.tolist())] + [NOTHING]
    segments = [0] * (len(query) + 2) + [1] * (len(passage) + 1)
    return ids, segments, marks


def pad(pairs: Sequence[Packed]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pairs as tensors of the longest one's length: ids and segments (B, T), marks
    (B, T, 3), is_token (B, T)."""
    T = max(len(ids) for ids, _, _ in pairs)
    ids = torch.tensor([ids + [PAD] * (T - len(ids)) for ids, _, _ in pairs])
    segments = torch.tensor([part + [0] * (T - len(part)) for _, part, _ in pairs])
    rows = [part + [NOTHING] * (T - len(part)) for *_, part in pairs]
    marks = torch.tensor(rows, dtype=torch.float64)
    lengths = torch.tensor([len(pair[0]) for pair in pairs])
    return ids, segments, marks, torch.arange(T) < lengths[:, None]


class Block(nn.Module):
    """One of BERT's layers: attention and a feed-forward part, each added and then normalized."""

    def __init__(self, config: CrossEncoderConfig) -> None:
        super().__init__()
        C = config.dim
        self.heads = config.heads
        self.q, self.k, self.v, self.o = (nn.Linear(C, C) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(C, eps=1e-12), nn.LayerNorm(C, eps=1e-12)
        self.up, self.down = nn.Linear(C, config.hidden), nn.Linear(config.hidden, C)

    def forward(self, x: Tensor, is_token: Tensor) -> Tensor:
        """(B, T, C), (B, T) -> (B, T, C)."""
        B, T, C = x.shape
        q, k, v = (
            f(x).view(B, T, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v)
        )  # (B, H, T, D)
        scores = q @ k.transpose(-2, -1) / math.sqrt(C // self.heads)  # (B, H, T, T)
        # Padding may be asked, its answer is never read; it must not be listened to.
        scores = scores.masked_fill(~is_token[:, None, None, :], -torch.inf)
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(B, T, C)
        x = self.norm1(x + self.o(mixed))
        y: Tensor = self.norm2(x + self.down(nn.functional.gelu(self.up(x))))
        return y


class CrossEncoder(nn.Module):
    """Scores (query, passage) pairs; higher is better, and only the order means anything.

    Args:
        vocabulary: which words have ids.
        config: sizes.
        seed: of the initial weights, drawn from N(0, 0.02²) like BERT's.

    Raises:
        ValueError: if the heads do not divide the channels.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        config: CrossEncoderConfig = CrossEncoderConfig(),
        seed: int = 0,
    ) -> None:
        super().__init__()
        if config.dim % config.heads:
            raise ValueError(f"heads is {config.heads}; it must divide dim, {config.dim}")
        self.vocabulary, self.config = vocabulary, config
        C = config.dim
        self.word = nn.Embedding(len(vocabulary), C)
        self.position = nn.Embedding(config.length, C)
        self.segment = nn.Embedding(2, C)
        self.mark = nn.Linear(3, C, bias=False)
        self.norm = nn.LayerNorm(C, eps=1e-12)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.pool, self.score = nn.Linear(C, C), nn.Linear(C, 1)
        self.double()
        generator = torch.Generator().manual_seed(seed)
        for name, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.1, generator=generator)
            elif "norm" not in name:
                nn.init.zeros_(p)
        nn.init.zeros_(self.mark.weight)

    def forward(self, ids: Tensor, segments: Tensor, marks: Tensor, is_token: Tensor) -> Tensor:
        """Four tensors from :func:`pad` -> scores (B,)."""
        x = self.word(ids) + self.segment(segments) + self.mark(marks)  # (B, T, C)
        x = self.norm(x + self.position(torch.arange(ids.shape[1])))
        for block in self.blocks:
            x = block(x, is_token)
        score: Tensor = self.score(torch.tanh(self.pool(x[:, 0])))  # (B, 1)
        return score[:, 0]

    def pack(self, query: str, passage: str) -> Packed:
        """The pair of two texts as this model reads it."""
        c = self.config
        return pack(words(query), words(passage), self.vocabulary, c.length, c.query_length)

    @torch.no_grad()
    def scores(self, query: str, passages: Sequence[str], batch: int = 32) -> list[float]:
        """The score of each passage for the query; pairs of like length share a batch.

        Raises:
            ValueError: if `batch` is below 1.
        """
        if batch < 1:
            raise ValueError(f"batch is {batch}; it must be 1 or more")
        pairs = [self.pack(query, passage) for passage in passages]
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]))
        found = [0.0] * len(pairs)
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            for i, score in zip(chosen, self(*pad([pairs[i] for i in chosen])).tolist()):
                found[i] = score
        return found


def train_cross_encoder(
    model: CrossEncoder,
    groups: Sequence[tuple[str, Sequence[str]]],
    *,
    epochs: int = 1,
    batch: int = 8,
    learning_rate: float = 2e-3,
    seed: int = 0,
    watch: Callable[[float], None] = lambda loss: None,
) -> None:
    """Train in place on groups (query, [right passage, wrong one, wrong one, ...]).

    The loss is the cross-entropy of a softmax over the scores of a group, the right one first:
    localized contrastive estimation (gao2021lce). All groups must have the same size.

    Raises:
        ValueError: if the groups differ in size or have fewer than two passages.
    """
    sizes = {len(passages) for _, passages in groups}
    if len(sizes) != 1 or min(sizes) < 2:
        raise ValueError(f"groups hold {sorted(sizes)} passages; all must hold the same, 2 or more")
    packed = [[model.pack(query, passage) for passage in passages] for query, passages in groups]
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    generator = torch.Generator().manual_seed(seed)
    steps = epochs * math.ceil(len(packed) / batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / (0.1 * steps + 1), (steps - step) / steps)
    )
    for _ in range(epochs):
        order = torch.randperm(len(packed), generator=generator).tolist()
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            pairs = [pair for i in chosen for pair in packed[i]]
            scores = model(*pad(pairs)).view(len(chosen), -1)  # (groups, passages a group)
            loss = -scores.log_softmax(-1)[:, 0].mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            watch(loss.item())
