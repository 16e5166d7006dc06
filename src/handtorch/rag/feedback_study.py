"""An experiment: weights of a hybrid retriever, learned from a language model's probabilities.

Questions are the titles of the book's sections, answers their short answers, and passages what is
left of the sections. For each question a pool of passages is taken, the model says how many bits
the answer costs with each, and `lm_feedback.fit_weights` fits the weights. Which passage belongs to
which question is used only to report what the model's judgment is worth.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from handtorch.rag.bm25 import BM25
from handtorch.rag.chunking import structural_chunks
from handtorch.rag.documents import Document
from handtorch.rag.embedding import Encoder
from handtorch.rag.lm_feedback import answer_bits, fit_weights, posterior
from handtorch.rag.ngrams import NgramModel
from handtorch.rag.read_along import split_short_answer

Floats = npt.NDArray[np.float64]
#: From a query to the features of all passages, (passages, 3).
Features = Callable[[str], Floats]


@dataclass(frozen=True)
class Learned:
    """What was learned.

    Attributes:
        weights: of BM25, cosine and log length, each divided by its scale.
        scale: the standard deviations in the pools.
        in_pool: the share of pool passages that belong to their question's section.
        in_posterior: the share of the model's posterior on those.
    """

    weights: Floats
    scale: Floats
    in_pool: float
    in_posterior: float


def features_of(texts: Mapping[str, str], encoder: Encoder) -> Features:
    """BM25 score, cosine, and log of the length in characters, for each of the texts."""
    index, length = BM25(texts), np.log([max(len(text), 1) for text in texts.values()])
    vectors = encoder.encode_passages(list(texts.values()))

    def features(query: str) -> Floats:
        cosine = vectors @ encoder.encode_queries([query])[0]
        return np.stack([index.scores(query), cosine, length], axis=1).astype(np.float64)

    return features


def pool(features: Floats, size: int) -> list[int]:
    """The best passages of the first two features in turn, none twice, at most `size`."""
    orders = [np.argsort(-features[:, j], kind="stable").tolist() for j in (0, 1)]
    return list(dict.fromkeys(i for pair in zip(*orders) for i in pair))[:size]


def learn_weights(
    sections: Sequence[Document],
    encoder: Encoder,
    model: NgramModel,
    *,
    size: int = 12,
    tau: float = 0.1,
) -> Learned:
    """Weights from the model's probabilities of the sections' short answers.

    Args:
        sections: of the book, with short answers; their titles are the questions, and are cut
            from the passages.
        encoder: fitted or trained without the titles: else it has seen the questions.
        size: passages in a pool.
        tau: see `posterior`.

    Raises:
        ValueError: if fewer than `size` passages come out.
    """
    asked = [(section.title, *split_short_answer(section)) for section in sections]
    bodies = [replace(rest, text=rest.text.partition("\n")[2]) for _, _, rest in asked]
    chunks = [c for body in bodies for c in structural_chunks(body, 800) if len(c.text) > 100]
    if len(chunks) < size:
        raise ValueError(f"size is {size}, but the sections give only {len(chunks)} passages")
    features = features_of({c.id: c.text for c in chunks}, encoder)
    x, bits, own = [], [], []
    for question, answer, rest in asked:
        every = features(question)
        chosen = pool(every, size)
        x.append(every[chosen])
        bits.append(answer_bits(model, answer, [chunks[i].text for i in chosen]))
        own.append([chunks[i].document == rest.id for i in chosen])
    stacked, target = np.array(x), posterior(np.array(bits), tau)  # (n, size, 3), (n, size)
    mean, scale = stacked.mean((0, 1)), stacked.std((0, 1))
    weights = fit_weights((stacked - mean) / scale, target)
    mass = (target * np.array(own)).sum(1).mean()
    return Learned(weights, scale, float(np.mean(own)), float(mass))


def weighted_search(
    texts: Mapping[str, str], features: Features, weights: Sequence[float] | Floats, scale: Floats
) -> Callable[[str, int], list[tuple[str, float]]]:
    """A search over `texts` by the weighted sum of their scaled features."""
    names = list(texts)

    def search(query: str, k: int) -> list[tuple[str, float]]:
        sums = (features(query) / scale) @ np.asarray(weights, np.float64)
        return [(names[i], float(sums[i])) for i in np.argsort(-sums, kind="stable")[:k]]

    return search
