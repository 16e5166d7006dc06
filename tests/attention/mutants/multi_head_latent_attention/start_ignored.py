"""Counts positions from 0 in every call, whatever is cached."""


def rotate(x, start=0):
    T, Dr = x.shape[-2:]
    if Dr % 2:
        raise ValueError(f"{Dr} is odd")
    position = torch.arange(T, dtype=x.dtype)
    angle = position[:, None] * 10000.0 ** (-torch.arange(0, Dr, 2, dtype=x.dtype) / Dr)
    a, b = x[..., 0::2], x[..., 1::2]
    turned = a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()
    return torch.stack(turned, dim=-1).flatten(-2)
