"""Costs of attention: against torch's FLOP counter, traffic seen op by op, and work by hand."""

import pytest
import torch
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count

from handtorch.efficient_attention.cost import (
    attention_flops,
    bytes_moved_plain,
    bytes_moved_tiled,
    dao_block_sizes,
    peak_bytes,
    roofline_seconds,
)

SHAPES = [(7, 7, 4, 4), (3, 9, 8, 5), (9, 3, 2, 6), (1, 40, 16, 16)]


def qkv(T, S, D, Dv, heads=1, **options):
    return (torch.randn(heads, n, d, **options) for n, d in ((T, D), (S, D), (S, Dv)))


def plain(q, k, v):
    return (q @ k.mT).softmax(-1) @ v


# peak_bytes: every number below is 4 bytes times numbers that can be counted in the source


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(
    ("fn", "floats"),
    [
        (lambda x: x + 1, 100),
        (lambda x: (x + 1).sum(), 101),  # the sum is made while x + 1 is there
        (lambda x: (x + 1) * 2, 200),  # input and output of the second step
        (lambda x: ((x + 1) * 2) * 3, 200),  # the first is gone when the third is made
        (lambda x: (x + 1).mul_(2).mul_(3), 100),  # in place: nothing new
        (lambda x: x.mul_(1), 0),  # the argument's own memory
        (lambda x: x.view(10, 10).T[2:5], 0),  # views have none
        (lambda x: x.view(10, 10).T.contiguous(), 100),  # until they are copied
        (lambda x: x.expand(3, 100) + 1, 300),
        (lambda x: (x + 1)[:1], 100),  # a view keeps the whole storage alive
        (lambda x: [x + i for i in range(5)], 500),
        (lambda x: [(x + i).sum() for i in range(5)], 104 + 1),
        (lambda x: torch.cat([x, x]).chunk(2), 200),  # two views of one storage
        (lambda x: None, 0),
    ],
)
def test_peak_of_small_programs(device, fn, floats):
    assert peak_bytes(fn, torch.ones(100, device=device)) == 4 * floats


def test_peak_counts_other_types_and_tensors_made_from_numbers():
    x = torch.ones(100)
    assert peak_bytes(lambda: x.to(torch.float64)) == 800  # without arguments, from outside
    assert peak_bytes(lambda: x > 0) == 100
    assert peak_bytes(lambda: torch.tensor([1.0, 2.0, 3.0])) == 12
    assert peak_bytes(lambda: torch.arange(10)) == 80
    assert peak_bytes(lambda n: torch.empty(0).resize_(n), 6) == 24
    assert peak_bytes(lambda a, *, b: a + b, x, b=x) == 400


def test_peak_of_plain_attention_is_two_square_matrices():
    """Scores and weights live together for a moment; the output (T x D) comes after the scores."""
    T, D = 64, 8
    for device in ("cpu", "meta"):
        q, k, v = qkv(T, T, D, D, heads=2, device=device)
        assert peak_bytes(plain, q, k, v) == 2 * 4 * (2 * T * T)


def test_peak_counts_what_autograd_keeps():
    """exp keeps its result for the backward pass, so all three results live to the end.

    Without gradients two are enough at any time. With them: three results and the sum, 301. The
    backward pass adds the gradient of the sum, one number, and the gradient of the last result,
    100, before any result is freed: 402. Then it frees as much as it makes.
    """

    def loss(x):
        return x.exp().exp().exp().sum()

    x = torch.full((100,), -3.0, requires_grad=True)
    with torch.no_grad():
        assert peak_bytes(loss, x) == 4 * 200
    assert peak_bytes(loss, x) == 4 * 301
    assert peak_bytes(lambda: loss(x).backward()) == 4 * 402


def test_peak_of_a_fused_operator_is_its_outputs():
    """torch's own kernel shows its output and a float32 log-sum-exp, not its workspace."""
    q, k, v = qkv(64, 64, 8, 8, heads=2)
    peak = peak_bytes(F.scaled_dot_product_attention, q[None], k[None], v[None])
    assert peak == 4 * 2 * 64 * (8 + 1)


def test_peak_leaves_no_trace_when_the_function_fails():
    def fail(x):
        x = x + 1
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        peak_bytes(fail, torch.ones(3))
    assert peak_bytes(lambda x: x + 1, torch.ones(3)) == 12


