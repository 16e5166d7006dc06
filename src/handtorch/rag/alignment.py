"""Tune a retriever to its reader: what makes the answer more likely should rank high.

Similar is not the same as useful. REPLUG (shi2024replug) lets a frozen language model say what is
useful to it: for a query x with a known answer y, every candidate passage d is put before the
model, and the likelihood of y given x and d becomes d's label. The retriever's distribution over
the candidates is moved toward the reader's,

    P(d | x) = softmax(s(x, d)),    Q(d | x, y) = softmax(likelihood(y | d, x) / beta),
    loss = KL(P || Q), averaged over queries.

Nobody has to mark passages. Here the reader is an n-gram model (`ngrams`), the likelihood is the
mean log-probability of a token, and the retriever is a hybrid: s is a weighted sum of the scores
of several retrievers, and the weights are what is learned.

What this leaves out: gradients into an encoder and the new index that they call for, tuning the
reader as well (izacard2023atlas), and attention in place of likelihood (izacard2021distill).
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from handtorch.rag.ngrams import NgramModel


def usefulness(
    reader: NgramModel, query: str, answer: str, passages: Sequence[str], weight: float = 0.5
) -> np.ndarray:
    """(P,): the mean log-probability of a token of `answer`, with each of P passages at hand.

    Raises:
        ValueError: if `answer` holds no token.
    """
    values = []
    for passage in passages:
        tokens = reader.with_passages([passage], weight).probabilities(answer, before=query)
        if not tokens:
            raise ValueError(f"answer is {answer!r}; it must hold a token")
        values.append(sum(math.log(p) for _, p in tokens) / len(tokens))
    return np.array(values)


def divergence(scores: Tensor, useful: Tensor, beta: float = 0.5) -> Tensor:
    """The loss: the mean over B queries of KL(P || Q); scores and usefulness are (B, P)."""
    log_p = F.log_softmax(scores, dim=-1)
    log_q = F.log_softmax(useful / beta, dim=-1)
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1).mean()


def tune_weights(
    scores: np.ndarray, useful: np.ndarray, beta: float = 0.5, steps: int = 200
) -> np.ndarray:
    """(R,): the weights of R retrievers whose weighted sum comes closest to the reader.

    Args:
        scores: (B, P, R), what each retriever gives to P candidates of B queries, on a common
            scale.
        useful: (B, P), what `usefulness` says of them.

    Raises:
        ValueError: if the shapes disagree.
    """
    if scores.ndim != 3 or scores.shape[:2] != useful.shape:
        raise ValueError(
            f"scores have shape {scores.shape}; for useful of shape {useful.shape} they must be "
            f"{(*useful.shape, 'R')}"
        )
    s, u = torch.from_numpy(scores), torch.from_numpy(useful)
    weights = torch.zeros(s.shape[2], dtype=s.dtype, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=steps, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = divergence(s @ weights, u, beta)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return weights.detach().numpy()
