"""The Triton kernels, run by Triton's interpreter on small shapes, against float64 references."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None,
    reason="Triton is not installed; it has packages for Linux only",
)


@pytest.fixture(scope="module")
def results(root):
    """One process for all cases: importing torch and Triton takes longer than most of them."""
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.efficient_attention.interpreted"]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_errors_are_those_of_float32(results):
    """Output, log-sum-exp (where it is compared), and the gradients of q, k and v."""
    wide = [result for result in results if "float16" not in result["case"]]
    assert len(wide) > 25
    for result in wide:
        assert max(result["errors"]) < 5e-6, result


def test_errors_of_float16_are_at_most_twice_those_of_plain_attention(results):
    half = [result for result in results if "float16" in result["case"]]
    assert len(half) == 3
    for result in half:
        for error, plain in zip(result["errors"], result["errors of plain attention"]):
            assert error <= 2 * plain + 1e-5, result
