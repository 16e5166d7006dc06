"""The Triton kernels on a GPU: `pytest -m gpu`. Left out where there is no CUDA device.

Errors are held against those of plain attention in the same dtype: at most twice, plus 1e-5, for
the output and for each gradient, both against float64. New memory is filled with NaN, so that a
number that a kernel forgets to write is seen.
"""

import shutil
import subprocess
import sys

import pytest
import torch

from handtorch.efficient_attention import backends
from handtorch.efficient_attention.dispatch import (
    explain,
    flash_attention,
    flash_attention_varlen,
)
from handtorch.efficient_attention.reference import reference_attention
from tests.efficient_attention.cases import CASES, inputs

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not backends.HAS_TRITON, reason="Triton is not installed"),
]
SLOPES = (0.5, 0.25, 0.125, 0.0625)


@pytest.fixture(autouse=True)
def poison():
    """Everything that torch.empty returns is NaN."""
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True, warn_only=True)
    assert torch.empty(3, device="cuda").isnan().all()
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def first_tile_only(monkeypatch):
    """The first tile of each list, so that the grid compiles a quarter of the kernels."""
    from handtorch.efficient_attention import triton_launch

    every = triton_launch.tiles
    monkeypatch.setattr(triton_launch, "tiles", lambda *arguments: every(*arguments)[:1])
    triton_launch._tuned.cache_clear()
    yield
    triton_launch._tuned.cache_clear()


def draw(H, G, T, S, D, *, B=2, Dv=None, dtype=torch.bfloat16):
    shapes = ((B, H, T, D), (B, G, S, D), (B, G, S, D if Dv is None else Dv))
    return [torch.randn(shape, device="cuda").to(dtype).requires_grad_() for shape in shapes]


def check(q, k, v, attend=flash_attention, **options):
    """The rule for errors, for the output and the gradients of q, k and v."""
    exact = [x.detach().double().requires_grad_() for x in (q, k, v)]
    out = reference_attention(*exact, **options)[0]
    grad = torch.randn_like(out).to(q.dtype)
    want = [out, *torch.autograd.grad(out, exact, grad.double())]
    plain_out = reference_attention(q, k, v, **options)[0]
    plain = [plain_out, *torch.autograd.grad(plain_out, (q, k, v), grad)]
    found_out = attend(q, k, v, **options)
    found = [found_out, *torch.autograd.grad(found_out, (q, k, v), grad)]
    for name, a, b, c in zip(("out", "dq", "dk", "dv"), want, found, plain):
        assert b.dtype == q.dtype
        error, allowed = ((x - a).abs().max().item() for x in (b, c))
        assert b.isfinite().all(), name
        assert error <= 2 * allowed + 1e-5, (name, error, allowed)


# --- the grid -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("first_tile_only")
@pytest.mark.parametrize("options", [{}, {"causal": True}, {"window": 100}], ids=str)
@pytest.mark.parametrize("D", [16, 32, 40, 64, 80, 96, 128, 192, 256])
def test_head_sizes(D, options):
    """Grouped heads; lengths that no block divides, more keys, more queries, and very few."""
    for T, S in ((257, 257), (113, 400), (400, 113), (1, 1000), (64, 128)):
        check(*draw(4, 2, T, S, D), **options)


@pytest.mark.usefixtures("first_tile_only")
@pytest.mark.parametrize("groups", [8, 2, 1])
@pytest.mark.parametrize("D", [64, 128])
@pytest.mark.parametrize("options", [{}, {"causal": True}], ids=str)
def test_float16_and_shared_heads(D, groups, options):
    for dtype in (torch.float16, torch.bfloat16):
        check(*draw(8, groups, 333, 333, D, dtype=dtype), **options)


@pytest.mark.usefixtures("first_tile_only")
@pytest.mark.parametrize("name", CASES)
def test_every_option(name):
    q, k, v, options = inputs(name, d=32, dtype=torch.bfloat16, device="cuda")
    check(*(x.requires_grad_() for x in (q, k, v)), **options)


