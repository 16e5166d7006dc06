"""What the compiler makes of the Triton kernels: registers, spills, shared memory. Needs no GPU.

Triton compiles for the GPU that its driver reports. Here a driver is put in place that reports one
which is not there, keeps the compiled code and launches nothing, so that calls take the whole way
that they take on a GPU, up to the launch. How fast the code is cannot be seen like this; that a
kernel spills registers, or needs more shared memory than the chip has, can. Linux only, as Triton.
"""

import itertools
import json
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget

from handtorch.efficient_attention.triton_launch import TILES, Call, Tile

SHARED_MEMORY = {80: 163 * 1024, 90: 227 * 1024}  # most bytes for a block; CUDA programming guide
TENSORS = ("Q", "K", "V", "Out", "dOut", "dQ", "dK", "dV")
CUOBJDUMP = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"


_devices = itertools.count()  # Triton keeps compiled kernels for each device: a new one forgets


class PretendDriver:
    """A driver for Triton that has a GPU of the given compute capability, such as 90 for 9.0."""

    def __init__(self, capability: int) -> None:
        self.capability, self.device = capability, next(_devices)
        self.cubins: list[bytes] = []
        self.shared: list[int] = []
        self.utils = self

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", self.capability, 32)

    def get_current_device(self) -> int:
        return self.device

    def get_current_stream(self, device: int) -> int:
        return 0

    def get_device_properties(self, device: int) -> dict[str, int]:
        return {"max_shared_mem": SHARED_MEMORY[self.capability]}

    def load_binary(self, name: str, cubin: bytes, shared: int, device: int) -> tuple[Any, ...]:
        self.cubins.append(cubin)
        self.shared.append(shared)
        return None, None, 0, 0, 1024  # module, function, registers, spills, threads at most

    def launcher_cls(self, source: Any, metadata: Any) -> Callable[..., None]:
        return lambda *arguments: None

    def get_benchmarker(self) -> Callable[..., list[float]]:
        def measure(call: Callable[[], Any], quantiles: Sequence[float]) -> list[float]:
            call()
            return [1.0] * len(quantiles)

        return measure


@contextmanager
def pretend(capability: int) -> Iterator[PretendDriver]:
    """Within it, Triton compiles for such a GPU and launches nothing."""
    driver, drivers = PretendDriver(capability), triton.runtime.driver
    before = drivers._active  # there may be none, and no public function goes back to that
    drivers.set_active(driver)
    try:
        yield driver
    finally:
        drivers._active = before


def compile_kernel(
    name: str,
    tile: Tile,
    capability: int,
    *,
    head_size: int,
    packed: bool = False,
    dtype: torch.dtype = torch.bfloat16,
    **options: Any,
) -> dict[str, Any]:
    """Compile a kernel for one tile, and say what it takes.

    Args:
        name: "forward", "delta", "dkdv" or "dq".
        options: causal, window, softcap, alibi_slopes; without any, a causal mask.
    """
    rules = {"causal": True, "window": None, "softcap": None, "alibi_slopes": None, **options}
    tensors = {key: torch.zeros(1, 2, 256, head_size, dtype=dtype) for key in TENSORS}
    cu = torch.tensor([0, 256], dtype=torch.int32) if packed else None
    rows = torch.zeros(1, 2, 256)
    with pretend(capability) as driver:
        call = Call(tensors, cu, cu, 256, 256, capability >= 90, scale=head_size**-0.5, **rules)
        call.launch(name, tile, Lse=rows, Delta=rows, dLse=None)
    if not driver.cubins:
        raise ValueError(f"{tile} is too large; {name} must fit into the shared memory of the chip")
    found = {"kernel": name, "capability": capability, "head_size": head_size, **tile._asdict()}
    return {**found, "shared_bytes": driver.shared[-1], **examine(driver.cubins[-1])}


def examine(cubin: bytes) -> dict[str, int]:
    """Registers and stack of a compiled kernel, and how often some instructions stand in it."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        usage, sass = (
            subprocess.run(
                [str(CUOBJDUMP), flag, file.name], capture_output=True, text=True, check=True
            ).stdout
            for flag in ("-res-usage", "-sass")
        )
    numbers = dict(re.findall(r"(REG|STACK):(\d+)", usage))
    counts = Counter(re.findall(r"\b(HGMMA|HMMA|LDL|STL|UTMALDG|LDGSTS)\b", sass))
    return {
        "registers": int(numbers["REG"]),
        "stack_bytes": int(numbers["STACK"]),
        "spills": counts["LDL"] + counts["STL"],  # loads and stores of what had no register
        "tensor_core": counts["HGMMA"] + counts["HMMA"],  # HGMMA is Hopper's, asynchronous
        "hgmma": counts["HGMMA"],
        "async_copies": counts["UTMALDG"] + counts["LDGSTS"],  # by the TMA, or by threads
    }


def faults(row: Mapping[str, Any]) -> list[str]:
    """What must not be in the row of a kernel that is to be fast."""
    found = []
    if row["stack_bytes"] or row["spills"]:
        found.append(f"{row['stack_bytes']} bytes of stack, {row['spills']} spills")
    if row["shared_bytes"] > SHARED_MEMORY[row["capability"]]:
        found.append(f"{row['shared_bytes']} bytes of shared memory")
    if not row["tensor_core"] or (row["capability"] >= 90 and not row["hgmma"]):
        found.append("the tensor cores are not used as they should be")
    return found


def all_tiles(capability: int) -> Iterator[tuple[str, int, Tile]]:
    """Kernel, head size and tile of all that may be tried on such a GPU."""
    for (name, tma), sizes in TILES.items():
        if tma == (capability >= 90):
            for head_size, tiles in sizes.items():
                yield from ((name, head_size, tile) for tile in tiles)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as lines of text."""
    columns = [key for key in rows[0] if key != "hgmma"]
    lines = [columns, *([str(row[key]) for key in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join(" ".join(x.rjust(n) for x, n in zip(line, widths)) for line in lines)


def write_table(path: Path) -> None:
    """Compile every tile, print the table and write it as JSON."""
    rows = []
    for capability in SHARED_MEMORY:
        for name, head_size, tile in all_tiles(capability):
            for causal in (True, False):
                row = compile_kernel(name, tile, capability, head_size=head_size, causal=causal)
                rows.append({"causal": causal, **row})
    print(table(rows))
    about = {"triton": triton.__version__, "dtype": "bfloat16"}
    path.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n", encoding="utf-8")
