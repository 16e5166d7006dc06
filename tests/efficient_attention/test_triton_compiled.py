"""The Triton kernels, compiled for Ampere and Hopper without a GPU: no spills, and they fit."""

import importlib.util
import json

import pytest
import torch

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None,
    reason="Triton is not installed; it has packages for Linux only",
)
if importlib.util.find_spec("triton") is not None:
    from handtorch.efficient_attention import compiled, triton_launch
    from handtorch.efficient_attention.triton_launch import TILES, Tile

SLOPES = torch.ones(2)


@pytest.mark.parametrize(("capability", "most"), [(80, 1), (90, 2)])
def test_tiles_fit_into_registers_and_shared_memory(capability, most):
    """The first tiles of each list, for `make bench` compiles all. `pytest -s` shows the table."""
    tiles = [
        (name, head_size, tile)
        for (name, tma), sizes in TILES.items()
        for head_size, choices in sizes.items()
        for tile in choices[:most]
        if tma == (capability >= 90)
    ]
    rows = [
        compiled.compile_kernel(name, tile, capability, head_size=head_size)
        for name, head_size, tile in tiles
    ]
    print("\n" + compiled.table(rows))
    assert {row["kernel"] for row in rows} == {"forward", "dkdv", "dq"}
    assert {row["head_size"] for row in rows} == {64, 128, 256}
    assert [row for row in rows if compiled.faults(row)] == []


@pytest.mark.parametrize("name", ["forward", "dkdv", "dq"])
@pytest.mark.parametrize(
    "options",
    [
        {"causal": False},
        {"window": 100},
        {"packed": True},
        {"softcap": 30.0, "alibi_slopes": SLOPES},
    ],
    ids=["full", "window", "packed", "soft-cap and alibi"],
)
def test_with_every_option_some_tile_is_clean(name, options):
    """Options take registers, and some tiles then spill; the autotuner has another to take."""
    tiles = triton_launch.tiles(name, 128, True)
    rows = (compiled.compile_kernel(name, tile, 90, head_size=128, **options) for tile in tiles)
    assert any(not compiled.faults(row) for row in rows)


def test_delta_needs_no_tensor_cores():
    row = compiled.compile_kernel("delta", Tile(64, 0, 4, 1), 90, head_size=128)
    assert row["spills"] == row["stack_bytes"] == row["tensor_core"] == 0


@pytest.mark.parametrize(("capability", "packed"), [(80, True), (90, False), (90, True)])
def test_the_way_to_the_launch_with_the_autotuner(capability, packed, monkeypatch):
    """Forward and backward with everything but the GPU: each tile is compiled and one is kept."""
    few = {key: {64: tiles[64][: 2 if key[0] == "forward" else 1]} for key, tiles in TILES.items()}
    monkeypatch.setattr(triton_launch, "TILES", few)
    triton_launch._tuned.cache_clear()
    q, k = (torch.zeros(1, heads, 200, 40, dtype=torch.float16) for heads in (4, 2))
    cu = torch.tensor([0, 70, 200], dtype=torch.int32) if packed else None
    options = {"causal": True, "window": None, "scale": 0.1, "softcap": None, "alibi_slopes": None}
    arguments = (cu, cu, 130, 130) if packed else (None, None, 200, 200)
    with compiled.pretend(capability) as driver:
        options["tma"] = capability >= 90
        out, lse = triton_launch.forward(q, k, k, *arguments, **options)
        triton_launch.backward(out, q, k, k, out, lse, *arguments, grad_lse=lse, **options)
    triton_launch._tuned.cache_clear()
    assert len(driver.cubins) >= 2 + 1 + 1 + 1  # forward, delta, dkdv, dq


def test_the_table_of_the_page_is_of_these_tiles(root):
    """`make bench` writes benchmarks/results/flash_attention_compiled.json, from all tiles."""
    results = json.loads((root / "benchmarks/results/flash_attention_compiled.json").read_text())
    listed = {
        (row["capability"], row["kernel"], row["head_size"], *(row[key] for key in Tile._fields))
        for row in results["rows"]
    }
    for capability in (80, 90):
        tiles = compiled.all_tiles(capability)
        expected = {(capability, name, head_size, *tile) for name, head_size, tile in tiles}
        assert expected == {row for row in listed if row[0] == capability}
    assert [row for row in results["rows"] if compiled.faults(row)] == []