@pytest.mark.usefixtures("first_tile_only")
@pytest.mark.parametrize(
    "options",
    [
        {"softcap": 3.0, "causal": True},
        {"alibi": True},
        {"alibi": True, "window": 300, "softcap": 5.0},
    ],
    ids=str,
)
def test_options_over_many_tiles(options):
    options = dict(options)
    if options.pop("alibi", False):
        options["alibi_slopes"] = torch.tensor(SLOPES, device="cuda")
    check(*draw(4, 2, 777, 900, 64), **options)


@pytest.mark.usefixtures("first_tile_only")
def test_head_sizes_of_keys_and_values_may_differ_and_be_odd():
    check(*draw(2, 2, 200, 200, 192, Dv=128), causal=True)
    check(*draw(2, 1, 200, 200, 35, Dv=17), causal=True)


@pytest.mark.parametrize("D", [64, 128, 256])
def test_every_tile_gives_the_right_result(D, monkeypatch):
    """All that the autotuner may choose, one after the other."""
    from handtorch.efficient_attention import triton_launch

    every = triton_launch.tiles
    tma = torch.cuda.get_device_capability()[0] >= 9
    most = max(len(every(name, D, tma)) for name in ("forward", "dkdv", "dq"))
    for n in range(most):
        choose = lambda *a, n=n: [every(*a)[n % len(every(*a))]]  # noqa: E731
        monkeypatch.setattr(triton_launch, "tiles", choose)
        triton_launch._tuned.cache_clear()
        check(*draw(4, 2, 513, 640, D), causal=True)
    triton_launch._tuned.cache_clear()


def test_with_the_autotuner_and_without_descriptors():
    from handtorch.efficient_attention import triton_launch

    q, k, v = draw(4, 2, 600, 600, 64)
    check(q, k, v, causal=True)
    options = {"window": None, "softcap": None, "alibi_slopes": None}
    found, lse = triton_launch.forward(
        q, k, v, None, None, 600, 600, causal=True, scale=0.125, tma=False, **options
    )
    expected, expected_lse = reference_attention(q.double(), k.double(), v.double(), causal=True)
    assert (found - expected).abs().max() < 0.02
    assert (lse - expected_lse).abs().max() < 1e-4


# --- packed batches, layouts, the operator ------------------------------------------------------


@pytest.mark.usefixtures("first_tile_only")
@pytest.mark.parametrize("options", [{}, {"causal": True}, {"window": 50}], ids=str)
def test_packed_sequences(options):
    """Empty, short and long ones; the neighbors of a sequence hold infinities."""
    lengths = torch.tensor([0, 300, 0, 1, 64, 511, 148])
    cu = lengths.cumsum(0).int().cuda()
    total = int(lengths.sum())

    def packed(q, k, v, **options):
        out = flash_attention_varlen(*(x[0].transpose(0, 1) for x in (q, k, v)), cu, **options)
        return out.transpose(0, 1)[None]

    def one_by_one(q, k, v, **options):
        parts = (x.split(lengths[1:].tolist(), 2) for x in (q, k, v))
        return torch.cat([reference_attention(*part, **options)[0] for part in zip(*parts)], 2)

    q, k, v = draw(4, 2, total, total, 64, B=1)
    exact = [x.detach().double().requires_grad_() for x in (q, k, v)]
    want_out, plain_out = one_by_one(*exact, **options), one_by_one(q, k, v, **options)
    grad = torch.randn_like(want_out).bfloat16()
    found_out = packed(q, k, v, **options)
    want = [want_out, *torch.autograd.grad(want_out, exact, grad.double())]
    plain = [plain_out, *torch.autograd.grad(plain_out, (q, k, v), grad)]
    found = [found_out, *torch.autograd.grad(found_out, (q, k, v), grad)]
    for a, b, c in zip(want, found, plain):
        assert (b - a).abs().max() <= 2 * (c - a).abs().max() + 1e-5
    with torch.no_grad():
        spoiled = [x.clone() for x in (q, k, v)]
        spoiled[2][:, :, 301:] = torch.inf
        first = packed(*spoiled, **options)[:, :, :300]
        assert torch.equal(first, found_out[:, :, :300])