# FLOPs


@pytest.mark.parametrize("shape", SHAPES)
def test_flops_equal_torchs_counter(shape):
    q, k, v = (x.requires_grad_() for x in qkv(*shape, heads=6))
    T, S, D, Dv = shape
    with FlopCounterMode(display=False) as counter:
        out = plain(q, k, v)
    assert counter.get_total_flops() == attention_flops(T, S, D, Dv=Dv, heads=6)
    with FlopCounterMode(display=False) as counter:
        out.sum().backward()
    backward = attention_flops(T, S, D, Dv=Dv, heads=6, part="backward")
    assert counter.get_total_flops() == backward


@pytest.mark.parametrize("shape", SHAPES)
def test_recomputing_backward_equals_torchs_formula_for_fused_attention(shape):
    T, S, D, Dv = shape
    q, k, v, out = (2, 3, T, D), (2, 3, S, D), (2, 3, S, Dv), (2, 3, T, Dv)
    expected = sdpa_backward_flop_count(out, q, k, v)
    part = "backward with recomputed scores"
    assert attention_flops(T, S, D, Dv=Dv, heads=6, part=part) == expected


def test_flops_by_hand():
    """2 x 3 scores of 4 products each, and 2 x 5 outputs of 3: (24 + 30) times two, three heads."""
    assert attention_flops(2, 3, 4, Dv=5, heads=3) == 3 * 2 * (24 + 30)
    forward, stored, recomputed = (
        attention_flops(100, 100, 64, part=part)
        for part in ("forward", "backward", "backward with recomputed scores")
    )
    assert (stored, recomputed) == (2 * forward, 2.5 * forward)


@pytest.mark.parametrize(("T", "S"), [(5, 5), (3, 7), (7, 3), (1, 9)])
def test_causal_flops_count_the_pairs_of_the_bottom_right_mask(T, S):
    pairs = int(torch.ones(T, S, dtype=torch.bool).tril(S - T).sum())
    assert attention_flops(T, S, 8, causal=True) == 2 * pairs * 16


# bytes between memory and chip


class Traffic(TorchDispatchMode):
    """Adds up what each operator reads and writes; views do neither."""

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        read = [a for a in args if isinstance(a, torch.Tensor)]
        if out.untyped_storage()._cdata not in {x.untyped_storage()._cdata for x in read}:
            self.total += sum(x.numel() * x.element_size() for x in [*read, out])
        return out


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", SHAPES)
def test_plain_traffic_is_what_the_operators_read_and_write(shape, dtype):
    q, k, v = qkv(*shape, heads=6, dtype=dtype)
    with Traffic() as seen:
        p = torch.softmax(torch.bmm(q, k.mT), -1)
        out = torch.bmm(p, v)
    T, S, D, Dv = shape
    sizes = {"Dv": Dv, "heads": 6, "itemsize": dtype.itemsize}
    assert bytes_moved_plain(T, S, D, **sizes) == seen.total
    do = torch.ones_like(out)
    with Traffic() as seen:
        torch.bmm(p.mT, do)
        dp = torch.bmm(do, v.mT)
        ds = torch._softmax_backward_data(dp, p, -1, dtype)
        torch.bmm(ds, k)
        torch.bmm(ds.mT, q)
    assert bytes_moved_plain(T, S, D, **sizes, part="backward") == seen.total


def test_plain_traffic_by_hand():
    """q 8, k 12, s 6; s 6, p 6; p 6, v 15, o 10 numbers: 69 of two bytes."""
    assert bytes_moved_plain(2, 3, 4, Dv=5) == 2 * 69
    many = bytes_moved_plain(4096, 4096, 64)
    assert many == 2 * (4 * 4096**2 + 4 * 4096 * 64)
    many = bytes_moved_plain(4096, 4096, 64, part="backward")
    assert many == 2 * (7 * 4096**2 + 8 * 4096 * 64)


