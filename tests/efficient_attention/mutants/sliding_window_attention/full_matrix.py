"""Computes all T x T scores and masks them."""


def sliding_window_attention(q, k, v, *, left, right, dilation=1, global_tokens=(), scale=None):
    T = q.shape[-2]
    if left < 0 or right < 0 or dilation < 1:
        raise ValueError(f"left {left}, right {right}, dilation {dilation}")
    tokens = list(global_tokens)
    if len(set(tokens)) < len(tokens) or any(not 0 <= g < T for g in tokens):
        raise ValueError(f"global_tokens {tokens}")
    ahead = torch.arange(T) - torch.arange(T)[:, None]
    mask = (ahead >= -left * dilation) & (ahead <= right * dilation) & (ahead % dilation == 0)
    mask[:, tokens] = True
    mask[tokens] = True
    if right == 0:
        mask = mask.tril()
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    return (q @ k.mT * scale).masked_fill(~mask, -math.inf).softmax(-1) @ v
