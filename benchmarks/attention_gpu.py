"""Attention on a GPU: ours beside plain attention and torch's fused kernels, in TFLOP/s.

    python benchmarks/attention_gpu.py [--quick]

All contenders get the same bfloat16 tensors in one run, each with its backend forced, and the
median of the times that CUDA events tell counts, the L2 cache cleared in between. Work is counted
as 4 * B * H * T^2 * D for the forward pass, half of that with a causal mask, and 2.5 times as much
for the backward pass, whatever a kernel really does: the convention of the papers. The shapes are
theirs, too: 16k tokens together, 2,048 features.

Writes `benchmarks/results/attention_gpu.json` and `attention_gpu.png`. Without a CUDA device it
says so, and writes nothing.
"""

import argparse
import datetime
import importlib.util
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from handtorch.efficient_attention.dispatch import flash_attention

FEATURES, TOKENS = 2048, 16384
PARTS = ("forward", "backward")
OURS, FLASH, CUDNN, FLEX = "ours", "torch flash", "cuDNN", "FlexAttention"
RESULTS = Path(__file__).parent / "results" / "attention_gpu.json"
Row = dict[str, Any]
Attend = Callable[..., Tensor]
# What a Hopper card is to reach at 4k tokens and more, and then to aim for:
# pass, head sizes, causal, rival, reach, aim.
AIMS: list[tuple[str, int, bool, str, float | None, float | None]] = [
    ("forward", 128, False, FLASH, 1.25, 1.4),
    ("forward", 128, False, CUDNN, 0.75, 0.85),
    ("forward", 128, True, FLASH, 1.15, 1.3),
    ("forward", 128, True, CUDNN, 0.70, 0.80),
    ("forward", 64, False, FLASH, 1.2, None),
    ("forward", 64, False, CUDNN, 0.95, 1.05),
    ("backward", 128, False, FLASH, 0.9, 1.05),
    ("backward", 64, False, FLASH, 1.0, None),
    ("backward", 64, False, CUDNN, None, 0.8),
]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure attention on a GPU.")
    parser.add_argument("--quick", action="store_true", help="only 4,096 tokens; writes nothing")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("There is no CUDA device here: nothing was measured and nothing was written.")
    if importlib.util.find_spec("triton") is None:
        sys.exit("Triton is not installed: nothing was measured and nothing was written.")
    torch.manual_seed(0)
    lengths = [4096] if arguments.quick else [512, 1024, 2048, 4096, 8192, 16384]
    rows = []
    for head_size in (64, 128):
        for causal in (False, True):
            for length in lengths:
                rows += measure(length, head_size, causal)
    results: Row = {"machine": describe_machine(), "rows": rows, "aims": compare(rows)}
    if not arguments.quick:
        results["window"] = measure_window()
        results["128k forward"] = measure(2**17, 128, True, backward=False)
        results["memory"] = measure_memory()
    print(json.dumps({key: value for key, value in results.items() if key != "rows"}, indent=1))
    if not arguments.quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        draw(results, RESULTS.with_suffix(".png"))


# --- contenders ---------------------------------------------------------------------------------


def plain(q: Tensor, k: Tensor, v: Tensor, *, causal: bool) -> Tensor:
    s = q @ k.mT * q.shape[3] ** -0.5
    if causal:
        T = q.shape[2]
        hidden = torch.ones(T, T, dtype=torch.bool, device=q.device).triu(1)
        s = s.masked_fill_(hidden, -torch.inf)
    return s.softmax(-1) @ v


def sdpa(backend: SDPBackend) -> Attend:
    def attend(q: Tensor, k: Tensor, v: Tensor, *, causal: bool) -> Tensor:
        with sdpa_kernel(backend):
            return F.scaled_dot_product_attention(q, k, v, is_causal=causal)

    return attend


def flex(length: int, causal: bool, window: int | None = None) -> Attend:
    """FlexAttention, compiled; its block mask is made before the clock starts."""
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    def seen(b: Tensor, h: Tensor, i: Tensor, j: Tensor) -> Tensor:
        return i >= j if window is None else (i >= j) & (i - j < window)

    mask = create_block_mask(seen, None, None, length, length, "cuda") if causal else None
    compiled: Callable[..., Tensor] = torch.compile(flex_attention, dynamic=False)
    return lambda q, k, v, *, causal: compiled(q, k, v, block_mask=mask)


def ours(q: Tensor, k: Tensor, v: Tensor, *, causal: bool, window: int | None = None) -> Tensor:
    return flash_attention(q, k, v, causal=causal, window=window, backend="triton")


# --- measuring ----------------------------------------------------------------------------------


