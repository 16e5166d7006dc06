"""Returns zeros of the right shape."""


def tile_weights(q, k, lse, allowed=None, *, scale):
    return torch.zeros_like(q @ k.mT)


def flash_attention_backward(dout, q, k, v, out, lse, **named):
    return torch.zeros_like(q), torch.zeros_like(k), torch.zeros_like(v)
