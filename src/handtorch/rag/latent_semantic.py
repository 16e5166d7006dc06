"""Dense vectors without a neural network: tf-idf, then a truncated SVD (latent semantic analysis).

Row i of X holds document i's terms, weighted (1 + log tf) * idf and scaled to length one. The d
largest singular triples X = U S V^T put terms that occur in the same documents close together,
so a query can match a passage that shares no word with it. A new text is folded in by x V.

The SVD is randomized (halko2011): a few products with X find the subspace in which it lives, and
an exact SVD of a small matrix does the rest. Left out: updating the factors as documents come.

Paper: deerwester1990.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch

from handtorch.rag.text import words


class LatentSemanticEncoder:
    """Texts to unit vectors by latent semantic analysis; queries and passages alike.

    Args:
        vocabulary: column of each term.
        idf: inverse document frequency of each column.
        components: (V, d), the right singular vectors.
        singular_values: (d,), largest first.
    """

    def __init__(
        self,
        vocabulary: dict[str, int],
        idf: np.ndarray,
        components: np.ndarray,
        singular_values: np.ndarray,
    ) -> None:
        self.vocabulary, self.idf = vocabulary, idf
        self.components, self.singular_values = components, singular_values
        self.name = f"latent semantic analysis, {components.shape[1]} dimensions"

    @classmethod
    def fit(cls, texts: Sequence[str], d: int = 128, seed: int = 0) -> "LatentSemanticEncoder":
        """Learn from `texts`. `d` shrinks to the rank that few texts or few terms allow.

        Raises:
            ValueError: if no text has a term, or `d` is below 1.
        """
        if d < 1:
            raise ValueError(f"d is {d}; it must be 1 or more")
        counts = [Counter(words(text)) for text in texts]
        frequency = Counter(term for count in counts for term in count)
        if not frequency:
            raise ValueError(f"texts holds no term in {len(texts)} texts; at least one is needed")
        vocabulary = {term: column for column, term in enumerate(sorted(frequency))}
        df = np.array([frequency[term] for term in vocabulary], dtype=np.float64)
        idf = np.log((1 + len(texts)) / (1 + df)) + 1
        x = _tf_idf(counts, vocabulary, idf)
        _, s, v = truncated_svd(x, min(d, *x.shape), seed=seed)
        return cls(vocabulary, idf, v.numpy(), s.numpy())

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, (n, d) float64; zeros for a text without a known term."""
        x = _tf_idf([Counter(words(text)) for text in texts], self.vocabulary, self.idf)
        y = torch.sparse.mm(x, torch.from_numpy(self.components)).numpy()  # (n, d)
        length = np.linalg.norm(y, axis=1, keepdims=True)
        return np.asarray(y / np.where(length > 0, length, 1.0))

    def encode_passages(self, texts: Sequence[str]) -> np.ndarray:
        """The same map: nothing here tells a question from an answer."""
        return self.encode_queries(texts)


def truncated_svd(
    x: torch.Tensor, d: int, oversample: int = 16, iterations: int = 8, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The `d` largest singular triples of a sparse or dense matrix, by random projection.

    Args:
        x: (n, m), float64; only its products with thin matrices are used.
        oversample: extra random directions, which catch what d alone would miss.
        iterations: products with x x^T that make the leading directions stand out.

    Returns:
        u (n, d), s (d,), v (m, d) with x ~ u diag(s) v^T; the largest entry of each v is positive.

    Raises:
        ValueError: if `d` is not between 1 and the smaller side of x.
    """
    n, m = x.shape
    if not 1 <= d <= min(n, m):
        raise ValueError(f"d is {d}; a matrix of {n} by {m} allows 1 to {min(n, m)}")
    generator = torch.Generator().manual_seed(seed)
    width = min(d + oversample, n, m)
    q = torch.randn(m, width, generator=generator, dtype=torch.float64)
    for _ in range(iterations):
        # QR after every product: powers of x alone would round all columns to the first one.
        q = torch.linalg.qr(x @ q).Q  # (n, width)
        q = torch.linalg.qr(x.t() @ q).Q  # (m, width)
    u, s, wt = torch.linalg.svd(x @ q, full_matrices=False)  # x q = u s w^T, so x ~ u s (q w)^T
    v = q @ wt.t()  # (m, width)
    sign = torch.sign(v.gather(0, v.abs().argmax(0, keepdim=True)))  # (1, width)
    return (u * sign)[:, :d], s[:d], (v * sign)[:, :d]


def _tf_idf(
    counts: Sequence[Counter[str]], vocabulary: dict[str, int], idf: np.ndarray
) -> torch.Tensor:
    """Weighted rows of length one, sparse (n, V); unknown terms are dropped."""
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for row, count in enumerate(counts):
        known = {vocabulary[term]: n for term, n in count.items() if term in vocabulary}
        weights = [(1 + math.log(n)) * idf[column] for column, n in known.items()]
        length = math.sqrt(sum(w * w for w in weights))
        rows += [row] * len(known)
        columns += known
        values += [w / length for w in weights]
    x = torch.sparse_coo_tensor(
        torch.tensor([rows, columns], dtype=torch.int64).reshape(2, -1),
        torch.tensor(values, dtype=torch.float64),
        (len(counts), len(vocabulary)),
        check_invariants=False,
    )
    return x.coalesce()
