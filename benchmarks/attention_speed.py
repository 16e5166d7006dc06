"""Attention on the CPU: plain, tiled and torch's own, timed in turns, and the memory they need.

    python benchmarks/attention_speed.py [--lengths 1024 2048 4096 8192 16384] [--rounds 3]

Plain attention is the one of the chapter `attention`, tiled attention is FlashAttention in plain
torch, and SDPA is torch's scaled_dot_product_attention, whose kernel for the CPU is tiled as well.
All get the same float32 tensors and one thread. Contenders take turns and the median of their CPU
times counts, so that other work on the machine disturbs them alike. Memory is the peak of what
tensors hold beside the inputs, counted by `peak_bytes`; what a fused kernel of torch allocates
inside is not seen. Writes `benchmarks/results/attention_speed.json`.
"""

import argparse
import gc
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F
from _machine import describe_machine
from torch import Tensor

from handtorch.attention.scaled_dot_product import attention
from handtorch.efficient_attention.cost import peak_bytes
from handtorch.efficient_attention.dispatch import flash_attention
from handtorch.efficient_attention.tiled import tiled_attention, tiled_attention_backward

HEADS, HEAD_SIZE = 1, 64
RESULTS = Path(__file__).parent / "results" / "attention_speed.json"
Row = dict[str, Any]
Attend = Callable[[Tensor, Tensor, Tensor, bool], Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description="Time tiled attention beside plain and SDPA.")
    parser.add_argument("--lengths", type=int, nargs="+", default=[2**n for n in range(10, 15)])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows, memory = [], []
    for length in arguments.lengths:
        for causal in (False, True):
            for backward in (False, True):
                rows.append(measure(length, causal, backward, arguments.rounds))
                print(line(rows[-1]), flush=True)
        memory.append(measure_memory(length))
        print(memory[-1], flush=True)
    results = {
        "machine": describe_machine(
            "torch",
            threads=torch.get_num_threads(),
            instructions=torch.backends.cpu.get_cpu_capability(),
        ),
        "heads": HEADS,
        "head size": HEAD_SIZE,
        "dtype": "float32",
        "rounds": arguments.rounds,
        "rows": rows,
        "memory": memory,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def plain(q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
    T = q.shape[2]
    mask = torch.ones(T, T, dtype=torch.bool, device=q.device).tril() if causal else None
    return attention(q, k, v, mask)


def tiled(q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
    return flash_attention(q, k, v, causal=causal, backend="tiled")


def sdpa(q: Tensor, k: Tensor, v: Tensor, causal: bool) -> Tensor:
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal)


CONTENDERS: dict[str, Attend] = {"plain": plain, "tiled": tiled, "sdpa": sdpa}


def measure(length: int, causal: bool, backward: bool, rounds: int) -> Row:
    """Median CPU seconds of all contenders on the same tensors, and their ratios."""
    inputs = [torch.randn(1, HEADS, length, HEAD_SIZE, requires_grad=backward) for _ in range(3)]
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for turn in range(rounds + 1):
        for name, attend in CONTENDERS.items():
            gc.collect()
            start = time.process_time()
            run(attend, inputs, causal, backward)
            if turn:  # the first one only warms up
                seconds[name].append(time.process_time() - start)
    medians = {name: median(times) for name, times in seconds.items()}
    return {
        "length": length,
        "causal": causal,
        "pass": "forward and backward" if backward else "forward",
        "seconds": {name: round(value, 4) for name, value in medians.items()},
        "plain over tiled": round(medians["plain"] / medians["tiled"], 2),
        "tiled over sdpa": round(medians["tiled"] / medians["sdpa"], 2),
    }


def measure_memory(length: int) -> Row:
    """Peak bytes beside the inputs, with a causal mask; on tensors that hold no numbers."""
    row: Row = {"length": length, "causal": True}
    for name, backward in (("forward", False), ("forward and backward", True)):
        shape = (1, HEADS, length, HEAD_SIZE)
        inputs = [torch.empty(shape, device="meta", requires_grad=backward) for _ in range(3)]
        row[name] = {
            "plain": peak_bytes(run, plain, inputs, True, backward),
            "tiled": peak_bytes(tiled_passes, inputs, True, backward),
        }
    return row


def run(attend: Attend, inputs: list[Tensor], causal: bool, backward: bool) -> Any:
    q, k, v = inputs
    out = attend(q, k, v, causal)
    return torch.autograd.grad(out, inputs, torch.ones_like(out)) if backward else out


def tiled_passes(inputs: list[Tensor], causal: bool, backward: bool) -> Any:
    """Both passes as functions: inside of an operator `peak_bytes` would see nothing."""
    q, k, v = (x.detach() for x in inputs)
    out, lse = tiled_attention(q, k, v, causal=causal)
    if not backward:
        return out
    return tiled_attention_backward(torch.ones_like(out), q, k, v, out, lse, causal=causal)


def line(row: Mapping[str, Any]) -> str:
    times = ", ".join(f"{name} {seconds:8.4f} s" for name, seconds in row["seconds"].items())
    kind = "causal" if row["causal"] else "full"
    return f"{row['length']:6} {kind:6} {row['pass']:20} {times}"


if __name__ == "__main__":
    main()
