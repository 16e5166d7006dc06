"""Training data for a reranker when nobody has marked any: the corpus asks itself.

One sentence is taken out of each chunk. It becomes a query, and what is left of its chunk the
right passage (inverse cloze, lee2019): a question that the chunk itself asks and answers, where
there is one, else any sentence, with some of its words dropped. The chunks that are left are
indexed and searched, and the wrong passages of a group are drawn from what the search ranks high:
the reranker's own future input (gao2021lce). Two things make or break such data:

- Right and wrong passages must look alike. If the right ones were paragraphs and the wrong ones
  chunks, or if the right ones had a worse BM25 score than all of the wrong ones, the model would
  learn that instead. So both are chunks, and pairs whose right passage the search does not find
  are left out: no reranker will ever see it.
- The nearer the top wrong passages are drawn, the more of them are right without being marked.
  Chunks of the same document are never taken.

Left out: questions written by a model (nogueira2019doc2query, bonifacio2022) and labels by a
larger reranker (distillation, hofstaetter2020), which is how it is done where a model can be had.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from handtorch.rag.dense import Ranking
from handtorch.rag.documents import Chunk
from handtorch.rag.text import sentences, words


@dataclass(frozen=True)
class Pair:
    """A made query, the id of the chunk it was taken from, and whether it is a real question."""

    query: str
    chunk: str
    asked: bool


def take_out(
    chunks: Sequence[Chunk], *, drop: float = 0.3, keep: float = 0.0, seed: int = 0
) -> tuple[list[Pair], list[Chunk]]:
    """One sentence of each chunk as a query, and the chunks without those sentences.

    Args:
        chunks: those with fewer than two sentences of four terms or more stay as they are.
        drop: how likely each word of a sentence that is no question is left out: a question
            repeats only some of its answer's words.
        keep: how likely the sentence stays in its chunk all the same, so that the words of the
            query are found there.

    Returns:
        the pairs, and as many chunks as came, in their order. Only the text of a chunk changes,
        its offsets still say where it was cut.

    Raises:
        ValueError: if `drop` or `keep` is outside [0, 1].
    """
    for name, value in (("drop", drop), ("keep", keep)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value}; it must be from 0 to 1")
    chance = random.Random(seed)
    pairs, left = [], []
    for chunk in chunks:
        spans = [chunk.text[a:b] for a, b in sentences(chunk.text)]
        long = [sentence for sentence in spans if len(words(sentence)) >= 4]
        if len(long) < 2:
            left.append(chunk)
            continue
        asked = [a for a, b in zip(spans, spans[1:]) if _is_question(a) and not _is_question(b)]
        taken = chance.choice(asked or long)
        kept = [word for word in taken.split() if asked or chance.random() >= drop]
        pairs.append(Pair(" ".join(kept) or taken, chunk.id, bool(asked)))
        stays = chance.random() < keep
        left.append(chunk if stays else replace(chunk, text=chunk.text.replace(taken, "", 1)))
    return pairs, left


def training_groups(
    pairs: Sequence[Pair],
    chunks: Sequence[Chunk],
    search: Callable[[str, int], Ranking],
    *,
    wrong: int = 3,
    depth: int = 30,
    skip: int = 0,
    seed: int = 0,
) -> list[tuple[str, list[str]]]:
    """(query, [the right passage, `wrong` wrong ones]) for each pair whose passage is found.

    Args:
        chunks: what `search` returns ids of.
        depth: how deep to search; the right passage must be there, the wrong ones are drawn there.
        skip: how many of the first ranks to draw none from.

    Raises:
        ValueError: unless `wrong` >= 1 and 0 <= `skip` < `depth`.
    """
    if wrong < 1:
        raise ValueError(f"wrong is {wrong}; it must be 1 or more")
    if not 0 <= skip < depth:
        raise ValueError(f"skip is {skip}; it must be from 0 to below depth, {depth}")
    by_id = {chunk.id: chunk for chunk in chunks}
    chance = random.Random(seed)
    groups = []
    for pair in pairs:
        found = [key for key, _ in search(pair.query, depth)]
        document = by_id[pair.chunk].document
        others = [key for key in found[skip:] if by_id[key].document != document]
        if pair.chunk in found and len(others) >= wrong:
            group = [pair.chunk, *chance.sample(others, wrong)]
            groups.append((pair.query, [by_id[key].text for key in group]))
    return groups


def _is_question(sentence: str) -> bool:
    return sentence.endswith(("?", "？")) and len(words(sentence)) >= 4
