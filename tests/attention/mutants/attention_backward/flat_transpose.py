"""Transposes all axes, not only the last two."""


def attention_backward(dout, q, k, v, mask=None, *, scale=None):
    wanted = (*q.shape[:-1], v.shape[-1])
    if dout.shape != wanted:
        raise ValueError(f"dout has shape {tuple(dout.shape)}; it must be that of out, {wanted}")
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    s = scale * q @ k.T
    if mask is not None:
        s = s.masked_fill(~mask, torch.finfo(s.dtype).min)
    p = s.softmax(-1)
    if mask is not None:
        p = p.masked_fill(~mask, 0.0)
    dv = p.T @ dout
    dp = dout @ v.T
    ds = softmax_backward(dp, p)
    return scale * ds @ k, scale * ds.T @ q, dv
