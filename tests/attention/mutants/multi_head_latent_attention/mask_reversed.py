"""Takes True in the mask for what must not be attended to."""


def latent_attention(x, w, n_heads, mask=None, cache=None):
    content, rotary, c, k_rope = project(x, w, n_heads, cache)
    k = (c @ w["k_up"].T).unflatten(-1, (n_heads, -1)).transpose(1, 2)
    v = (c @ w["v_up"].T).unflatten(-1, (n_heads, -1)).transpose(1, 2)
    scores = (content @ k.mT + rotary @ k_rope[:, None].mT) / math.sqrt(
        content.shape[-1] + rotary.shape[-1]
    )
    out = masked_softmax(scores, None if mask is None else ~mask) @ v
    return out.transpose(1, 2).flatten(2) @ w["o"].T, (c, k_rope)
