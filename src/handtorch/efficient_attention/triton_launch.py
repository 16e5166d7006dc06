"""Launching the kernels of `triton_kernels`: layouts, descriptors, grids, and which tiles to try.

`forward` and `backward` are what `ops` calls. What this leaves out: a table of tuned tiles. A few
that the compiler fits into registers (`compiled` shows it) are tried the first time that a kind of
call occurs, and the fastest is kept as long as the process lives.
"""

import functools
import math
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
import triton
from torch import Tensor
from triton.tools.tensor_descriptor import TensorDescriptor

from handtorch.efficient_attention import triton_kernels as kernels
from handtorch.efficient_attention.backends import INTERPRETED
from handtorch.efficient_attention.ops import empty_output
from handtorch.efficient_attention.reference import rows_of

KERNELS = {
    "forward": kernels.forward_kernel,
    "delta": kernels.delta_kernel,
    "dkdv": kernels.dkdv_kernel,
    "dq": kernels.dq_kernel,
}
BLOCKS = {"BM": ("Q", "Out", "dOut", "dQ"), "BN": ("K", "V", "dK", "dV")}  # and whose rows they are
L2_BYTES = 32 * 2**20  # for keys and values, of 40 MB on an A100, 50 MB on an H100


class Tile(NamedTuple):
    """What a program works on at a time, with how many warps, loading how many tiles ahead."""

    BM: int  # queries
    BN: int  # keys
    warps: int
    stages: int


def forward(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_q: Tensor | None,
    cu_k: Tensor | None,
    max_q: int,
    max_k: int,
    *,
    tile: Tile | None = None,
    tma: bool | None = None,
    **options: Any,
) -> tuple[Tensor, Tensor]:
    """The output and the log-sum-exp; the arguments are those of `ops.flash_attention_op`.

    Args:
        tile: use this one, and try no others.
        tma: use the Tensor Memory Accelerator; where the device has one, if None.
        options: causal, window, scale, softcap, alibi_slopes.
    """
    out, lse = empty_output(q, v, packed=cu_q is not None), rows_of(q)
    if 0 in (*q.shape, *k.shape):
        return out.zero_(), lse.fill_(-math.inf)
    tensors = {"Q": _fit(q), "K": _fit(k), "V": _fit(v)}
    tensors["Out"] = out if _fits(out) else _fit(out)
    call = Call(tensors, cu_q, cu_k, max_q, max_k, tma, **options)
    call.launch("forward", tile, Lse=lse)
    return _unfit(tensors["Out"], out), lse


