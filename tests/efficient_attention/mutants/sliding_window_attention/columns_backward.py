"""Counts the band's columns from the right."""


def band_scores(q, k, left, right, dilation=1):
    T, W = q.shape[-2], left + right + 1
    padded = torch.nn.functional.pad(k, (0, 0, left * dilation, right * dilation))
    diagonals = [(q * padded[..., c * dilation :, :][..., :T, :]).sum(-1) for c in range(W)]
    keys = torch.arange(T)[:, None] + (right - torch.arange(W)) * dilation
    return torch.stack(diagonals[::-1], -1).masked_fill((keys < 0) | (keys >= T), -math.inf)
