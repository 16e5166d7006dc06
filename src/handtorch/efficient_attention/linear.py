"""Linear attention (katharopoulos2020): replace exp(q . k) by phi(q) . phi(k) and reorder.

    out_i = sum_j (phi(q_i) . phi(k_j)) v_j / sum_j phi(q_i) . phi(k_j)
          = phi(q_i) (sum_j phi(k_j) v_j^T) / phi(q_i) . (sum_j phi(k_j))

The first line multiplies (phi(q) phi(k)^T) v, in T x S numbers; the second phi(q) (phi(k)^T v),
in M x Dv numbers, with M the size of phi. Causally the sums run up to j = i, and become a state
that is updated at each position. Four functions compute the same numbers:

    linear_attention_parallel   T x S weights, causal or not   O(T S (M + Dv))
    linear_attention            not causal, reordered          O((T + S) M Dv)
    linear_attention_recurrent  causal, one position a step    O(T M Dv), state of M (Dv + 1)
    linear_attention_chunked    causal, a chunk a step         O(T M Dv + T c (M + Dv))

What this leaves out: gates, decay and the delta rule (see `fast_weight_step` for the last), and
fused kernels.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

FeatureMap = Callable[[Tensor], Tensor]


class LinearState(NamedTuple):
    """All that a causal linear attention remembers; its size does not depend on the length."""

    s: Tensor  #: sum of phi(k_j) v_j^T, (..., M, Dv)
    z: Tensor  #: sum of phi(k_j), (..., M)


def elu_plus_one(x: Tensor) -> Tensor:
    """elu(x) + 1, that is x + 1 above 0 and exp(x) below: positive; (..., D) -> (..., D)."""
    return torch.nn.functional.elu(x) + 1


def relu_map(x: Tensor) -> Tensor:
    """max(x, 0): not negative; may be zero everywhere. (..., D) -> (..., D)."""
    return torch.relu(x)


def taylor_map(x: Tensor) -> Tensor:
    """phi with phi(q) . phi(k) = 1 + s + s^2 / 2 and s = q . k / sqrt(D); it is never below 1/2.

    The beginning of the series of exp(s), as in Based (arora2024). (..., D) -> (..., 1 + D + D^2).
    """
    x = x / x.shape[-1] ** 0.25
    square = (x.unsqueeze(-1) * x.unsqueeze(-2)).flatten(-2) / 2**0.5
    return torch.cat([torch.ones_like(x[..., :1]), x, square], -1)


def identity_map(x: Tensor) -> Tensor:
    """x itself: weights of either sign, so only for `normalize=False`."""
    return x


def linear_attention_parallel(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    feature_map: FeatureMap = elu_plus_one,
    causal: bool = True,
    normalize: bool = True,
) -> Tensor:
    """The definition: all weights phi(q_i) . phi(k_j), as a matrix.

    Args:
        q: queries, (..., T, D).
        k: keys, (..., S, D).
        v: values, (..., S, Dv).
        feature_map: phi, (..., D) -> (..., M); not negative if `normalize`.
        causal: query i sees keys up to i; then T and S must be equal.
        normalize: divide by the sum of the weights. A query whose weights are all 0 gets zeros.

    Returns:
        (..., T, Dv).

    Raises:
        ValueError: if lengths do not fit.
    """
    _check(q, k, v, causal)
    weights = feature_map(q) @ feature_map(k).transpose(-2, -1)  # (..., T, S)
    if causal:
        weights = weights.tril()
    out = weights @ v
    return _divide(out, weights.sum(-1, keepdim=True)) if normalize else out


def linear_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    feature_map: FeatureMap = elu_plus_one,
    normalize: bool = True,
) -> Tensor:
    """Without a mask, and the product in the other order: no T x S numbers anywhere.

    Arguments and result as in `linear_attention_parallel` with ``causal=False``.
    """
    _check(q, k, v, causal=False)
    query, key = feature_map(q), feature_map(k)
    s = key.transpose(-2, -1) @ v  # (..., M, Dv)
    z = key.sum(-2)  # (..., M)
    return read(query, LinearState(s, z), normalize=normalize)


def linear_attention_recurrent(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    feature_map: FeatureMap = elu_plus_one,
    normalize: bool = True,
    state: LinearState | None = None,
) -> tuple[Tensor, LinearState]:
    """Causal, one position at a time, as in generation: add to the state, then read it.

    Args:
        q, k, v, feature_map, normalize: as in `linear_attention_parallel`, T == S.
        state: what the positions before have left; nothing by default.

    Returns:
        (..., T, Dv), and the state after the last position.
    """
    _check(q, k, v, causal=True)
    query, key = feature_map(q), feature_map(k)
    state = empty_state(key, v) if state is None else state
    outputs = []
    for i in range(q.shape[-2]):
        key_i, v_i = key[..., i, :], v[..., i, :]  # (..., M), (..., Dv)
        s = state.s + key_i.unsqueeze(-1) * v_i.unsqueeze(-2)
        state = LinearState(s, state.z + key_i)
        outputs.append(read(query[..., i : i + 1, :], state, normalize=normalize))
    return torch.cat([v[..., :0, :], *outputs], -2), state


def linear_attention_chunked(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    chunk_size: int,
    feature_map: FeatureMap = elu_plus_one,
    normalize: bool = True,
    state: LinearState | None = None,
) -> tuple[Tensor, LinearState]:
    """Causal, a chunk at a time: parallel inside a chunk, a state between chunks.

    Args and returns as in `linear_attention_recurrent`; the chunk size changes the work and the
    memory, not the result.

    Raises:
        ValueError: if `chunk_size` is not positive or lengths do not fit.
    """
    _check(q, k, v, causal=True)
    if chunk_size < 1:
        raise ValueError(f"chunk_size is {chunk_size}; it must be 1 or more")
    query, key = feature_map(q), feature_map(k)
    state = empty_state(key, v) if state is None else state
    outputs = []
    pieces = (torch.split(x, chunk_size, dim=-2) for x in (query, key, v))
    for query_c, key_c, v_c in zip(*pieces):
        within = (query_c @ key_c.transpose(-2, -1)).tril()  # (..., c, c)
        out = within @ v_c + query_c @ state.s  # this chunk's past, and all before it
        total = within.sum(-1, keepdim=True) + query_c @ state.z.unsqueeze(-1)
        outputs.append(_divide(out, total) if normalize else out)
        state = LinearState(state.s + key_c.transpose(-2, -1) @ v_c, state.z + key_c.sum(-2))
    return torch.cat(outputs, -2) if outputs else v, state


def read(query: Tensor, state: LinearState, *, normalize: bool = True) -> Tensor:
    """phi(q) s, divided by phi(q) . z: query (..., T, M) -> (..., T, Dv)."""
    out = query @ state.s
    return _divide(out, query @ state.z.unsqueeze(-1)) if normalize else out


def empty_state(key: Tensor, v: Tensor) -> LinearState:
    """The state before the first position, for features (..., T, M) and values (..., T, Dv)."""
    M, Dv = key.shape[-1], v.shape[-1]
    return LinearState(v.new_zeros(*v.shape[:-2], M, Dv), v.new_zeros(*v.shape[:-2], M))


def fast_weight_step(s: Tensor, key: Tensor, v: Tensor, *, delta: bool) -> Tensor:
    """Write one pair into the memory s (M, Dv) that ``key @ s`` reads; returns the new memory.

    Args:
        s: the memory.
        key: (M,); of length 1 for the delta rule.
        v: the value, (Dv,).
        delta: write v minus what the key reads now (schlag2021), so that the key reads v
            afterwards. Otherwise add v, as linear attention does.
    """
    return s + torch.outer(key, v - key @ s if delta else v)


def _divide(out: Tensor, total: Tensor) -> Tensor:
    """out / total, and 0 where all weights are 0."""
    return out / total.masked_fill(total == 0, 1)


def _check(q: Tensor, k: Tensor, v: Tensor, causal: bool) -> None:
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"v has length {v.shape[-2]}; it must be that of k, {k.shape[-2]}")
    if causal and q.shape[-2] != k.shape[-2]:
        raise ValueError(f"q has length {q.shape[-2]}; with a causal mask it must be that of k")
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"k has head size {k.shape[-1]}; it must be that of q, {q.shape[-1]}")
