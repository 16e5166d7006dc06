"""Tiles of a single query, in log weights, with lists of the blocks' gradients put together."""


def tile_weights(q, k, lse, allowed=None, *, scale):
    logs = (q[..., :, None, :] * k[..., None, :, :]).sum(-1) * scale - lse[..., None]
    keep = torch.isfinite(lse)[..., None].expand(logs.shape)
    if allowed is not None:
        keep = keep & allowed
    return torch.where(keep, logs, torch.full_like(logs, -math.inf)).exp()


def flash_attention_backward(
    dout, q, k, v, out, lse, *, causal=False, scale=None, block_q=64, block_k=64
):
    for name, value in {"block_q": block_q, "block_k": block_k}.items():
        if not value >= 1:
            raise ValueError(f"{name}: {value}")
    if lse.shape != q[..., 0].shape:
        raise ValueError("lse has another shape than q without its last dimension")
    if scale is None:
        scale = 1 / q.shape[-1] ** 0.5
    T, S = q.shape[-2], k.shape[-2]
    dq = torch.zeros_like(q)
    dks, dvs = [], []
    for j in range(0, S, block_k):
        end = min(j + block_k, S)
        k_j, v_j = k[..., j:end, :], v[..., j:end, :]
        dk_j, dv_j = torch.zeros_like(k_j), torch.zeros_like(v_j)
        for i in range(T):
            one = slice(i, i + 1)
            allowed = torch.arange(j, end) <= i + S - T if causal else None
            p = tile_weights(q[..., one, :], k_j, lse[..., one], allowed, scale=scale)
            surprise = ((v_j - out[..., one, :]) * dout[..., one, :]).sum(-1)
            ds = scale * p[..., 0, :] * surprise
            dq[..., i, :] += (ds[..., None] * k_j).sum(-2)
            dk_j = dk_j + ds[..., None] * q[..., one, :]
            dv_j = dv_j + p.mT * dout[..., one, :]
        dks.append(dk_j)
        dvs.append(dv_j)
    return dq, torch.cat(dks, -2), torch.cat(dvs, -2)