def loads_and_stores(T, S, D, Dv, block_q, block_k, causal, outer):
    """The two algorithms, moving slices of real tensors and adding up their bytes."""
    q, k, v = qkv(T, S, D, Dv, dtype=torch.float16)
    q, k, v = q[0], k[0], v[0]
    out, stat = torch.empty(T, Dv, dtype=torch.float16), torch.empty(T)
    mask = torch.ones(T, S, dtype=torch.bool).tril(S - T if causal else S)
    rows = [slice(i, i + block_q) for i in range(0, T, block_q)]
    columns = [slice(j, j + block_k) for j in range(0, S, block_k)]
    moved = []
    if outer == "queries":
        for i in rows:
            moved += [q[i], out[i], stat[i]]
            moved += [x[j] for j in columns if mask[i, j].any() for x in (k, v)]
    else:
        for j in columns:
            moved += [k[j], v[j]]
            for i in rows:
                if mask[i, j].any():
                    moved += [q[i], out[i], out[i], stat[i], stat[i], stat[i], stat[i]]
    return sum(x.numel() * x.element_size() for x in moved)


@pytest.mark.parametrize("outer", ["queries", "keys"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("blocks", [(1, 1), (2, 3), (4, 4), (3, 100), (100, 100)])
@pytest.mark.parametrize("shape", SHAPES)
def test_tiled_traffic_equals_the_loops(shape, blocks, causal, outer):
    T, S, D, Dv = shape
    expected = loads_and_stores(T, S, D, Dv, *blocks, causal, outer)
    options = {"block_q": blocks[0], "block_k": blocks[1], "causal": causal, "outer": outer}
    assert bytes_moved_tiled(T, S, D, Dv=Dv, **options) == expected
    assert bytes_moved_tiled(T, S, D, Dv=Dv, heads=6, **options) == 6 * expected


def test_one_tile_moves_each_input_and_output_once():
    T, D = 256, 64
    once = 4 * T * D * 2 + 4 * T  # q, k, v, o and the log-sum-exp
    assert bytes_moved_tiled(T, T, D, block_q=T, block_k=T) == once
    # and the width of a tile does not matter when queries stay: each block sees all keys once
    narrow, wide = (bytes_moved_tiled(T, T, D, block_q=64, block_k=n) for n in (16, 256))
    assert narrow == wide


def test_block_sizes_and_traffic_of_daos_algorithm():
    """100 kB hold 51200 half-precision numbers: 51200 / (4 * 64) = 200 columns, 64 rows.

    Four times the SRAM: a fourth of the passes over q and o, which make almost all the traffic.
    """
    assert dao_block_sizes(102_400, 64) == (64, 200)
    assert dao_block_sizes(102_401, 64) == (64, 201)  # rounded up
    assert dao_block_sizes(2048, 64, itemsize=4) == (2, 2)
    N, d = 16_384, 64
    traffic = []
    for sram in (32 * 1024, 128 * 1024):
        block_q, block_k = dao_block_sizes(sram, d)
        sizes = {"block_q": block_q, "block_k": block_k, "outer": "keys"}
        traffic.append(bytes_moved_tiled(N, N, d, **sizes))
    assert traffic[0] / traffic[1] == pytest.approx(4, rel=0.02)


# time


def test_roofline_takes_the_slower_side():
    card = {"flops_per_second": 100.0, "bytes_per_second": 10.0}
    assert roofline_seconds(1000, 10, **card) == 10  # 100 FLOP a byte: computing is slower
    assert roofline_seconds(10, 1000, **card) == 100
    assert roofline_seconds(100, 10, **card) == 1  # the ridge: both take as long
    assert roofline_seconds(0, 0, **card) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attention_flops(0, 3, 4), "T is 0; it must be 1 or more"),
        (lambda: attention_flops(2, 3, 4, Dv=0), "Dv is 0"),
        (lambda: attention_flops(2, 3, 4, part="both"), "part is 'both'"),
        (lambda: bytes_moved_plain(2, 3, 4, itemsize=0), "itemsize is 0"),
        (lambda: bytes_moved_plain(2, 3, 4, part="x"), "part is 'x'; it must be \"forward\""),
        (lambda: bytes_moved_tiled(2, 3, 4, block_q=0, block_k=1), "block_q is 0"),
        (lambda: bytes_moved_tiled(2, 3, 4, block_q=1, block_k=1, outer="k"), "outer is 'k'"),
        (lambda: dao_block_sizes(0, 64), "sram_bytes is 0"),
        (
            lambda: roofline_seconds(1, 1, flops_per_second=0, bytes_per_second=1),
            "flops_per_second is 0; it must be positive",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
