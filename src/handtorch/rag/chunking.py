"""Cutting a document into chunks: by length, with overlap, by structure, by meaning, in two levels.

A chunk is a span of characters of its document, `chunk.text == document.text[start:stop]`, and its
id says which one: "doc#0-800". The chunks of a document cover every character of it. Sizes are in
characters, which every reader can count; a tokenizer's count would do as well and would bind the
index to that tokenizer.

`semantic_chunks` follows the idea of TextTiling (hearst1997) with an encoder in place of word
counts. Left out: chunks that a model proposes, and chunks embedded after the whole document has
been read (late chunking, gunther2024late).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from handtorch.rag.documents import Chunk, Document
from handtorch.rag.structure import Span, blocks, pack, sections, sentence_spans, word_spans

Encode = Callable[[Sequence[str]], np.ndarray]  # n texts -> (n, d)


def fixed_chunks(document: Document, size: int) -> list[Chunk]:
    """Cut after every `size` characters."""
    return sliding_chunks(document, size, 0)


def sliding_chunks(document: Document, size: int, overlap: int) -> list[Chunk]:
    """Windows of `size` characters; each repeats the last `overlap` characters of the one before.

    The last window ends with the document and may be shorter. Raises ValueError unless
    0 <= overlap < size: with more, the next window would not start after this one.
    """
    _check_size("size", size)
    if not 0 <= overlap < size:
        raise ValueError(f"overlap must be at least 0 and less than size ({size}), got {overlap}")
    length, step = len(document.text), size - overlap
    # A window that starts in the last `overlap` characters would repeat the one before and add
    # nothing. A text shorter than the overlap still gets its one window.
    starts = range(0, max(length - overlap, min(length, 1)), step)
    return _chunks(document, [(start, min(start + size, length)) for start in starts])


def structural_chunks(document: Document, maximum: int) -> list[Chunk]:
    """Cut at headings; within a section join whole blocks up to `maximum` characters.

    A block that is longer is cut between sentences, a longer sentence between words, a longer
    word anywhere. A chunk's metadata gain "heading": the headings above it, joined by " > ".
    """
    _check_size("maximum", maximum)
    chunks: list[Chunk] = []
    for section in sections(document.text):
        text = document.text[section.start : section.stop]
        spans = pack(_fit(text, blocks(text), maximum), maximum)
        heading = {"heading": " > ".join(section.headings)} if section.headings else {}
        chunks += _chunks(document, _shift(spans, section.start), heading)
    return chunks


def semantic_chunks(
    document: Document, encode: Encode, maximum: int, quantile: float = 0.25, window: int = 1
) -> list[Chunk]:
    """Cut where the text before and the text after are least alike.

    The similarity at the gap between two sentences is the cosine of the sums of the `window`
    sentence vectors before and after it. The text is cut at the gaps whose similarity is below
    the given `quantile` of all of the document's gaps; what is then still longer than `maximum`
    is cut between sentences and words. encode: sentences -> (sentences, d).
    """
    _check_size("maximum", maximum)
    _check_size("window", window)
    if not 0 <= quantile <= 1:
        raise ValueError(f"quantile must be between 0 and 1, got {quantile}")
    text = document.text
    groups = [[span] for span in sentence_spans(text)]
    if len(groups) > 1:
        vectors = _vectors(encode, [text[start:stop].strip() for [(start, stop)] in groups])
        similarities = gap_similarities(vectors, window)
        groups = join_alike(groups, similarities, float(np.quantile(similarities, quantile)))
    spans = [span for group in groups for span in pack(_fit(text, group, maximum), maximum)]
    return _chunks(document, spans)


def gap_similarities(vectors: np.ndarray, window: int = 1) -> np.ndarray:
    """Sentence vectors (n, d) -> the cosine across each of the n - 1 gaps; 0 for a zero vector."""
    total = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(vectors, axis=0, dtype=np.float64)])
    gap = np.arange(1, len(vectors))
    before = total[gap] - total[np.maximum(gap - window, 0)]
    after = total[np.minimum(gap + window, len(vectors))] - total[gap]
    norms = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    dots = (before * after).sum(axis=1)
    cosines: np.ndarray = np.divide(dots, norms, out=np.zeros(len(gap)), where=norms > 0)
    return cosines


def parent_child_chunks(
    document: Document, parent_maximum: int, child_maximum: int
) -> tuple[list[Chunk], list[Chunk]]:
    """Structural chunks (parents), and each cut again into smaller ones (children).

    Children are searched and parents are read: a child's metadata name its "parent" by its id.
    No child crosses the border of a parent.
    """
    if not 1 <= child_maximum < parent_maximum:
        raise ValueError(
            f"child_maximum must be at least 1 and less than parent_maximum ({parent_maximum}), "
            f"got {child_maximum}"
        )
    parents = structural_chunks(document, parent_maximum)
    children: list[Chunk] = []
    for parent in parents:
        spans = pack(_fit(parent.text, blocks(parent.text), child_maximum), child_maximum)
        extra = {**parent.metadata, "parent": parent.id}
        children += _chunks(document, _shift(spans, parent.start), extra)
    return parents, children


def parents_of(
    ranking: Sequence[tuple[str, float]], children: Mapping[str, Chunk]
) -> list[tuple[str, float]]:
    """Children's ranking -> their parents', each once, at the place and score of its best child."""
    best: dict[str, float] = {}
    for name, score in ranking:
        best.setdefault(children[name].metadata["parent"], score)
    return list(best.items())


def widen(chunk: Chunk, document: Document, margin: int) -> Chunk:
    """The chunk with up to `margin` more characters of its document on either side.

    It keeps its id, which says what was found, and not what is shown.
    """
    if margin < 0 or chunk.document != document.id:
        raise ValueError(
            f"margin must not be negative, got {margin}, "
            f"and document must be {chunk.document!r}, got {document.id!r}"
        )
    start, stop = max(chunk.start - margin, 0), min(chunk.stop + margin, len(document.text))
    return replace(chunk, start=start, stop=stop, text=document.text[start:stop])


def with_context(chunk: Chunk) -> str:
    """The chunk's text below its document's title and its headings: what to index, not to show."""
    title, heading = chunk.metadata.get("title", ""), chunk.metadata.get("heading", "")
    path = heading if heading.startswith(title) else " > ".join(filter(None, [title, heading]))
    return f"{path}\n{chunk.text}" if path else chunk.text


def join_alike(
    groups: list[list[Span]], similarities: np.ndarray, threshold: float
) -> list[list[Span]]:
    """Join neighboring groups, except at gaps whose similarity is below the threshold."""
    joined = [list(groups[0])]
    for group, similarity in zip(groups[1:], similarities):
        if similarity < threshold:
            joined.append([])
        joined[-1] += group
    return joined


def _fit(text: str, spans: list[Span], maximum: int) -> list[Span]:
    """The spans, with those longer than `maximum` cut into sentences, and these into words."""
    for finer in (sentence_spans, lambda piece: word_spans(piece, maximum)):
        spans = [
            part
            for start, stop in spans
            for part in (
                [(start, stop)]
                if stop - start <= maximum
                else _shift(finer(text[start:stop]), start)
            )
        ]
    return spans


def _shift(spans: list[Span], by: int) -> list[Span]:
    return [(start + by, stop + by) for start, stop in spans]


def _vectors(encode: Encode, texts: list[str]) -> np.ndarray:
    vectors = np.asarray(encode(texts), dtype=np.float64)
    if vectors.ndim != 2 or len(vectors) != len(texts):
        raise ValueError(
            f"encode must return one vector for each of the {len(texts)} sentences, "
            f"got an array of shape {vectors.shape}"
        )
    if not np.isfinite(vectors).all():
        raise ValueError("encode must return finite vectors, got NaN or infinity")
    return vectors


def _check_size(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")


def _chunks(
    document: Document, spans: list[Span], extra: Mapping[str, str] | None = None
) -> list[Chunk]:
    metadata = {**document.metadata, "title": document.title, **(extra or {})}  # shared by all
    return [
        Chunk(
            id=f"{document.id}#{start}-{stop}",
            document=document.id,
            start=start,
            stop=stop,
            text=document.text[start:stop],
            metadata=metadata,
        )
        for start, stop in spans
    ]
