"""Through the logarithm of the weights, flattened to three dimensions, entry by entry in place."""


def finite_differences(f, x, step=1e-6):
    def at(i, change):
        moved = x.clone(memory_format=torch.contiguous_format)
        moved.view(-1)[i] += change
        return float(f(moved))

    slopes = [0.5 * (at(i, step) - at(i, -step)) / step for i in range(x.numel())]
    return torch.tensor(slopes, dtype=x.dtype).view(x.shape)


def softmax_backward(dp, p):
    weighted = dp * p
    return weighted.sub_(p * weighted.sum(dim=-1, keepdim=True))


def attention_backward(dout, q, k, v, mask=None, *, scale=None):
    shape = torch.Size([*q.shape[:-1], v.shape[-1]])
    if dout.shape != shape:
        raise ValueError(f"dout has {tuple(dout.shape)}, out has {tuple(shape)}")
    scale = scale if scale is not None else 1.0 / q.shape[-1] ** 0.5
    T, S = q.shape[-2], k.shape[-2]
    if mask is not None:
        mask = mask.expand(*q.shape[:-1], S).reshape(-1, T, S)
    flat = [t.reshape(-1, *t.shape[-2:]) for t in (dout, q, k, v)]
    do, qs, ks, vs = flat
    s = torch.bmm(qs, ks.transpose(1, 2)).mul_(scale)
    live = torch.ones_like(s) if mask is None else mask.to(s.dtype)
    s = s.masked_fill(live == 0, -1e30)
    p = torch.log_softmax(s, -1).exp() * live
    ds = softmax_backward(torch.bmm(do, vs.transpose(1, 2)), p).mul_(scale)
    dq, dk = torch.bmm(ds, ks), torch.bmm(ds.transpose(1, 2), qs)
    return dq.view(q.shape), dk.view(k.shape), torch.bmm(p.transpose(1, 2), do).view(v.shape)
