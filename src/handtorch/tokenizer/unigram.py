"""The Unigram language model as a tokenizer: every segmentation of a text has a probability.

A piece v has a log-probability s(v), and a segmentation of text x into pieces v1 .. vm has
log-probability s(v1) + ... + s(vm): pieces are drawn independently. Segmentations of x are the
paths through a lattice whose nodes are the positions 0 .. n between characters and whose edges
are the pieces, so all questions about them are answered by one sweep over the positions: the best
one (Viterbi), the n best, their total probability (forward), each piece's expected count
(forward-backward), and a random one (filter forward, sample backward).

`UnigramLM` is that model over strings, `Unigram` the tokenizer with ids around it. Left out:
training (`unigram_training`), NFKC normalization, user-defined symbols.

Paper: kudo2018subword. The unknown character's score and the ties are those of `sentencepiece`.
"""

import heapq
import math
import random
from collections.abc import Mapping, Sequence

from handtorch.tokenizer.raw_text import escape, unescape

#: How far below the worst piece an unknown character scores, as in `sentencepiece`.
UNKNOWN_PENALTY = 10.0

#: An edge of the lattice: where its piece starts, and the piece's score.
Edge = tuple[int, float]


class UnigramLM:
    """A distribution over the segmentations of a text.

    Args:
        scores: log-probability of every piece. They need not sum to one: `sentencepiece`'s
            trainer does not normalize its scores either.

    Raises:
        ValueError: if there is no piece, a piece is empty or a score is not finite.
    """

    def __init__(self, scores: Mapping[str, float]) -> None:
        if not scores or "" in scores:
            raise ValueError(f"scores has {len(scores)} pieces; it needs one or more, none empty")
        if wrong := [v for v, score in scores.items() if not math.isfinite(score)]:
            raise ValueError(f"scores[{wrong[0]!r}] is {scores[wrong[0]]}; it must be finite")
        self.scores = dict(scores)
        self.max_length = max(map(len, scores))
        self.unknown_score = min(scores.values()) - UNKNOWN_PENALTY

    def lattice(self, text: str) -> list[list[Edge]]:
        """The edges that end at each position, longest piece first.

        A character that is no piece gets an edge of its own at `unknown_score`, so that every
        text has at least one segmentation.

        Example: pieces a, b, ab and text "ab" -> [[], [(0, s(a))], [(0, s(ab)), (1, s(b))]]
        """
        ends: list[list[Edge]] = [[]]
        for end in range(1, len(text) + 1):
            edges = []
            for start in range(max(0, end - self.max_length), end):
                score = self.scores.get(text[start:end])
                if score is None and start == end - 1:
                    score = self.unknown_score
                if score is not None:
                    edges.append((start, score))
            ends.append(edges)
        return ends

    def viterbi(self, text: str) -> tuple[list[str], float]:
        """The most probable segmentation and its log-probability; a tie goes to the path whose
        last piece is the longest."""
        best, back = [0.0], [0]
        for edges in self.lattice(text)[1:]:
            score, start = max(((best[i] + s, i) for i, s in edges), key=lambda pair: pair[0])
            best.append(score)
            back.append(start)
        return _follow(text, back), best[-1]

    def nbest(self, text: str, n: int) -> list[tuple[list[str], float]]:
        """The `n` most probable segmentations, best first; fewer where there are fewer.

        Raises:
            ValueError: if `n` is below 1.
        """
        if n < 1:
            raise ValueError(f"n is {n}; it must be 1 or more")
        best: list[list[tuple[float, tuple[int, ...]]]] = [[(0.0, ())]]  # score, cuts so far
        for end, edges in enumerate(self.lattice(text)[1:], start=1):
            paths = ((p + s, cuts + (end,)) for i, s in edges for p, cuts in best[i])
            best.append(heapq.nlargest(n, paths, key=lambda path: path[0]))
        return [(_cut(text, cuts), score) for score, cuts in best[-1]]

    def forward(self, text: str, alpha: float = 1.0) -> list[float]:
        """a[j]: log of the sum of P(segmentation)**alpha over all segmentations of text[:j]."""
        a = [0.0]
        for edges in self.lattice(text)[1:]:
            a.append(_log_sum_exp([a[i] + alpha * s for i, s in edges]))
        return a

    def log_likelihood(self, text: str) -> float:
        """log P(text): the sum over all its segmentations, not the best of them alone."""
        return self.forward(text)[-1]

    def expected_counts(self, text: str) -> dict[str, float]:
        """How often each piece occurs in a segmentation of `text` drawn from the model.

        The edge (i, j) lies on a random path with probability exp(a[i] + s + b[j] - a[n]), where
        b[j] is the log-sum over all segmentations of text[j:].
        """
        lattice, a, n = self.lattice(text), self.forward(text), len(text)
        after: list[list[float]] = [[] for _ in range(n)] + [[0.0]]  # summands of each b[j]
        counts: dict[str, float] = {}
        for j in range(n, 0, -1):
            b = _log_sum_exp(after[j])
            for i, s in lattice[j]:
                after[i].append(s + b)
                p = math.exp(a[i] + s + b - a[n])
                counts[text[i:j]] = counts.get(text[i:j], 0.0) + p
        return counts

    def sample(self, text: str, generator: random.Random, alpha: float = 1.0) -> list[str]:
        """A segmentation drawn with probability proportional to P(segmentation)**alpha.

        Filter forward, sample backward: the last piece is drawn by its share of a[n], then the
        one before it, so the cost does not depend on how many segmentations there are.

        Args:
            alpha: 1 is the model itself, 0 makes all segmentations equally likely, and a large
                one concentrates on the best.
        """
        lattice, a, cuts = self.lattice(text), self.forward(text, alpha), [len(text)]
        while (j := cuts[-1]) > 0:
            weights = [math.exp(a[i] + alpha * s - a[j]) for i, s in lattice[j]]
            cuts.append(generator.choices([i for i, _ in lattice[j]], weights)[0])
        return _cut(text, cuts[-2::-1])


