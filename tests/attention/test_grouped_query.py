"""GQA: equal to torch's SDPA and to Llama's attention; a cache changes nothing but the bytes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    FalconConfig,
    FalconModel,
    GPTBigCodeConfig,
    GPTBigCodeModel,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaModel,
)
from transformers.models.llama.modeling_llama import LlamaAttention

from handtorch.attention.grouped_query import (
    GroupedQueryAttention,
    KVCache,
    grouped_attention,
    kv_cache_bytes,
    pool_kv_heads,
    repeat_kv,
)
from handtorch.attention.masks import causal_mask, padding_mask
from handtorch.attention.multi_head import MultiHeadAttention
from handtorch.attention.scaled_dot_product import attention
from handtorch.efficient_attention.cost import attention_flops, peak_bytes


def qkv(B, H, G, T, S, D, Dv=None, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = (B, H, T, D), (B, G, S, D), (B, G, S, Dv or D)
    return [torch.randn(*shape, dtype=dtype, generator=generator) for shape in shapes]


def test_copies_of_a_head_are_neighbors():
    """Heads a b, each twice: a a b b. Tiling them, a b a b, gives query head 1 the wrong one."""
    x = torch.tensor([1.0, 2.0]).view(1, 2, 1, 1)
    assert repeat_kv(x, 2).flatten().tolist() == [1, 1, 2, 2]
    assert x.repeat(1, 2, 1, 1).flatten().tolist() == [1, 2, 1, 2]
    assert torch.equal(repeat_kv(x, 1), x)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([(1, 1), (4, 1), (4, 2), (4, 4), (6, 3), (6, 2)]),
    st.integers(1, 5),
    st.integers(0, 5),
    st.sampled_from(["none", "causal", "float", "heads", "padding"]),
)
def test_equals_torch_sdpa(heads, T, past, kind):
    (H, G), S = heads, T + past
    q, k, v = qkv(2, H, G, T, S, D=8, Dv=6)
    generator = torch.Generator().manual_seed(1)
    mask = {
        "none": None,
        "causal": causal_mask(T, S),
        "float": torch.randn(T, S, dtype=q.dtype, generator=generator),
        "heads": torch.rand(2, H, T, S, generator=generator) < 0.7,
        "padding": padding_mask([1, S], S),
    }[kind]
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=True)
    torch.testing.assert_close(grouped_attention(q, k, v, mask), expected, atol=1e-12, rtol=0)
    copied = attention(q, repeat_kv(k, H // G), repeat_kv(v, H // G), mask)
    torch.testing.assert_close(copied, expected, atol=1e-12, rtol=0)


def test_scale_is_passed_on():
    q, k, v = qkv(1, 4, 2, 3, 5, D=8)
    expected = F.scaled_dot_product_attention(q, k, v, scale=0.3, enable_gqa=True)
    torch.testing.assert_close(grouped_attention(q, k, v, scale=0.3), expected)


def test_no_copy_of_the_cache_is_made():
    """One query for each of 8 heads over 1,000 keys: less than the 8 copies of k alone."""
    q, k, v = qkv(1, 8, 1, 1, 1000, D=64, dtype=torch.float32)
    assert peak_bytes(grouped_attention, q, k, v) < k.nbytes
    copies = peak_bytes(lambda: attention(q, repeat_kv(k, 8), repeat_kv(v, 8)))
    assert copies > 16 * k.nbytes


def test_all_groups_is_multi_head_and_its_weights_fit():
    mha = MultiHeadAttention(32, 4).double()
    gqa = GroupedQueryAttention(32, 4, 4).double()
    gqa.load_state_dict(mha.state_dict())
    x = torch.randn(2, 7, 32, dtype=torch.float64)
    torch.testing.assert_close(gqa(x, causal_mask(7)), mha(x, causal_mask(7)))


@pytest.mark.parametrize("n_kv_heads", [1, 2, 4])
def test_equals_llama_attention(n_kv_heads):
    """Without rotation (cos 1, sin 0); and with a head size that is not the width over H."""
    config = LlamaConfig(
        hidden_size=32,
        num_attention_heads=4,
        num_key_value_heads=n_kv_heads,
        head_dim=10,
        attn_implementation="sdpa",
    )
    theirs = LlamaAttention(config, layer_idx=0).double().eval()
    ours = GroupedQueryAttention(32, 4, n_kv_heads, d_head=10).double()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 6, 32, dtype=torch.float64)
    still = torch.ones(2, 6, 10, dtype=x.dtype), torch.zeros(2, 6, 10, dtype=x.dtype)
    mask = causal_mask(6)
    expected, _ = theirs(x, position_embeddings=still, attention_mask=mask[None, None])
    torch.testing.assert_close(ours(x, mask), expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("chunks", [[1] * 9, [4, 1, 3, 1], [9]])
@pytest.mark.parametrize("n_kv_heads", [1, 2, 4])
def test_decoding_with_a_cache_equals_the_full_pass(chunks, n_kv_heads):
    torch.manual_seed(0)
    layer = GroupedQueryAttention(32, 4, n_kv_heads).double()
    x = torch.randn(2, 9, 32, dtype=torch.float64)
    cache, outs = KVCache(), []
    for new in x.split(chunks, dim=1):
        S = len(cache) + new.shape[1]
        outs.append(layer(new, causal_mask(new.shape[1], S), cache))
    torch.testing.assert_close(torch.cat(outs, 1), layer(x, causal_mask(9)), atol=1e-12, rtol=0)
    assert len(cache) == 9
    assert cache.nbytes == kv_cache_bytes(1, n_kv_heads, 8, seq_len=9, batch=2, itemsize=8)


def test_cache_bytes_equal_the_tensors_that_transformers_keeps():
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=8,
        num_key_value_heads=2,
    )
    kept = LlamaModel(config)(torch.arange(11)[None], use_cache=True).past_key_values
    held = sum(layer.keys.nbytes + layer.values.nbytes for layer in kept.layers)
    assert held == kv_cache_bytes(3, 2, 8, seq_len=11, itemsize=4)


def test_published_cache_sizes():
    """2 (k and v) x layers x key-value heads x head size x 2 bytes, worked by hand."""
    assert kv_cache_bytes(32, 32, 128) == 2 * 32 * 4096 * 2 == 524288  # Llama 2 7B
    assert kv_cache_bytes(80, 8, 128) == 2 * 80 * 1024 * 2 == 327680  # Llama 2 70B
    assert kv_cache_bytes(80, 8, 128, seq_len=4096, batch=3) == 327680 * 4096 * 3


def test_llama_2_70b_has_8_key_value_heads_not_2():
    """Its 69 billion parameters fit 64 query heads over 8 key-value heads, and not over 2."""

    def llama_70b(n_kv_heads):
        config = LlamaConfig(
            vocab_size=32000,
            hidden_size=8192,
            intermediate_size=28672,
            num_hidden_layers=80,
            num_attention_heads=64,
            num_key_value_heads=n_kv_heads,
        )
        with torch.device("meta"):
            return LlamaForCausalLM(config)

    model = llama_70b(8)
    attn = model.model.layers[0].self_attn
    assert attn.k_proj.weight.shape == (1024, 8192)
    assert sum(p.numel() for p in model.parameters()) == 68_976_648_192
    with torch.device("meta"):
        ours = GroupedQueryAttention(8192, 64, 8)
    assert [p.shape for p in ours.parameters()] == [p.shape for p in attn.parameters()]
    assert round(sum(p.numel() for p in llama_70b(2).parameters()) / 1e9, 2) == 67.97


def cached_heads(model, tokens=5):
    kept = model(torch.arange(tokens)[None], use_cache=True).past_key_values
    return kept.layers[0].keys.shape[1]


def test_falcon_7b_is_multi_query_though_its_config_says_71_heads():
    """`multi_query` without the new architecture wins over `num_kv_heads`."""
    default = FalconConfig()
    assert (default.num_kv_heads, default.multi_query) == (71, True)
    assert not default.new_decoder_architecture
    config = FalconConfig(
        vocab_size=50,
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=8,
        num_kv_heads=8,
        multi_query=True,
        new_decoder_architecture=False,
    )
    assert cached_heads(FalconModel(config)) == 1


def test_falcon_40b_is_grouped_but_transformers_caches_every_copy():
    """The projection has 2 key-value heads for 8 query heads; what is kept has 8 of each."""
    config = FalconConfig(
        vocab_size=50,
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=8,
        num_kv_heads=2,
        new_decoder_architecture=True,
    )
    model = FalconModel(config)
    assert model.h[0].self_attention.query_key_value.weight.shape[0] == (8 + 2 * 2) * 8
    assert cached_heads(model) == 8


def test_starcoder_keeps_one_head():
    config = GPTBigCodeConfig(vocab_size=50, n_embd=64, n_layer=1, n_head=8, n_positions=32)
    assert cached_heads(GPTBigCodeModel(config)) == 1


def test_pooling_is_the_mean_over_neighbors_and_changes_the_output():
    torch.manual_seed(0)
    layer = GroupedQueryAttention(32, 4, 4, bias=True)
    x, mask = torch.randn(2, 6, 32), causal_mask(6)
    pooled = pool_kv_heads(layer, 2)
    weight = layer.k_proj.weight.view(4, 8, 32)
    by_hand = torch.cat([(weight[0] + weight[1]) / 2, (weight[2] + weight[3]) / 2])
    torch.testing.assert_close(pooled.k_proj.weight, by_hand)
    bias = layer.v_proj.bias.view(4, 8)
    torch.testing.assert_close(pooled.v_proj.bias[:8], (bias[0] + bias[1]) / 2)
    assert torch.equal(pooled.q_proj.weight, layer.q_proj.weight)
    assert not torch.allclose(pooled(x, mask), layer(x, mask), atol=0.1)
    assert torch.equal(pool_kv_heads(layer, 4)(x, mask), layer(x, mask))


def test_pooling_equal_heads_changes_nothing():
    """Then, and only then, the copies were not needed."""
    torch.manual_seed(0)
    layer = GroupedQueryAttention(32, 4, 1).double()
    wide = GroupedQueryAttention(32, 4, 4).double()
    state = layer.state_dict()
    for name in ("k_proj.weight", "v_proj.weight"):
        state[name] = state[name].repeat(4, 1)
    wide.load_state_dict(state)
    x = torch.randn(1, 5, 32, dtype=torch.float64)
    torch.testing.assert_close(wide(x), layer(x))
    torch.testing.assert_close(pool_kv_heads(wide, 1)(x), layer(x))


@pytest.mark.parametrize("n_kv_heads", [1, 4, 8])
def test_counted_flops_do_not_depend_on_the_groups_but_for_the_projections(n_kv_heads):
    with torch.device("meta"):
        layer = GroupedQueryAttention(64, 8, n_kv_heads)
        x = torch.empty(2, 16, 64)
    with FlopCounterMode(display=False) as counter:
        layer(x)
    weights = 2 * 64 * 64 + 2 * 64 * n_kv_heads * 8
    assert sum(p.numel() for p in layer.parameters()) == weights
    core = attention_flops(16, 16, 8, heads=2 * 8)
    assert counter.get_total_flops() == 2 * (2 * 16) * weights + core


def test_gradients():
    q, k, v = (t.requires_grad_() for t in qkv(1, 4, 2, 2, 3, D=2))
    assert torch.autograd.gradcheck(
        lambda *args: grouped_attention(*args, causal_mask(2, 3)), (q, k, v)
    )


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="n_kv_heads is 3; it must divide 8"):
        GroupedQueryAttention(64, 8, 3)
    with pytest.raises(ValueError, match="n_kv_heads is 0"):
        GroupedQueryAttention(64, 8, 0)
    with pytest.raises(ValueError, match="n_heads is 7"):
        GroupedQueryAttention(64, 7, 7)
    with pytest.raises(ValueError, match="d_head is 0"):
        GroupedQueryAttention(64, 8, 8, d_head=0)
    with pytest.raises(ValueError, match="n_rep is 0"):
        repeat_kv(torch.zeros(1, 2, 3, 4), 0)
    with pytest.raises(ValueError, match="seq_len is 0"):
        kv_cache_bytes(1, 1, 1, seq_len=0)
    q, k, v = qkv(1, 4, 3, 2, 2, D=4)
    with pytest.raises(ValueError, match="n_kv_heads is 3"):
        grouped_attention(q, k, v)
    q, k, v = qkv(1, 4, 2, 2, 2, D=4)
    with pytest.raises(ValueError, match="v has shape"):
        grouped_attention(q, k, v[:, :1])
    with pytest.raises(ValueError, match="mask has shape"):
        grouped_attention(q, k, v, torch.ones(2, 3, dtype=torch.bool))
    with pytest.raises(ValueError, match="x has shape"):
        GroupedQueryAttention(64, 8, 2)(torch.zeros(1, 3, 32))


def test_a_step_that_fails_leaves_the_cache_as_it_was():
    layer, cache = GroupedQueryAttention(12, 4, 2), KVCache()
    layer(torch.randn(2, 3, 12), cache=cache)
    with pytest.raises(ValueError, match="mask"):
        layer(torch.randn(2, 1, 12), torch.ones(1, 9, dtype=torch.bool), cache)
    assert len(cache) == 3
