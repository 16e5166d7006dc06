"""Leaves the padding's scores at 0, so that keys that do not exist get weight."""


def band_scores(q, k, left, right, dilation=1):
    T, W = q.shape[-2], left + right + 1
    padded = torch.nn.functional.pad(k, (0, 0, left * dilation, right * dilation))
    diagonals = [(q * padded[..., c * dilation :, :][..., :T, :]).sum(-1) for c in range(W)]
    return torch.stack(diagonals, -1)
