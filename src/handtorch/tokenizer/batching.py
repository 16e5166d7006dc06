"""Batches of texts as rectangular arrays, encoded one after another or by several workers.

A tensor is rectangular and texts are not: short ones are padded, long ones truncated, and the
attention mask remembers which positions are real. Workers change how fast the batch comes, never
what it holds or in which order.

What this leaves out: sorting by length into buckets, packing several texts into one row, and
padding to a fixed length. Threads do not make pure Python faster (they wait for one
interpreter lock); they do serve an engine that releases the lock. Processes are started by spawn,
as on macOS: each gets its own copy of the tokenizer, once, so the tokenizer must be picklable.
"""

import math
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from handtorch.tokenizer.base import Tokenizer

Side = Literal["left", "right"]
Backend = Literal["process", "thread"]
Item = TypeVar("Item")
Result = TypeVar("Result")

_ADVICE = (
    "with processes, its class must stand in a module that can be imported (not in a notebook's "
    "cell), and a script must start its work under `if __name__ == '__main__'`; or choose "
    "backend='thread' or workers=1"
)


@dataclass(frozen=True)
class Batch:
    """B texts as arrays of T columns, T being the longest row.

    Attributes:
        input_ids: int64 (B, T).
        attention_mask: int64 (B, T), 1 for a token and 0 for padding.
    """

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]


def encode_batch(
    tokenizer: Tokenizer,
    texts: Sequence[str],
    *,
    pad_id: int,
    max_length: int | None = None,
    padding_side: Side = "right",
    truncation_side: Side = "right",
    begin_id: int | None = None,
    end_id: int | None = None,
    workers: int = 1,
    backend: Backend = "process",
) -> Batch:
    """``tokenizer.encode`` of each text, truncated and padded to one rectangle.

    Args:
        tokenizer: any tokenizer; picklable if there are several worker processes.
        texts: B strings; there may be none, and each may be empty.
        pad_id: the id at padded positions. The mask, not this id, says what is padding.
        max_length: most tokens in a row, begin and end included; None for no limit.
        padding_side: the side where padding goes; left for a batch that a decoder continues.
        truncation_side: the side where tokens are lost.
        begin_id: id put in front of each text; truncation never removes it.
        end_id: id put behind each text; truncation never removes it.
        workers: how many processes or threads; 1 works in the calling thread.
        backend: "process" or "thread".

    Raises:
        ValueError: if an argument is out of its range, or the tokenizer cannot be pickled.
        RuntimeError: if the worker processes end early, as when they cannot import its class.
    """
    _check_sides(padding_side=padding_side, truncation_side=truncation_side)
    if isinstance(texts, str):
        raise ValueError(f"texts is the string {texts[:20]!r}; it must be a sequence of strings")
    if pad_id < 0:
        raise ValueError(f"pad_id is {pad_id}; it must be 0 or more")
    head, tail = [[] if i is None else [i] for i in (begin_id, end_id)]
    if max_length is not None and max_length < len(head) + len(tail):
        raise ValueError(f"max_length is {max_length}; it must hold at least begin and end")
    rows = _map(partial(_encode_all, tokenizer), texts, tokenizer, workers, backend)
    if max_length is not None:
        room = max_length - len(head) - len(tail)
        rows = [_truncate(row, room, truncation_side) for row in rows]
    return _pad([head + row + tail for row in rows], pad_id, padding_side)


def decode_batch(
    tokenizer: Tokenizer, batch: Batch, *, workers: int = 1, backend: Backend = "process"
) -> list[str]:
    """``tokenizer.decode`` of each row without its padding.

    Padding is found by the mask, not by the id, which may also be that of a real token.

    Raises:
        ValueError: if the arrays differ in shape, or as for :func:`encode_batch`.
    """
    shapes = batch.input_ids.shape, batch.attention_mask.shape
    if shapes[0] != shapes[1] or len(shapes[0]) != 2:
        raise ValueError(f"batch holds shapes {shapes}; both must be the same (B, T)")
    rows = [ids[mask == 1].tolist() for ids, mask in zip(batch.input_ids, batch.attention_mask)]
    return _map(partial(_decode_all, tokenizer), rows, tokenizer, workers, backend)


