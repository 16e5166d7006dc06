"""What attention costs: floating-point operations, bytes moved, seconds at best, bytes held.

The first four functions are arithmetic on shapes, after the IO analysis of FlashAttention
(dao2022) and the roofline model (williams2009). They count the matrix products and the tensors
that pass between the large memory (HBM) and the chip; they leave out the softmax's own
operations, caches between the two (a GPU's L2), and everything that a device does at less than
its peak. `peak_bytes` measures: it runs a function and counts the storages it keeps alive.

Letters: T queries, S keys, D size of a query and a key, Dv size of a value (default D). `heads`
is the number of query heads times the batch. With a causal mask query i sees the keys
j <= i + S - T.
"""

import gc
import math
import weakref
from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

Pass = Literal["forward", "backward", "backward with recomputed scores"]
PRODUCTS_WITH_D = {"forward": 1, "backward": 2, "backward with recomputed scores": 3}
PRODUCTS_WITH_DV = {"forward": 1, "backward": 2, "backward with recomputed scores": 2}


def peak_bytes(fn: Callable[..., object], *args: Any, **kwargs: Any) -> int:
    """Run ``fn(*args, **kwargs)``; the most bytes that tensors it made held at any moment.

    Every storage is counted once, with its full size, from the operation that makes it until
    nothing refers to it, autograd's saved tensors included. The result counts; arguments and
    other tensors that existed before do not. What one operator allocates and frees inside, such
    as the workspace of a fused kernel or of a custom operator, is not seen. On tensors of device
    "meta" nothing is computed or allocated and the count is the same.

    Example: ``peak_bytes(lambda x: (x + 1).sum(), torch.ones(10))`` -> 44, ten numbers and one
    """
    gc.collect()
    counter = _StorageCounter()
    with counter:
        fn(*args, **kwargs)
    return counter.peak


def attention_flops(
    T: int,
    S: int,
    D: int,
    *,
    Dv: int | None = None,
    heads: int = 1,
    causal: bool = False,
    part: Pass = "forward",
) -> int:
    """FLOPs of attention's matrix products; a multiplication and an addition are two.

    Forward has two products, q k^T and p v. Backward has four: p^T do, do v^T, ds k and ds^T q;
    five where the scores q k^T are recomputed. With `causal` only pairs that the mask lets
    through count, which is what a kernel can come close to by skipping tiles.

    Raises:
        ValueError: if a size is not positive or `part` is not a pass.

    Example: ``2, 3, 4`` -> 96: two products of 2 * 3 * 4 multiplications and additions
    """
    value_size = _check_sizes(T=T, S=S, D=D, Dv=Dv, heads=heads)
    if part not in PRODUCTS_WITH_D:
        raise ValueError(f"part is {part!r}; it must be one of {list(PRODUCTS_WITH_D)}")
    pairs = sum(min(S, max(0, i + 1 + S - T)) for i in range(T)) if causal else T * S
    per_pair = PRODUCTS_WITH_D[part] * D + PRODUCTS_WITH_DV[part] * value_size
    return 2 * heads * pairs * per_pair


def bytes_moved_plain(
    T: int,
    S: int,
    D: int,
    *,
    Dv: int | None = None,
    heads: int = 1,
    itemsize: int = 2,
    part: Literal["forward", "backward"] = "forward",
) -> int:
    """Bytes between HBM and chip if each step reads its operands and writes its result.

    Forward: s = q k^T, p = softmax(s), o = p v; the scores cross four times (s written and read,
    p likewise). Backward: dv = p^T do, dp = do v^T, ds from p and dp, dq = ds k, dk = ds^T q;
    they cross seven times. A scale, mask or dropout that is a step of its own adds two crossings
    or more each. A causal mask saves nothing: the whole matrix is stored.

    Raises:
        ValueError: if a size is not positive or `part` is not a pass.
    """
    value_size = _check_sizes(T=T, S=S, D=D, Dv=Dv, heads=heads, itemsize=itemsize)
    q, k, v, o, scores = T * D, S * D, S * value_size, T * value_size, T * S
    if part == "forward":
        items = (q + k + scores) + 2 * scores + (scores + v + o)
    elif part == "backward":
        items = (scores + o + v) + (o + v + scores) + 3 * scores + (scores + k + q) * 2
    else:
        raise ValueError(f'part is {part!r}; it must be "forward" or "backward"')
    return heads * itemsize * items