@pytest.mark.usefixtures("first_tile_only")
def test_layouts_do_not_matter_and_gradients_are_the_same_each_time():
    qkv = torch.randn(2, 300, 3, 4, 64, device="cuda").bfloat16().requires_grad_()
    views = [x.transpose(1, 2) for x in qkv.unbind(2)]
    check(*views, causal=True)
    grads = []
    for _ in range(2):
        out = flash_attention(*views, causal=True)
        grads.append(torch.autograd.grad(out.float().square().sum(), qkv)[0])
    assert torch.equal(*grads)


def test_dispatch_takes_triton_and_the_other_backends_agree():
    q, k, v = draw(4, 2, 300, 300, 64)
    assert explain(q, k, v, causal=True).backend == "triton"
    assert explain(q.float(), k.float(), v.float()).backend == "tiled"
    expected, _ = reference_attention(q.double(), k.double(), v.double(), causal=True)
    for backend in ("triton", "tiled", "reference", "sdpa", "flex"):
        found = flash_attention(q, k, v, causal=True, backend=backend)
        assert (found - expected).abs().max() < 0.03, backend


@pytest.mark.usefixtures("first_tile_only")
def test_opcheck_and_compilation():
    q, k, v = draw(2, 1, 100, 100, 64, B=1)
    operator = torch.ops.handtorch.flash_attention.default
    for window in (None, 30):
        arguments = (None, None, None, 100, 100, 0.125, True, window, None, "triton")
        torch.library.opcheck(operator, (q, k, v, *arguments))
    compiled = torch.compile(lambda *x: flash_attention(*x, causal=True) * 2, fullgraph=True)
    check(q, k, v, lambda *x, causal: compiled(*x) / 2, causal=True)


# --- memory -------------------------------------------------------------------------------------


def peak_over(tensors, call):
    """Peak bytes on the device above what these tensors hold."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    call(*tensors)
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before


@pytest.mark.usefixtures("first_tile_only")
def test_128k_tokens_forward_and_backward_in_linear_memory():
    tensors = draw(2, 2, 2**17, 2**17, 64, B=1)
    call = lambda *x: flash_attention(*x, causal=True).sum().backward()  # noqa: E731
    one = 2 * 2**17 * 64 * 2  # bytes of q
    rows = 2 * 2**17 * 4  # bytes of one float32 a query
    # out, its gradient (expanded from one number, then copied), dq, dk, dv; lse and delta
    assert peak_over(tensors, call) <= 6 * one + 4 * rows + 2**25
    assert all(x.grad.isfinite().all() for x in tensors)


@pytest.mark.usefixtures("first_tile_only")
def test_a_million_tokens_forward_in_linear_memory():
    tensors = draw(1, 1, 2**20, 2**20, 64, B=1)
    with torch.no_grad():
        extra = peak_over(tensors, lambda *x: flash_attention(*x, causal=True))
    assert extra <= 2**20 * 64 * 2 + 2**20 * 4 + 2**25


# --- compute-sanitizer --------------------------------------------------------------------------

SANITIZED = """
import torch
from handtorch.efficient_attention import triton_launch
from handtorch.efficient_attention.dispatch import flash_attention
every = triton_launch.tiles
triton_launch.tiles = lambda *arguments: every(*arguments)[:1]
q, k, v = (torch.randn(1, n, 130, 64, device="cuda").bfloat16().requires_grad_() for n in (2, 1, 1))
flash_attention(q, k, v, window=70).sum().backward()
torch.cuda.synchronize()
print("done")
"""


@pytest.mark.skipif(shutil.which("compute-sanitizer") is None, reason="no compute-sanitizer")
def test_compute_sanitizer_finds_nothing():
    command = ["compute-sanitizer", "--tool", "memcheck", "--error-exitcode", "9"]
    done = subprocess.run(
        [*command, sys.executable, "-c", SANITIZED], capture_output=True, text=True, timeout=600
    )
    assert "done" in done.stdout, done.stderr
    assert done.returncode == 0, done.stdout
