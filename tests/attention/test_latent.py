"""MLA: equal to DeepSeek-V3's layer in transformers, and absorbed equal to plain."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode
from transformers import DeepseekV3Config
from transformers.cache_utils import DynamicCache
from transformers.models.deepseek_v3.modeling_deepseek_v3 import (
    DeepseekV3Attention,
    DeepseekV3RotaryEmbedding,
)

from handtorch.attention.grouped_query import KVCache, kv_cache_bytes
from handtorch.attention.latent import MultiHeadLatentAttention, latent_cache_bytes, rotate
from handtorch.attention.masks import causal_mask

SIZES = {"d_head": 8, "d_latent": 16, "d_rope": 4, "d_value": 6}


def make_layer(d_query_latent=None, dtype=torch.float64, **sizes):
    torch.manual_seed(0)
    layer = MultiHeadLatentAttention(32, 4, d_query_latent=d_query_latent, **{**SIZES, **sizes})
    for norm in layer.modules():
        if isinstance(norm, torch.nn.RMSNorm):
            torch.nn.init.uniform_(norm.weight, 0.5, 1.5)  # ones would hide a forgotten weight
    return layer.to(dtype)


def rotated_by_complex_numbers(x, start, base):
    """The pairs as complex numbers times e^(i p base^(-2i/D)), written with numpy's conventions."""
    T, D = x.shape[-2:]
    pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], D // 2, 2).contiguous())
    position = torch.arange(start, start + T, dtype=x.dtype)[:, None]
    angle = position * base ** (-torch.arange(0, D, 2, dtype=x.dtype) / D)
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(-2)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 1000), st.sampled_from([100.0, 1e4]))
def test_rotation_equals_complex_multiplication(half, T, start, base):
    generator = torch.Generator().manual_seed(half)
    x = torch.randn(2, T, 2 * half, dtype=torch.float64, generator=generator)
    torch.testing.assert_close(
        rotate(x, start, base=base), rotated_by_complex_numbers(x, start, base)
    )


def test_rotated_products_depend_on_the_distance_only():
    q, k = torch.randn(2, 1, 8, dtype=torch.float64)
    near = rotate(q, 5) @ rotate(k, 2).mT
    torch.testing.assert_close(rotate(q, 105) @ rotate(k, 102).mT, near)
    assert not torch.allclose(rotate(q, 6) @ rotate(k, 2).mT, near)
    torch.testing.assert_close(rotate(q, 0), q)


def copy_from_deepseek(theirs, layer):
    """Theirs keeps k_up and v_up as one matrix, head by head, and kv_down and k_rope as one."""
    config, state = theirs.config, theirs.state_dict()
    H, D, R = config.num_attention_heads, config.qk_nope_head_dim, config.kv_lora_rank
    up = state["kv_b_proj.weight"].view(H, -1, R)
    ours = {
        "kv_down.weight": state["kv_a_proj_with_mqa.weight"][:R],
        "k_rope.weight": state["kv_a_proj_with_mqa.weight"][R:],
        "kv_norm.weight": state["kv_a_layernorm.weight"],
        "k_up.weight": up[:, :D].flatten(0, 1),
        "v_up.weight": up[:, D:].flatten(0, 1),
        "o_proj.weight": state["o_proj.weight"],
    }
    if config.q_lora_rank is None:
        ours["q_proj.weight"] = state["q_proj.weight"]
    else:
        names = ("q_a_proj", "q_a_layernorm", "q_b_proj")
        ours |= {f"q_proj.{i}.weight": state[f"{name}.weight"] for i, name in enumerate(names)}
    layer.load_state_dict(ours)


def pairs_from_halves(ours, d_rope):
    """Where channel i turns with i + Dr / 2, put the two side by side: 0, Dr/2, 1, Dr/2 + 1, ..."""
    order = torch.arange(d_rope).view(2, -1).T.flatten()
    state = ours.state_dict()
    state["k_rope.weight"] = state["k_rope.weight"][order]
    name = "q_proj.2.weight" if "q_proj.2.weight" in state else "q_proj.weight"
    heads = state[name].view(ours.n_heads, ours.d_head + d_rope, -1)
    rotary = heads[:, ours.d_head :][:, order]
    state[name] = torch.cat((heads[:, : ours.d_head], rotary), dim=1).flatten(0, 1)
    ours.load_state_dict(state)


@pytest.mark.parametrize("interleave", [True, False])
@pytest.mark.parametrize("d_query_latent", [None, 12])
def test_equals_deepseek_v3_of_transformers(d_query_latent, interleave):
    """In float32, for their softmax and norms are; with either convention of the rotation."""
    config = DeepseekV3Config(
        hidden_size=32,
        num_attention_heads=4,
        num_key_value_heads=4,
        kv_lora_rank=16,
        q_lora_rank=d_query_latent,
        qk_rope_head_dim=4,
        qk_nope_head_dim=8,
        v_head_dim=6,
        rope_interleave=interleave,
        attn_implementation="eager",
    )
    torch.manual_seed(1)
    theirs = DeepseekV3Attention(config, layer_idx=0).eval()
    for name, weight in theirs.named_parameters():
        if "layernorm" in name:
            torch.nn.init.uniform_(weight, 0.5, 1.5)
    ours = make_layer(d_query_latent, torch.float32)
    copy_from_deepseek(theirs, ours)
    if not interleave:
        pairs_from_halves(ours, 4)
    x = torch.randn(2, 7, 32)
    turns = DeepseekV3RotaryEmbedding(config)(x, torch.arange(7)[None])
    mask = torch.zeros(7, 7).masked_fill(~causal_mask(7), float("-inf"))
    kept = DynamicCache()
    expected, _ = theirs(x, turns, mask[None, None], past_key_values=kept)
    for run in (ours, ours.forward_absorbed):
        torch.testing.assert_close(run(x, causal_mask(7)), expected, atol=1e-6, rtol=1e-5)
    held = kept.layers[0].keys.nbytes + kept.layers[0].values.nbytes
    assert held == latent_cache_bytes(1, 16, 4, seq_len=7, batch=2, itemsize=4)


