"""Reads the state before the position is added to it, so that no position sees itself."""


def recurrent(q, k, v, state=None):
    s, z = empty(k, v) if state is None else state
    query, key = phi(q), phi(k)
    out = torch.empty_like(v)
    for i in range(q.shape[-2]):
        row = query[..., i, None, :]
        out[..., i, :] = divide(row @ s, row @ z[..., None])[..., 0, :]
        s = s + key[..., i, :, None] * v[..., i, None, :]
        z = z + key[..., i, :]
    return out, (s, z)
