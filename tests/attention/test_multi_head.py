"""Multi-head attention: worked by hand, a loop, torch.nn.MultiheadAttention, GPT-2 and BERT."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import AutoConfig, BertConfig, GPT2Config
from transformers.models.bert.modeling_bert import BertSelfAttention
from transformers.models.gpt2.modeling_gpt2 import GPT2Attention

from handtorch.attention.masks import causal_mask, padding_mask
from handtorch.attention.multi_head import (
    MultiHeadAttention,
    merge_heads,
    multi_head_loop,
    split_heads,
)


def close(a, b):
    torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_split_keeps_tokens_whole_worked_by_hand():
    """Tokens (0 1 2 3) and (4 5 6 7), two heads: head 0 gets 0 1 of one and 4 5 of the other.

    A plain reshape to (H, T, D) would give head 0 all of token 0.
    """
    x = torch.arange(8).view(1, 2, 4)
    assert split_heads(x, 2).tolist() == [[[[0, 1], [4, 5]], [[2, 3], [6, 7]]]]
    assert split_heads(x, 2).tolist() != x.view(1, 2, 2, 2).tolist()


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.integers(0, 3), max_size=2), st.integers(0, 4), st.integers(1, 4), st.integers(1, 3)
)
def test_merge_undoes_split(leading, T, H, D):
    x = torch.randn(*leading, T, H * D)
    heads = split_heads(x, H)
    assert heads.shape == (*leading, H, T, D)
    assert torch.equal(merge_heads(heads), x)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("n_heads", [1, 2, 6, 12])
def test_equals_torch_multihead_attention(n_heads, bias):
    """Copied weights, a causal mask and padding; torch's masks say True for what is hidden."""
    torch.manual_seed(0)
    B, T, C = 3, 5, 12
    mine, theirs = (
        MultiHeadAttention(C, n_heads, bias=bias),
        nn.MultiheadAttention(C, n_heads, bias=bias, batch_first=True),
    )
    layers = (mine.q_proj, mine.k_proj, mine.v_proj)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([layer.weight for layer in layers]))
        theirs.out_proj.weight.copy_(mine.o_proj.weight)
        if bias:
            theirs.in_proj_bias.copy_(torch.cat([layer.bias for layer in layers]))
            theirs.out_proj.bias.copy_(mine.o_proj.bias)
    x = torch.randn(B, T, C)
    close(mine(x), theirs(x, x, x)[0])
    causal, real = causal_mask(T), padding_mask([5, 2, 3], T)
    hidden = {"attn_mask": ~causal, "key_padding_mask": ~real[:, 0, 0]}
    close(mine(x, causal & real), theirs(x, x, x, **hidden)[0])


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_one_head_after_another_gives_the_same(bias, masked):
    torch.manual_seed(0)
    mha, x = MultiHeadAttention(12, 3, bias=bias), torch.randn(2, 5, 12)
    mask = causal_mask(5) if masked else None
    close(multi_head_loop(mha, x, mask), mha(x, mask))


def test_equals_gpt2_attention():
    torch.manual_seed(0)
    config = GPT2Config(n_embd=24, n_head=4, attn_implementation="eager")
    theirs, mine = GPT2Attention(config, layer_idx=0).eval(), MultiHeadAttention(24, 4, bias=True)
    with torch.no_grad():  # their Conv1D stores (in, out); q, k, v lie side by side
        for layer, w, b in zip(
            (mine.q_proj, mine.k_proj, mine.v_proj),
            theirs.c_attn.weight.split(24, dim=1),
            theirs.c_attn.bias.split(24),
        ):
            layer.weight.copy_(w.T)
            layer.bias.copy_(b)
        mine.o_proj.weight.copy_(theirs.c_proj.weight.T)
        mine.o_proj.bias.copy_(theirs.c_proj.bias)
    x, mask = torch.randn(2, 7, 24), causal_mask(7)
    bias = torch.zeros(7, 7).masked_fill(~mask, -torch.inf)[None, None]
    close(mine(x, mask), theirs(x, attention_mask=bias)[0])


