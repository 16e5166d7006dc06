"""Texts to vectors, behind one interface: whichever encoder a reader has, the pages run with it.

Three encoders: latent semantic analysis (`latent_semantic`), two small towers trained on the
corpus itself (`two_towers`), and any model that sentence-transformers can load (reimers2019).
`default_encoder` picks; its `.name` says which one ran. Left out: encoders behind a network.
"""

import os
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from handtorch.rag.latent_semantic import LatentSemanticEncoder
from handtorch.rag.text import sentences
from handtorch.rag.two_towers import TwoTowerEncoder, hard_negatives, train_two_towers

__all__ = [
    "Encoder",
    "LatentSemanticEncoder",
    "SentenceTransformerEncoder",
    "TwoTowerEncoder",
    "default_encoder",
    "first_sentence_pairs",
    "hard_negatives",
    "train_two_towers",
]

#: Environment variable with the folder or the name of a sentence-transformers model.
MODEL_VARIABLE = "HANDTORCH_EMBEDDING_MODEL"


class Encoder(Protocol):
    """Texts to unit vectors, so that a dot product is a cosine.

    A query and a passage may go through different models, or get different prefixes, so they
    have different methods. A text in which nothing is known may give zeros.
    """

    @property
    def name(self) -> str: ...

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        """(n, d) unit vectors."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """(n, d) unit vectors."""
        ...


class SentenceTransformerEncoder:
    """A model of sentence-transformers, from a folder or from the local cache; on the CPU.

    Prompts that the model's own configuration names for queries and passages are put in front
    by the library: E5 and others need them.

    Args:
        path: a folder, or a name the library knows.
        batch_size: texts that are encoded at a time.

    Raises:
        ImportError: if sentence-transformers is not installed.
    """

    def __init__(self, path: str, batch_size: int = 32) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ImportError(
                f"the model {path!r} needs sentence-transformers: pip install sentence-transformers"
            ) from error
        self.model: Any = SentenceTransformer(path, device="cpu")
        self.batch_size = batch_size
        self.name = f"sentence-transformers model {os.path.basename(os.path.normpath(path))}"

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        """(n, d) unit vectors, float32."""
        return self._encode(self.model.encode_query, texts)

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """(n, d) unit vectors, float32."""
        return self._encode(self.model.encode_document, texts)

    def _encode(self, encode: Any, texts: Sequence[str]) -> np.ndarray:
        vectors = encode(
            list(texts) or [""],  # so that no text gives a matrix of no rows and d columns
            batch_size=self.batch_size,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return np.asarray(vectors)[: len(texts)]


def first_sentence_pairs(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Each text's first sentence and what follows it; texts of one sentence give none.

    Nobody labeled these pairs: a text vouches for what belongs to it (inverse cloze, lee2019).
    """
    pairs = []
    for text in texts:
        spans = sentences(text)
        if len(spans) > 1:
            (start, stop), rest = spans[0], text[spans[0][1] :].strip()
            if rest:
                pairs.append((text[start:stop].strip(), rest))
    return pairs


def default_encoder(texts: Sequence[str], seed: int = 0) -> Encoder:
    """The reader's model where HANDTORCH_EMBEDDING_MODEL names one, else one trained on `texts`.

    Args:
        texts: the passages of the corpus, never the questions it will be tested on.

    Raises:
        ValueError: if a model has to be trained and fewer than two texts have two sentences.
    """
    if path := os.environ.get(MODEL_VARIABLE, "").strip():
        return SentenceTransformerEncoder(path)
    return train_two_towers(first_sentence_pairs(texts), seed=seed)
