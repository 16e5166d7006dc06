"""Scales the caller's q in place."""


def attention_backward(dout, q, k, v, mask=None, *, scale=None):
    wanted = (*q.shape[:-1], v.shape[-1])
    if dout.shape != wanted:
        raise ValueError(f"dout has shape {tuple(dout.shape)}; it must be that of out, {wanted}")
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    s = q.mul_(scale) @ k.mT
    if mask is not None:
        s = s.masked_fill(~mask, torch.finfo(s.dtype).min)
    p = s.softmax(-1)
    if mask is not None:
        p = p.masked_fill(~mask, 0.0)
    dv = p.mT @ dout
    dp = dout @ v.mT
    ds = softmax_backward(dp, p)
    return scale * ds @ k, ds.mT @ q, dv