def sliding_windows(ids: Sequence[int], size: int, overlap: int = 0) -> list[list[int]]:
    """Windows of `size` ids that cover `ids`, neighbors sharing `overlap`; the last may be short.

    What `tokenizers` calls "stride" is this overlap; elsewhere stride is the step, size - overlap.

    Example: sliding_windows([1, 2, 3, 4, 5], size=3, overlap=1) -> [[1, 2, 3], [3, 4, 5]]

    Raises:
        ValueError: unless 0 <= `overlap` < `size`.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"overlap is {overlap} and size {size}; 0 <= overlap < size must hold")
    starts = range(0, max(len(ids) - overlap, 1), size - overlap)
    return [list(ids[start : start + size]) for start in starts]


def _truncate(row: list[int], room: int, side: Side) -> list[int]:
    if len(row) <= room:
        return row
    # Not row[-room:], which would keep the whole row when there is no room at all.
    return row[:room] if side == "right" else row[len(row) - room :]


def _pad(rows: Sequence[list[int]], pad_id: int, side: Side) -> Batch:
    T = max(map(len, rows), default=0)
    input_ids = np.full((len(rows), T), pad_id, dtype=np.int64)  # (B, T)
    attention_mask = np.zeros((len(rows), T), dtype=np.int64)  # (B, T)
    for b, row in enumerate(rows):
        columns = slice(0, len(row)) if side == "right" else slice(T - len(row), T)
        input_ids[b, columns] = row
        attention_mask[b, columns] = 1
    return Batch(input_ids, attention_mask)


def _encode_all(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    return [tokenizer.encode(text) for text in texts]


def _decode_all(tokenizer: Tokenizer, rows: Sequence[list[int]]) -> list[str]:
    return [tokenizer.decode(row) for row in rows]


def _map(
    work: Callable[[Sequence[Item]], list[Result]],
    items: Sequence[Item],
    tokenizer: Tokenizer,
    workers: int,
    backend: Backend,
) -> list[Result]:
    """`work` on chunks of `items`, its results joined in the order of the items."""
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    if backend not in get_args(Backend):
        raise ValueError(f"backend is {backend!r}; it must be one of {get_args(Backend)}")
    if workers == 1 or len(items) < 2:
        return work(items)
    # Four chunks a worker: few enough to be cheap to send, enough to even out long texts.
    size = math.ceil(len(items) / (4 * workers))
    chunks = [items[i : i + size] for i in range(0, len(items), size)]
    pool: Executor
    if backend == "thread":
        pool = ThreadPoolExecutor(workers)
        run = work
    else:
        _check_picklable(tokenizer)
        spawn = get_context("spawn")
        pool = ProcessPoolExecutor(workers, spawn, initializer=_keep, initargs=(work,))
        run = _kept
    try:
        with pool:
            return [result for chunk in pool.map(run, chunks) for result in chunk]
    except BrokenProcessPool as error:
        name = type(tokenizer).__qualname__
        message = f"the worker processes ended before they could use the {name}; {_ADVICE}"
        raise RuntimeError(message) from error


_work: Callable[[Any], Any]


def _keep(work: Callable[[Any], Any]) -> None:
    """Run once in each worker process, so that the tokenizer travels once, not with each chunk."""
    global _work
    _work = work


def _kept(chunk: Any) -> Any:
    return _work(chunk)


def _check_picklable(tokenizer: Tokenizer) -> None:
    try:
        pickle.dumps(tokenizer)
    except Exception as error:
        name = type(tokenizer).__qualname__
        message = f"tokenizer is a {name} that cannot be pickled ({error}); {_ADVICE}"
        raise ValueError(message) from error


def _check_sides(**sides: Side) -> None:
    for name, side in sides.items():
        if side not in get_args(Side):
            raise ValueError(f"{name} is {side!r}; it must be one of {get_args(Side)}")
