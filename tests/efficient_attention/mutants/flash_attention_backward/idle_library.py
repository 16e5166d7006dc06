"""Lets autograd do the work, through torch's attention, and this project's module."""


def tile_weights(q, k, lse, allowed=None, *, scale):
    from handtorch.efficient_attention import tiled

    return tiled.tile_weights(q, k, lse, allowed, scale=scale)


def flash_attention_backward(
    dout, q, k, v, out, lse, *, causal=False, scale=None, block_q=64, block_k=64
):
    leaves = [t.clone().requires_grad_() for t in (q, k, v)]
    attend = torch.nn.functional.scaled_dot_product_attention
    return torch.autograd.grad(attend(*leaves, is_causal=causal, scale=scale), leaves, dout)
