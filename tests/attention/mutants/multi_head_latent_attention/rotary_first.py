"""Takes the first Dr channels of a query for the rotary part."""


def own_project(x, w, n_heads, cache):
    P = 0 if cache is None else cache[0].shape[1]
    D = len(w["k_up"]) // n_heads
    q = (x @ w["q"].T).unflatten(-1, (n_heads, -1)).transpose(1, 2)
    c, k_rope = compress(x, w["down"], w["norm"], w["k_rope"], P)
    if cache is not None:
        c, k_rope = torch.cat((cache[0], c), dim=1), torch.cat((cache[1], k_rope), dim=1)
    return q[..., -D:], rotate(q[..., :-D], P), c, k_rope


def latent_attention(x, w, n_heads, mask=None, cache=None):
    content, rotary, c, k_rope = own_project(x, w, n_heads, cache)
    k = (c @ w["k_up"].T).unflatten(-1, (n_heads, -1)).transpose(1, 2)
    v = (c @ w["v_up"].T).unflatten(-1, (n_heads, -1)).transpose(1, 2)
    scores = (content @ k.mT + rotary @ k_rope[:, None].mT) / math.sqrt(
        content.shape[-1] + rotary.shape[-1]
    )
    out = masked_softmax(scores, mask) @ v
    return out.transpose(1, 2).flatten(2) @ w["o"].T, (c, k_rope)
