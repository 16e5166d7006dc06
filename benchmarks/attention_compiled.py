"""What the compiler makes of the Triton kernels, for every tile that may be tried; needs no GPU.

    python benchmarks/attention_compiled.py

Prints the table of `handtorch.efficient_attention.compiled` and writes it to
`benchmarks/results/flash_attention_compiled.json`. Where Triton is not installed (it has packages
for Linux only) it says so and leaves the file as it is.
"""

import importlib.util
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "flash_attention_compiled.json"


def main() -> None:
    if importlib.util.find_spec("triton") is None:
        print("Triton is not installed: the table of compiled kernels stays as it is.")
        return
    from handtorch.efficient_attention import compiled

    compiled.write_table(RESULTS)


if __name__ == "__main__":
    main()