class Unigram:
    """Text to ids by the most probable segmentation; lossless if `byte_fallback` is on.

    Args:
        pieces: piece and score, in the order of their ids. A piece whose id is `unk_id` stands
            for what is unknown; with `byte_fallback`, the 256 pieces ``<0x00>`` .. ``<0xFF>``
            spell unknown characters in UTF-8 instead. None of these is ever matched as text.
        unk_id: the id of the unknown piece.
        byte_fallback: spell unknown characters by their bytes.

    Raises:
        ValueError: if a piece occurs twice, `unk_id` is no id, or a byte piece is missing.
    """

    def __init__(
        self, pieces: Sequence[tuple[str, float]], unk_id: int = 0, byte_fallback: bool = False
    ) -> None:
        self.pieces, self.unk_id, self.byte_fallback = list(pieces), unk_id, byte_fallback
        self._ids = {piece: i for i, (piece, _) in enumerate(pieces)}
        if len(self._ids) != len(pieces):
            raise ValueError(f"pieces has {len(pieces)} entries but {len(self._ids)} distinct ones")
        if not 0 <= unk_id < len(pieces):
            raise ValueError(f"unk_id is {unk_id}; it must be from 0 to {len(pieces) - 1}")
        self._byte_of: dict[int, int] = {}
        if byte_fallback:
            missing = [b for b in range(256) if byte_piece(b) not in self._ids]
            if missing:
                raise ValueError(f"pieces lacks {byte_piece(missing[0])}; byte_fallback needs it")
            self._byte_of = {self._ids[byte_piece(b)]: b for b in range(256)}
        special = {unk_id, *self._byte_of}
        self.model = UnigramLM({v: s for i, (v, s) in enumerate(pieces) if i not in special})

    @property
    def vocab_size(self) -> int:
        """How many pieces there are, the unknown one and the bytes included."""
        return len(self.pieces)

    def encode(self, text: str) -> list[int]:
        """The ids of the most probable segmentation of `text`, its spaces escaped."""
        return self._to_ids(self.model.viterbi(escape(text))[0])

    def sample_encode(self, text: str, generator: random.Random, alpha: float = 1.0) -> list[int]:
        """The ids of a random segmentation: subword regularization."""
        return self._to_ids(self.model.sample(escape(text), generator, alpha))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`, a malformed run of bytes as U+FFFD, the unknown piece as written."""
        out = bytearray()
        for i in ids:
            out += bytes([self._byte_of[i]]) if i in self._byte_of else self.pieces[i][0].encode()
        return unescape(out.decode("utf-8", errors="replace"))

    def _to_ids(self, segmentation: Sequence[str]) -> list[int]:
        ids: list[int] = []
        in_unknown = False
        for piece in segmentation:
            if piece in self.model.scores:
                ids.append(self._ids[piece])
                in_unknown = False
            elif self.byte_fallback:
                ids += [self._ids[byte_piece(b)] for b in piece.encode("utf-8")]
            elif not in_unknown:  # one <unk> stands for a whole run of unknown characters
                ids.append(self.unk_id)
                in_unknown = True
        return ids


def byte_piece(byte: int) -> str:
    """Example: 10 -> "<0x0A>" """
    return f"<0x{byte:02X}>"


def _follow(text: str, back: Sequence[int]) -> list[str]:
    cuts = [len(text)]
    while cuts[-1] > 0:
        cuts.append(back[cuts[-1]])
    return _cut(text, cuts[-2::-1])


def _cut(text: str, ends: Sequence[int]) -> list[str]:
    return [text[i:j] for i, j in zip([0, *ends], ends)]


def _log_sum_exp(x: Sequence[float]) -> float:
    if not x:
        return -math.inf  # no segmentation passes through this position
    top = max(x)
    if top == -math.inf:
        return top
    return top + math.log(math.fsum(math.exp(v - top) for v in x))