def backward(
    grad_out: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    cu_q: Tensor | None,
    cu_k: Tensor | None,
    max_q: int,
    max_k: int,
    *,
    grad_lse: Tensor | None = None,
    tile: Tile | None = None,
    tma: bool | None = None,
    **options: Any,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of q, k and v; the arguments are those of `forward` and what it returned."""
    grads = {name: empty_output(x, x, packed=cu_q is not None) for name, x in zip("qkv", (q, k, v))}
    dq, dk, dv = grads.values()
    if 0 in (*q.shape, *k.shape):
        return dq.zero_(), dk.zero_(), dv.zero_()
    tensors = {"Q": _fit(q), "K": _fit(k), "V": _fit(v), "Out": _fit(out), "dOut": _fit(grad_out)}
    for name, x in grads.items():
        tensors["d" + name.upper()] = x if _fits(x) else _fit(x)
    call = Call(tensors, cu_q, cu_k, max_q, max_k, tma, **options)
    delta = torch.empty_like(lse)
    d_lse = None if grad_lse is None else grad_lse.to(lse.dtype).contiguous()
    call.launch("delta", tile, Delta=delta, dLse=d_lse)
    call.launch("dkdv", tile, Lse=lse, Delta=delta)
    call.launch("dq", tile, Lse=lse, Delta=delta)
    return _unfit(tensors["dQ"], dq), _unfit(tensors["dK"], dk), _unfit(tensors["dV"], dv)


class Call:
    """The arguments that the kernels of one call share."""

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        cu_q: Tensor | None,
        cu_k: Tensor | None,
        max_q: int,
        max_k: int,
        tma: bool | None,
        *,
        causal: bool,
        window: int | None,
        scale: float,
        softcap: float | None,
        alibi_slopes: Tensor | None,
    ) -> None:
        q, v = tensors["Q"], tensors["V"]
        self.tensors, self.device = tensors, q.device
        self.groups = v.shape[1]
        batch = q.shape[0] if cu_q is None else len(cu_q) - 1
        if tma is None:
            tma = not INTERPRETED and torch.cuda.get_device_capability(q.device)[0] >= 9
        self.values: dict[str, Any] = {
            "slopes": None if alibi_slopes is None else alibi_slopes.float().contiguous(),
            "cu_q": cu_q,
            "cu_k": cu_k,
            "batch": batch,
            "heads": q.shape[1],
            "T": max_q,
            "S": max_k,
            # Rows are numbered (batch, head, row), or (head, row of all sequences) if packed.
            "row_b": q.shape[1] * q.shape[2] if cu_q is None else 0,
            "row_h": q.shape[2],
            "scale": scale,
            "softcap": softcap,
            "window": window,
            "R": q.shape[1] // self.groups,
            "D": q.shape[3],
            "DV": v.shape[3],
            "DP": max(16, triton.next_power_of_2(q.shape[3])),
            "DVP": max(16, triton.next_power_of_2(v.shape[3])),
            "TMA": tma,
            "CAUSAL": causal,
        }

    def launch(self, name: str, tile: Tile | None, **rows: Tensor | None) -> None:
        """Run a kernel over all blocks of queries, or of keys for "dkdv"."""
        values, block = self.values, "BN" if name == "dkdv" else "BM"
        heads = self.groups if name == "dkdv" else values["heads"]
        # What a head reads over and over: its keys and values, or its queries and their gradients.
        length = values["T"] * values["R"] if name == "dkdv" else values["S"] / values["R"]
        size = length * (values["D"] + values["DV"]) * self.tensors["Q"].element_size()
        values["together"] = max(1, min(heads * values["batch"], int(L2_BYTES // size)))
        kernel = KERNELS[name]
        given = {**values, **rows, **{key: self._operand(key) for key in self.tensors}}
        arguments = {key: given[key] for key in kernel.arg_names if key in given}
        n_rows = values["S"] if name == "dkdv" else values["T"]

        def grid(meta: Mapping[str, int]) -> tuple[int]:
            return (triton.cdiv(n_rows, meta[block]) * heads * values["batch"],)

        if values["TMA"] and values["cu_q"] is not None and not INTERPRETED:
            triton.set_allocator(_allocate)  # programs make descriptors; autograd has own threads
        if INTERPRETED and tile is None:
            tile = Tile(32, 32, 4, 1)  # nothing to choose between
        if tile is not None:
            config = _config(name, tile)
            config.pre_hook({**arguments, **config.kwargs})
            sizes = {"num_warps": tile.warps, "num_stages": tile.stages}
            kernel[grid](**arguments, **config.kwargs, **sizes)
            return
        kind = [self.tensors["Q"].dtype, values["CAUSAL"], values["R"]]
        kind += [values[key] is None for key in ("window", "softcap", "slopes", "cu_q")]
        with torch.cuda.device(self.device) if self.device.type == "cuda" else nullcontext():
            tuned = _tuned(
                name, max(values["DP"], values["DVP"]), values["TMA"], n_rows > 2048, *kind
            )
            tuned[grid](**arguments)

    def _operand(self, name: str) -> Any:
        """A descriptor for the TMA to read (batch, head, row, column), or pointer and strides."""
        x = self.tensors[name]
        strides = [x.shape[3] if n == 1 else s for n, s in zip(x.shape[:3], x.stride())]
        if self.values["cu_q"] is not None:
            return (x, 0, *strides[1:])  # packed sequences are all in the one batch entry
        if not self.values["TMA"]:
            return (x, *strides)
        columns = self.values["DP" if name in ("Q", "K", "dQ", "dK") else "DVP"]
        return TensorDescriptor(x, list(x.shape), [*strides, 1], [1, 1, 16, columns])


def _set_rows(arguments: dict[str, Any]) -> None:
    """Before a launch: descriptors load as many rows as the tile has."""
    for block, names in BLOCKS.items():
        for name in names:
            if isinstance(arguments.get(name), TensorDescriptor):
                arguments[name].block_shape[2] = arguments[block]


def _config(name: str, tile: Tile) -> triton.Config:
    blocks = {"BM": tile.BM} if name == "delta" else {"BM": tile.BM, "BN": tile.BN}
    return triton.Config(blocks, tile.warps, tile.stages, pre_hook=_set_rows)


@functools.cache
def _tuned(name: str, head_size: int, tma: bool, *kind: Any) -> Any:
    """The kernel with an autotuner of its own for each kind of call."""
    configs = [_config(name, tile) for tile in tiles(name, head_size, tma)]
    return triton.autotune(configs, key=[])(KERNELS[name])


def _allocate(size: int, alignment: int, stream: int | None) -> Tensor:
    return torch.empty(size, dtype=torch.int8, device="cuda")


def _fits(x: Tensor) -> bool:
    """Whether rows are contiguous and all begin at multiples of 16 bytes, as the TMA needs it."""
    steps = [s for n, s in zip(x.shape[:3], x.stride()) if n > 1]
    whole = all(s > 0 and s * x.element_size() % 16 == 0 for s in [*steps, x.shape[3]])
    return whole and x.stride(3) == 1 and x.data_ptr() % 16 == 0


def _fit(x: Tensor) -> Tensor:
    """x, or a copy that fits, with zeros up to the next multiple of 16 bytes in a row."""
    if _fits(x):
        return x
    x = F.pad(x, (0, -x.shape[3] % (16 // x.element_size())))
    return x if _fits(x) else x.clone(memory_format=torch.contiguous_format)


def _unfit(x: Tensor, original: Tensor) -> Tensor:
    """The columns that the caller asked for."""
    return x if x is original else original.copy_(x[..., : original.shape[3]])


def tiles(name: str, head_size: int, tma: bool) -> list[Tile]:
    """The tiles to try for a kernel, with descriptors (Hopper) or pointers (Ampere)."""
    if name == "delta":
        return [Tile(64, 0, 4, 1)]
    return TILES[name, tma][min(size for size in (64, 128, 256) if size >= head_size)]


def _tiles(*rows: tuple[int, int, int, int]) -> list[Tile]:
    return [Tile(*row) for row in rows]


# For each kernel, with descriptors (Hopper) or without (Ampere), and head size.
TILES: dict[tuple[str, bool], dict[int, list[Tile]]] = {
    ("forward", True): {
        64: _tiles((128, 128, 8, 2), (128, 64, 4, 3), (128, 128, 4, 2), (128, 64, 8, 3)),
        128: _tiles((128, 128, 8, 2), (128, 64, 8, 3), (64, 64, 4, 2), (128, 128, 8, 3)),
        256: _tiles((128, 64, 8, 2), (64, 64, 4, 2), (128, 32, 8, 3)),
    },
    ("forward", False): {
        64: _tiles((128, 64, 4, 3), (128, 64, 8, 3), (64, 64, 4, 3)),
        128: _tiles((128, 64, 8, 2), (128, 32, 8, 3), (64, 32, 4, 3)),
        256: _tiles((64, 64, 8, 2), (32, 32, 4, 2)),
    },
    ("dkdv", True): {
        64: _tiles((64, 128, 8, 3), (64, 128, 8, 2), (64, 64, 4, 3)),
        128: _tiles((64, 128, 8, 2), (64, 64, 8, 3), (32, 128, 8, 3)),
        256: _tiles((32, 64, 8, 2), (16, 64, 8, 2)),
    },
    ("dkdv", False): {
        64: _tiles((64, 128, 8, 2), (32, 128, 8, 2)),
        128: _tiles((64, 64, 8, 2), (32, 64, 8, 2)),
        256: _tiles((32, 32, 8, 1)),
    },
    ("dq", True): {
        64: _tiles((128, 128, 8, 2), (128, 64, 4, 2), (128, 64, 8, 3)),
        128: _tiles((128, 64, 8, 2), (64, 64, 4, 2), (128, 32, 8, 3)),
        256: _tiles((64, 32, 4, 2), (64, 32, 8, 2)),
    },
    ("dq", False): {
        64: _tiles((128, 64, 8, 2), (64, 64, 4, 2)),
        128: _tiles((64, 64, 8, 2), (128, 32, 8, 2)),
        256: _tiles((64, 32, 8, 1), (32, 64, 8, 1)),
    },
}
