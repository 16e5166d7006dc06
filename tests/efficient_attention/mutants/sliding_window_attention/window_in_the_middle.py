"""Takes the window to be symmetric where the values are summed up."""


def band_times_values(p, v, left, dilation=1):
    T, W = p.shape[-2:]
    left = W // 2
    padded = torch.nn.functional.pad(v, (0, 0, left * dilation, (W - 1 - left) * dilation))
    out = torch.zeros_like(v)
    for c in range(W):
        out += p[..., c : c + 1] * padded[..., c * dilation :, :][..., :T, :]
    return out
