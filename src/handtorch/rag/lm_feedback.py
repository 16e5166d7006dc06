"""The retriever learns from the generator: which passages make the right answer likely?

A passage is useful if the generator, reading it, gives the known answer a higher probability. The
posterior over the passages found, ``softmax(log P(answer | question, passage) / tau)``, is a
target for the retriever's own distribution, ``softmax(score)``; the divergence between the two is
minimized. The generator stays as it is and needs only to return probabilities: REPLUG's training
signal (shi2024replug), and, with a generator that is trained along, Atlas' (izacard2023atlas).

Here the generator is the n-gram model of `ngrams`, and the retriever a weighted sum of scores
(keywords, vectors, titles ...), so that what is learned is a handful of weights that one can read.

What this leaves out: training an encoder with the same loss, and re-embedding the corpus while
it changes, which is most of the cost in practice.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from handtorch.rag.ngrams import NgramModel

Floats = npt.NDArray[np.float64]


def answer_bits(model: NgramModel, answer: str, passages: Sequence[str]) -> Floats:
    """How many bits a token the answer costs with each passage at hand; fewer is more useful."""
    return np.array([model.with_passages([passage]).bits(answer) for passage in passages])


def posterior(bits: Floats, tau: float) -> Floats:
    """The generator's distribution over passages (..., k): a softmax of minus the bits.

    Args:
        bits: cost of the answer with each passage, a token.
        tau: small for nearly all weight on the best passage, large for nearly equal weights.

    Raises:
        ValueError: if `tau` is not above 0.
    """
    if not tau > 0:
        raise ValueError(f"tau is {tau}; it must be above 0")
    x = -np.asarray(bits, np.float64) / tau
    x = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(x / x.sum(-1, keepdims=True), np.float64)


def divergence(weights: Floats, features: Floats, targets: Floats) -> float:
    """The mean of ``KL(target || softmax(features @ weights))``, in nats."""
    return float(_loss(*map(torch.as_tensor, (weights, features, targets))))


def fit_weights(features: Floats, targets: Floats, *, steps: int = 200) -> Floats:
    """The weights w that bring ``softmax(features @ w)`` closest to the targets.

    The loss is convex in w, and L-BFGS finds its minimum from zero weights, so there is nothing
    to tune and no chance in it.

    Args:
        features: (n, k, f), for n answers the f scores of k passages each.
        targets: (n, k), rows that sum to 1.
        steps: iterations at most.

    Raises:
        ValueError: if the shapes disagree, or a row of targets does not sum to 1.
    """
    if features.ndim != 3 or targets.shape != features.shape[:2]:
        raise ValueError(
            f"features are {features.shape} and targets {targets.shape}; they must be (n, k, f)"
            " and (n, k)"
        )
    if not np.allclose(targets.sum(-1), 1):
        raise ValueError("targets must sum to 1 in each row")
    x = torch.tensor(features, dtype=torch.float64)
    y = torch.tensor(targets, dtype=torch.float64)
    w = torch.zeros(x.shape[-1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [w],
        max_iter=steps,
        line_search_fn="strong_wolfe",
        tolerance_grad=1e-10,
        tolerance_change=1e-14,
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = _loss(w, x, y)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return np.asarray(w.detach().numpy(), np.float64)


def _loss(w: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    log_q = torch.log_softmax(x @ w, -1)  # (n, k)
    return (torch.xlogy(y, y) - y * log_q).sum(-1).mean()
