"""Masks with a large negative number, which leaves equal weights where every key is masked."""


def attention_backward(dout, q, k, v, mask=None, *, scale=None):
    wanted = (*q.shape[:-1], v.shape[-1])
    if dout.shape != wanted:
        raise ValueError(f"dout has shape {tuple(dout.shape)}; it must be that of out, {wanted}")
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    s = scale * q @ k.mT
    if mask is not None:
        s = s.masked_fill(~mask, -1e9)
    p = s.softmax(-1)
    dv = p.mT @ dout
    dp = dout @ v.mT
    ds = softmax_backward(dp, p)
    return scale * ds @ k, scale * ds.mT @ q, dv