def bytes_moved_tiled(
    T: int,
    S: int,
    D: int,
    *,
    block_q: int,
    block_k: int,
    Dv: int | None = None,
    heads: int = 1,
    causal: bool = False,
    itemsize: int = 2,
    outer: Literal["queries", "keys"] = "queries",
) -> int:
    """Bytes between HBM and chip of the tiled forward pass; no score leaves the chip.

    Args:
        block_q: rows of a tile; the last tile may have fewer.
        block_k: columns of a tile, likewise.
        causal: skip the tiles that the mask hides entirely.
        outer: which loop is outside. "queries" (FlashAttention-2): a block of queries stays on
            the chip while all keys and values pass by; the output and a float32 log-sum-exp are
            written once. "keys" (FlashAttention, algorithm 1): a block of keys and values stays,
            and for each tile a block of queries, outputs and two float32 statistics is read and
            all but the queries written back.

    Raises:
        ValueError: if a size is not positive or `outer` is neither loop.
    """
    value_size = _check_sizes(
        T=T, S=S, D=D, Dv=Dv, heads=heads, itemsize=itemsize, block_q=block_q, block_k=block_k
    )
    if outer not in ("queries", "keys"):
        raise ValueError(f'outer is {outer!r}; it must be "queries" or "keys"')
    total = S * (D + value_size) * itemsize if outer == "keys" else 0
    for start in range(0, T, block_q):
        rows = min(block_q, T - start)
        last = start + rows - 1 + S - T if causal else S - 1
        tiles = max(0, min(last, S - 1) // block_k + 1) if last >= 0 else 0
        if outer == "queries":
            keys = min(S, tiles * block_k)
            total += (rows + keys) * (D + value_size) * itemsize + 4 * rows
        else:
            total += tiles * rows * ((D + 2 * value_size) * itemsize + 2 * 2 * 4)
    return heads * total


def dao_block_sizes(sram_bytes: int, D: int, *, itemsize: int = 2) -> tuple[int, int]:
    """(block_q, block_k) of FlashAttention's algorithm 1 for a chip memory of `sram_bytes`.

    With M = sram_bytes / itemsize numbers: block_k = ceil(M / 4D), block_q = min(block_k, D).
    """
    _check_sizes(sram_bytes=sram_bytes, D=D, itemsize=itemsize)
    block_k = math.ceil(sram_bytes / itemsize / (4 * D))
    return min(block_k, D), block_k


def roofline_seconds(
    flops: float, bytes_moved: float, *, flops_per_second: float, bytes_per_second: float
) -> float:
    """The least time a device could take: the slower of computing and moving, fully overlapped.

    Raises:
        ValueError: if a rate is not positive.
    """
    for name, rate in (("flops", flops_per_second), ("bytes", bytes_per_second)):
        if not rate > 0:
            raise ValueError(f"{name}_per_second is {rate}; it must be positive")
    return max(flops / flops_per_second, bytes_moved / bytes_per_second)


class _StorageCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operator that runs; follows the storages of what it returns until they die."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._sizes: dict[int, int] = {}
        self._alive: dict[int, weakref.ref[torch.UntypedStorage]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        # lift_fresh hands over what torch.tensor has just made outside of any operator.
        fresh = func is torch.ops.aten.lift_fresh.default
        known = set() if fresh else {s._cdata for s in _storages((args, kwargs))}
        for storage in _storages(result):
            key = storage._cdata
            if key in self._sizes or key not in known:
                self._follow(key, storage)
        self.peak = max(self.peak, sum(self._sizes.values()))
        return result

    def _follow(self, key: int, storage: torch.UntypedStorage) -> None:
        """Count the storage, at its size now (an operator may have resized it)."""
        self._sizes[key] = storage.nbytes()
        if key not in self._alive:
            self._alive[key] = weakref.ref(storage, lambda _: self._forget(key))

    def _forget(self, key: int) -> None:
        del self._sizes[key], self._alive[key]


def _storages(tree: object) -> list[torch.UntypedStorage]:
    return [x.untyped_storage() for x in tree_leaves(tree) if isinstance(x, Tensor)]


def _check_sizes(*, Dv: int | None = None, **sizes: int) -> int:
    """Raise ValueError unless all sizes are positive; Dv, or D where Dv is None."""
    value_size = sizes["D"] if Dv is None else Dv
    for name, size in {**sizes, "Dv": value_size}.items():
        if size < 1:
            raise ValueError(f"{name} is {size}; it must be 1 or more")
    return value_size