def measure(length: int, head_size: int, causal: bool, *, backward: bool = True) -> list[Row]:
    """TFLOP/s of all contenders on the same tensors."""
    batch, heads = max(1, TOKENS // length), FEATURES // head_size
    shape = (batch, heads, length, head_size)
    q, k, v = (torch.randn(shape, device="cuda").bfloat16().requires_grad_() for _ in range(3))
    grad = torch.randn_like(q)
    contenders: dict[str, Callable[[], Attend]] = {
        OURS: lambda: ours,
        FLASH: lambda: sdpa(SDPBackend.FLASH_ATTENTION),
        CUDNN: lambda: sdpa(SDPBackend.CUDNN_ATTENTION),
        "memory-efficient": lambda: sdpa(SDPBackend.EFFICIENT_ATTENTION),
        FLEX: lambda: flex(length, causal),
    }
    if batch * heads * length**2 * 2 < 2**34:  # a matrix of scores below 16 GiB
        contenders["plain"] = lambda: plain
    flops = 4 * batch * heads * length**2 * head_size / (2 if causal else 1)
    rows = []
    for name, make in contenders.items():
        row: Row = {"contender": name, "length": length, "head size": head_size, "causal": causal}
        try:
            attend = make()
            with torch.no_grad():
                seconds = time_call(lambda: attend(q, k, v, causal=causal))  # noqa: B023
            row["forward"] = round(flops / seconds / 1e12, 1)
            if backward:
                out = attend(q, k, v, causal=causal)
                again = lambda: torch.autograd.grad(out, (q, k, v), grad, retain_graph=True)  # noqa: B023, E731
                row["backward"] = round(2.5 * flops / time_call(again) / 1e12, 1)
        except (RuntimeError, NotImplementedError) as error:  # not on this card, or no memory
            row["error"] = str(error).strip().splitlines()[0][:200]
        rows.append(row)
        print(row, flush=True)
    return rows


def time_call(call: Callable[[], Any]) -> float:
    """Median seconds."""
    from triton.testing import do_bench

    call()  # compiles, and tries tiles
    torch.cuda.synchronize()
    return float(do_bench(call, warmup=50, rep=300, return_mode="median")) / 1e3


def measure_window() -> Row:
    """16k tokens that see 1,024 each, beside all that came before."""
    length, window = 16384, 1024
    q, k, v = (torch.randn(1, 16, length, 128, device="cuda").bfloat16() for _ in range(3))
    windowed = flex(length, True, window)
    with torch.no_grad():
        milliseconds = {
            "ours, causal": time_call(lambda: ours(q, k, v, causal=True)) * 1e3,
            "ours, window": time_call(lambda: ours(q, k, v, causal=True, window=window)) * 1e3,
            "FlexAttention, window": time_call(lambda: windowed(q, k, v, causal=True)) * 1e3,
        }
    return {
        "length": length,
        "window": window,
        "milliseconds": {name: round(value, 3) for name, value in milliseconds.items()},
        "causal over window": round(milliseconds["ours, causal"] / milliseconds["ours, window"], 2),
    }


def measure_memory() -> list[Row]:
    """Peak bytes beside the inputs: 128k tokens with backward, a million forward."""
    rows = []
    for length, backward in ((2**17, True), (2**20, False)):
        shape = (1, 2, length, 64)
        q, k, v = (torch.randn(shape, device="cuda").bfloat16() for _ in range(3))
        for x in (q, k, v):
            x.requires_grad_(backward)
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        out = ours(q, k, v, causal=True)
        if backward:
            torch.autograd.grad(out, (q, k, v), torch.ones_like(out))
        torch.cuda.synchronize()
        peak = torch.cuda.max_memory_allocated() - before
        rows.append({"length": length, "backward": backward, "peak bytes": peak})
        rows[-1]["bytes of q"] = q.numel() * q.element_size()
        del q, k, v, x, out
    return rows


def compare(rows: list[Row]) -> list[Row]:
    """Our rate over a rival's for each aim: the median over lengths of 4,096 and more."""
    rates = {
        (row["contender"], row["length"], row["head size"], row["causal"]): row for row in rows
    }
    found = []
    for part, head_size, causal, rival, reach, aim in AIMS:
        lengths = {row["length"] for row in rows if row["length"] >= 4096}
        pairs = [
            (rates.get((name, n, head_size, causal), {}).get(part) for name in (OURS, rival))
            for n in lengths
        ]
        ratios = [a / b for a, b in pairs if a and b]
        name = f"{part}, head {head_size}, {'causal' if causal else 'full'}, over {rival}"
        ratio = round(median(ratios), 2) if ratios else None
        found.append({"case": name, "ratio": ratio, "reach": reach, "aim": aim})
    return found


def describe_machine() -> Row:
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        driver = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        driver = "unknown"
    major, minor = torch.cuda.get_device_capability()
    return {
        "card": torch.cuda.get_device_name(),
        "compute capability": f"{major}.{minor}",
        "driver": driver.strip().splitlines()[0] if driver.strip() else "unknown",
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "torch": torch.__version__,
        "triton": importlib.import_module("triton").__version__,
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
    }


def draw(results: Row, path: Path) -> None:
    """TFLOP/s against length, one panel for each head size and mask, forward and backward apart."""
    from handtorch import plotting

    rows = results["rows"]
    names = list(dict.fromkeys(row["contender"] for row in rows))
    fig, axes = plotting.figure(width=14, height=3.6, columns=4)
    for ax, (head_size, part) in zip(axes, [(h, p) for h in (64, 128) for p in PARTS]):
        for color, name in zip(plotting.COLORS, names):
            for causal, style in ((False, "-"), (True, "--")):
                key = (name, head_size, causal)
                line = [r for r in rows if (r["contender"], r["head size"], r["causal"]) == key]
                points = [(r["length"], r[part]) for r in line if part in r]
                if points:
                    ax.plot(*zip(*points), style, color=color, label=None if causal else name)
        ax.set(title=f"{part}, head size {head_size}", xlabel="tokens")
        ax.set_xscale("log", base=2)
    axes[0].set_ylabel("TFLOP/s (dashed: causal)")
    axes[0].legend(fontsize=7)
    machine = results["machine"]
    fig.suptitle(f"{machine['card']}, driver {machine['driver']}, torch {machine['torch']}")
    fig.savefig(path)


if __name__ == "__main__":
    main()
