"""Writes the products as einsums, the exponentials by hand, and cuts with a fixed size."""


def partial_attention(q, k, v, visible):
    B, H, D = q.shape
    G, N = k.shape[1], k.shape[2]
    grouped = (q * D**-0.5).view(B, G, H // G, D)
    s = torch.einsum("bgrd,bgnd->bgrn", grouped, k)
    s = torch.where(visible.view(B, 1, 1, N), s, torch.full_like(s, -torch.inf))
    if N == 0:
        return q.new_zeros(B, H, v.shape[3]), q.new_full((B, H), -torch.inf)
    m = s.max(-1, keepdim=True).values
    m = torch.where(m.isinf(), torch.zeros_like(m), m)
    p = torch.exp(s - m)
    total = p.sum(-1)
    out = torch.einsum("bgrn,bgnd->bgrd", p, v)
    out = out / torch.where(total > 0, total, torch.ones_like(total))[..., None]
    return out.reshape(B, H, v.shape[3]), (m[..., 0] + torch.log(total)).reshape(B, H)


def merge_parts(outs, lses):
    lse = torch.logsumexp(lses, 0)
    shares = torch.exp(lses - torch.where(lse.isinf(), torch.zeros_like(lse), lse))
    return torch.einsum("pbh,pbhd->bhd", shares, outs), lse


def flash_decoding(q, k, v, lengths, n_splits):
    if n_splits <= 0:
        raise ValueError(f"n_splits must be positive: {n_splits}")
    S = k.shape[2]
    if not all(0 <= int(n) <= S for n in lengths):
        raise ValueError(f"lengths must be between 0 and {S}")
    size = math.ceil(S / n_splits)
    outs, lses = [], []
    for part in range(n_splits):
        here = slice(part * size, (part + 1) * size)
        real = torch.arange(S)[None, here] < lengths[:, None]
        out, lse = partial_attention(q, k[:, :, here], v[:, :, here], real)
        outs.append(out)
        lses.append(lse)
    return merge_parts(torch.stack(outs), torch.stack(lses))
