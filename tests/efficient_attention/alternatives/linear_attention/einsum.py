"""Writes phi with elu, every product as an einsum, and divides in the places where it can."""


def features(x):
    return torch.nn.functional.elu(x.clamp(min=-700)).where(x > -30, x.exp() - 1) + 1


def quotient(above, below):
    below = below.unsqueeze(-1)
    return torch.where(below > 0, above / below, torch.zeros_like(above))


def parallel(q, k, v):
    weights = torch.einsum("...id,...jd->...ij", features(q), features(k))
    T = q.size(-2)
    weights = weights.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), 0.0)
    return quotient(torch.einsum("...ij,...je->...ie", weights, v), weights.sum(-1))


def recurrent(q, k, v, state=None):
    if state is None:
        s = v.new_zeros(k.shape[:-2] + (k.size(-1), v.size(-1)))
        z = v.new_zeros(k.shape[:-2] + (k.size(-1),))
    else:
        s, z = state[0].clone(), state[1].clone()
    outputs = []
    for query, key, value in zip(features(q).unbind(-2), features(k).unbind(-2), v.unbind(-2)):
        s += torch.einsum("...d,...e->...de", key, value)
        z += key
        above = torch.einsum("...d,...de->...e", query, s)
        outputs.append(quotient(above, (query * z).sum(-1)))
    return (torch.stack(outputs, -2) if outputs else torch.zeros_like(v)), (s, z)


def chunked(q, k, v, chunk_size, state=None):
    if chunk_size <= 0:
        raise ValueError("chunk_size must be positive")
    if state is None:
        state = recurrent_start(k, v)
    s, z = state
    outputs = []
    for query, key, value in zip(*(x.split(chunk_size, -2) for x in (q, k, v))):
        query, key = features(query), features(key)
        inside = torch.einsum("...id,...jd->...ij", query, key).tril()
        above = torch.einsum("...ij,...je->...ie", inside, value)
        above = above + torch.einsum("...id,...de->...ie", query, s)
        below = inside.sum(-1) + torch.einsum("...id,...d->...i", query, z)
        outputs.append(quotient(above, below))
        s = s + torch.einsum("...jd,...je->...de", key, value)
        z = z + torch.einsum("...jd->...d", key)
    return torch.cat(outputs, -2), (s, z)


def recurrent_start(k, v):
    like = k[..., :1, :].transpose(-2, -1) * v[..., :1, :] if k.size(-2) else None
    if like is None:
        like = torch.zeros(*k.shape[:-2], k.size(-1), v.size(-1), dtype=v.dtype)
    return torch.zeros_like(like), torch.zeros_like(like[..., 0])
