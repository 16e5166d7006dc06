"""Pairs channel i with i + Dr/2 instead of its neighbor."""


def rotate(x, start=0):
    T, Dr = x.shape[-2:]
    if Dr % 2:
        raise ValueError(f"{Dr} is odd")
    position = torch.arange(start, start + T, dtype=x.dtype)
    angle = position[:, None] * 10000.0 ** (-torch.arange(0, Dr, 2, dtype=x.dtype) / Dr)
    a, b = x.chunk(2, dim=-1)
    turned = a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()
    return torch.cat(turned, dim=-1)
