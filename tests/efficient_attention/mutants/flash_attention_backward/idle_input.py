"""Returns what it was given."""


def tile_weights(q, k, lse, allowed=None, *, scale):
    return lse


def flash_attention_backward(dout, q, k, v, out, lse, **named):
    return q, k, v
