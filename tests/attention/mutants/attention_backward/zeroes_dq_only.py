"""Sees to queries without any key in dq and dk, but lets them add to dv."""


def attention_backward(dout, q, k, v, mask=None, *, scale=None):
    if dout.shape != (*q.shape[:-1], v.shape[-1]):
        raise ValueError(f"dout has shape {tuple(dout.shape)}")
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    s = scale * q @ k.mT
    if mask is not None:
        s = s.masked_fill(~mask, torch.finfo(s.dtype).min)
    p = s.softmax(-1)
    ds = softmax_backward(dout @ v.mT, p)
    if mask is not None:
        ds = ds.masked_fill(~mask, 0.0)
    return scale * ds @ k, scale * ds.mT @ q, p.mT @ dout
