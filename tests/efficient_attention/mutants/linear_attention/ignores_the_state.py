"""Begins with an empty state, whatever was passed in."""


def recurrent(q, k, v, state=None):
    s, z = empty(k, v)
    query, key = phi(q), phi(k)
    out = torch.empty_like(v)
    for i in range(q.shape[-2]):
        s = s + key[..., i, :, None] * v[..., i, None, :]
        z = z + key[..., i, :]
        row = query[..., i, None, :]
        out[..., i, :] = divide(row @ s, row @ z[..., None])[..., 0, :]
    return out, (s, z)
