"""Folds heads into the batch, adds a bias of -inf and clears empty rows at the end."""


def project_context(context, w_k, w_v, n_heads):
    width = w_v.size(0)
    if n_heads not in range(1, width + 1) or width % n_heads:
        raise ValueError(f"n_heads: {n_heads} heads do not fit into {width} channels")
    size = (context.size(0), context.size(1), n_heads, width // n_heads)
    k, v = (context @ w_k.T).view(size), (context @ w_v.T).view(size)
    return k.permute(0, 2, 1, 3), v.swapaxes(1, 2)


def attend(x, k, v, w_q, w_o, real=None):
    B, H, S, D = k.shape
    T = x.size(1)
    q = (x @ w_q.T).view(B, T, H, D).permute(0, 2, 1, 3).reshape(B * H, T, D)
    scores = torch.bmm(q, k.reshape(B * H, S, D).transpose(1, 2)) * D**-0.5
    if real is not None:
        if real.dim() != 2 or real.size(0) != B or real.size(1) != S:
            raise ValueError(f"real does not fit: {real.shape}")
        bias = torch.zeros(B, S, dtype=x.dtype).masked_fill(real.logical_not(), float("-inf"))
        scores = scores + bias.repeat_interleave(H, 0)[:, None]
    out = torch.bmm(torch.softmax(scores, -1), v.reshape(B * H, S, D))
    out = out.view(B, H, T, D).permute(0, 2, 1, 3).reshape(B, T, H * D) @ w_o.T
    if real is not None:
        out[~real.any(dim=1)] = 0
    return out
