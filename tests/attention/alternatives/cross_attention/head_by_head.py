"""Loops over rows, heads and queries, and leaves the padding out instead of masking it."""


def project_context(context, w_k, w_v, n_heads):
    width = w_k.shape[0]
    if n_heads <= 0 or width % n_heads != 0:
        raise ValueError(f"n_heads must be a positive divisor of {width}, not {n_heads}")
    size = width // n_heads
    keys, values = [], []
    for h in range(n_heads):
        keys.append(context @ w_k[h * size : (h + 1) * size].T)
        values.append(context @ w_v[h * size : (h + 1) * size].T)
    return torch.stack(keys, dim=1), torch.stack(values, dim=1)


def attend(x, k, v, w_q, w_o, real=None):
    B, H, S, D = k.shape
    if real is not None and tuple(real.shape) != (B, S):
        raise ValueError(f"real must have the shape {(B, S)}, not {tuple(real.shape)}")
    out = torch.zeros_like(x)
    for b in range(B):
        seen = torch.arange(S) if real is None else real[b].nonzero()[:, 0]
        if len(seen) == 0:
            continue
        for h in range(H):
            own = slice(h * D, (h + 1) * D)
            for t in range(x.shape[1]):
                q = x[b, t] @ w_q[own].T
                weights = torch.softmax(k[b, h, seen] @ q / D**0.5, 0)
                out[b, t] += (weights @ v[b, h, seen]) @ w_o[:, own].T
    return out