def test_equals_bert_self_attention():
    torch.manual_seed(0)
    config = BertConfig(hidden_size=24, num_attention_heads=3, attn_implementation="sdpa")
    theirs, mine = BertSelfAttention(config).eval(), MultiHeadAttention(24, 3, bias=True)
    with torch.no_grad():
        for layer, name in ((mine.q_proj, "query"), (mine.k_proj, "key"), (mine.v_proj, "value")):
            layer.load_state_dict(getattr(theirs, name).state_dict())
        mine.o_proj.weight.copy_(torch.eye(24))  # theirs ends before the output projection
        mine.o_proj.bias.zero_()
    x, mask = torch.randn(2, 6, 24), padding_mask([6, 2], 6)
    theirs_out = theirs(x, attention_mask=mask.expand(2, 1, 6, 6))[0]
    close(mine(x, mask), theirs_out)


def test_a_mask_may_differ_by_head():
    torch.manual_seed(0)
    mha, x = MultiHeadAttention(8, 2), torch.randn(1, 4, 8)
    with torch.no_grad():  # the output matrix shows each head where it is
        mha.o_proj.weight.copy_(torch.eye(8))
    mask = torch.stack([torch.ones(4, 4, dtype=torch.bool), causal_mask(4)])  # (H, T, T)
    out = mha(x, mask)
    close(out[..., :4], mha(x)[..., :4])
    close(out[..., 4:], mha(x, causal_mask(4))[..., 4:])


def test_four_square_matrices_whatever_the_heads():
    """q, k, v and o have d² weights each; the fourth one is forgotten in "heads · d_k · d · 3"."""
    for n_heads in (1, 4, 16):
        ours = sum(p.numel() for p in MultiHeadAttention(64, n_heads).parameters())
        torchs = nn.MultiheadAttention(64, n_heads, bias=False).parameters()
        assert ours == 4 * 64**2 == sum(p.numel() for p in torchs)


def test_fully_padded_rows_give_zeros_and_no_gradient():
    torch.manual_seed(0)
    mha, x = MultiHeadAttention(8, 2), torch.randn(2, 3, 8, requires_grad=True)
    out = mha(x, padding_mask([3, 0], 3))
    assert torch.equal(out[1], torch.zeros(3, 8))
    out.sum().backward()
    assert torch.equal(x.grad[1], torch.zeros(3, 8))
    assert all(p.grad.isfinite().all() for p in mha.parameters())


@pytest.mark.parametrize(
    ("name", "width", "heads", "size"),
    [
        ("gpt2", 768, 12, 64),
        ("bert", 768, 12, 64),
        ("llama", 4096, 32, 128),
        ("gemma", 3072, 16, 256),
        ("gpt_oss", 2880, 64, 64),
        ("deepseek_v3", 7168, 128, 128),
    ],
)
def test_published_shapes_in_the_book(name, width, heads, size):
    """The table of the page is that of the default configurations (GPT-2 small, BERT base,
    LLaMA 7B, Gemma 7B, gpt-oss, DeepSeek-V3, whose size is that of the values)."""
    config = AutoConfig.for_model(name)
    assert (config.hidden_size, config.num_attention_heads) == (width, heads)
    named = getattr(config, "v_head_dim", None) or getattr(config, "head_dim", None)
    assert (named or width // heads) == size


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="n_heads is 5; it must divide the width 12"):
        MultiHeadAttention(12, 5)
    with pytest.raises(ValueError, match="n_heads is 0"):
        MultiHeadAttention(12, 0)
    with pytest.raises(ValueError, match="d_model is 0"):
        MultiHeadAttention(0, 1)
    with pytest.raises(ValueError, match="n_heads is 3"):
        split_heads(torch.zeros(1, 2, 8), 3)
    with pytest.raises(ValueError, match=r"x has shape \(2, 8\); it must be \(B, length, 12\)"):
        MultiHeadAttention(12, 3)(torch.zeros(2, 8))
    with pytest.raises(ValueError, match="mask"):
        MultiHeadAttention(8, 2)(torch.zeros(1, 4, 8), causal_mask(3))