@pytest.mark.parametrize("d_query_latent", [None, 12])
@pytest.mark.parametrize("d_value", [None, 6])
def test_absorbed_equals_plain(d_query_latent, d_value):
    layer = make_layer(d_query_latent, d_value=d_value)
    x = torch.randn(2, 9, 32, dtype=torch.float64)
    plain, absorbed = layer(x, causal_mask(9)), layer.forward_absorbed(x, causal_mask(9))
    torch.testing.assert_close(absorbed, plain, atol=1e-9, rtol=0)
    assert plain.std() > 0.01


@pytest.mark.parametrize("form", ["forward", "forward_absorbed"])
@pytest.mark.parametrize("chunks", [[1] * 9, [5, 1, 2, 1]])
def test_decoding_with_a_cache_equals_the_full_pass(form, chunks):
    layer = make_layer(12)
    x = torch.randn(2, 9, 32, dtype=torch.float64)
    cache, outs = KVCache(), []
    for new in x.split(chunks, dim=1):
        S = len(cache) + new.shape[1]
        outs.append(getattr(layer, form)(new, causal_mask(new.shape[1], S), cache))
    torch.testing.assert_close(torch.cat(outs, 1), layer(x, causal_mask(9)), atol=1e-9, rtol=0)
    assert [tuple(t.shape) for t in cache.tensors] == [(2, 9, 16), (2, 9, 4)]
    assert cache.nbytes == latent_cache_bytes(1, 16, 4, seq_len=9, batch=2, itemsize=8)


def test_gradients_agree_between_the_forms():
    layer = make_layer(12)
    x = torch.randn(1, 5, 32, dtype=torch.float64)
    gradients = []
    for form in (layer.forward, layer.forward_absorbed):
        layer.zero_grad()
        form(x, causal_mask(5)).square().sum().backward()
        gradients.append([p.grad.clone() for p in layer.parameters()])
    for plain, absorbed in zip(*gradients):
        torch.testing.assert_close(absorbed, plain, atol=1e-9, rtol=1e-9)


def test_only_the_rotary_key_knows_the_position():
    """Without a mask and with the rotary query at zero, permuted tokens give permuted outputs."""
    layer, order = make_layer(), torch.tensor([2, 0, 3, 1])
    x = torch.randn(1, 4, 32, dtype=torch.float64)
    assert not torch.allclose(layer(x[:, order]), layer(x)[:, order])
    with torch.no_grad():
        layer.q_proj.weight.view(4, 12, 32)[:, 8:] = 0
    torch.testing.assert_close(layer(x[:, order]), layer(x)[:, order])


def test_published_cache_sizes():
    """DeepSeek-V2: 60 layers x (512 + 64) x 2 bytes; as GQA with 2.25 groups of 128 (table 1)."""
    assert latent_cache_bytes(60, 512, 64) == 60 * 576 * 2 == 69120
    assert latent_cache_bytes(60, 512, 64) * 4 == kv_cache_bytes(60, 9, 128)
    assert latent_cache_bytes(61, 512, 64) == 70272


def test_absorption_moves_the_work_from_the_keys_to_the_queries():
    """Counted with DeepSeek-V3's sizes for 128 heads: one new token, 1,000 in the cache."""
    H, D, R, Dr, C, S = 128, 128, 512, 64, 7168, 1000
    with torch.device("meta"):
        layer = MultiHeadLatentAttention(C, H, d_head=D, d_latent=R, d_rope=Dr, d_query_latent=1536)
        x, cache = torch.empty(1, 1, C), KVCache()
        cache.append(torch.empty(1, S - 1, R), torch.empty(1, S - 1, Dr))
    flops = {}
    for form in ("forward", "forward_absorbed"):
        copy = KVCache()
        copy.append(*cache.tensors)
        with FlopCounterMode(display=False) as counter:
            getattr(layer, form)(x, None, copy)
        flops[form] = counter.get_total_flops()
    up = H * R * 2 * D  # numbers in k_up and v_up together
    around = 2 * (sum(p.numel() for p in layer.parameters() if p.dim() == 2) - up)
    assert flops["forward"] == around + 2 * S * up + 2 * H * S * (D + Dr + D)
    assert flops["forward_absorbed"] == around + 2 * up + 2 * H * S * (R + Dr + R)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="d_rope is 3; it must be even"):
        make_layer(d_rope=3)
    with pytest.raises(ValueError, match="d_latent is 0"):
        make_layer(d_latent=0)
    with pytest.raises(ValueError, match="d_query_latent is 0"):
        make_layer(0)
    with pytest.raises(ValueError, match="x has 3 channels"):
        rotate(torch.zeros(2, 3))
    with pytest.raises(ValueError, match="x has shape"):
        make_layer()(torch.zeros(1, 3, 16, dtype=torch.float64))
    with pytest.raises(ValueError, match="batch is 0"):
        latent_cache_bytes(1, 1, 1, batch=0)
