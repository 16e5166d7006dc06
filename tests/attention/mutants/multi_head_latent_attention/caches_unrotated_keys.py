"""Caches the rotary keys as they were before the rotation, and rotates all of them each time."""


def latent_attention(x, w, n_heads, mask=None, cache=None):
    content, rotary, c, _ = project(x, w, n_heads, cache)
    k_rope = x @ w["k_rope"].T
    if cache is not None:
        k_rope = torch.cat((cache[1], k_rope), dim=1)
    k = (c @ w["k_up"].T).unflatten(-1, (n_heads, -1)).transpose(1, 2)
    v = (c @ w["v_up"].T).unflatten(-1, (n_heads, -1)).transpose(1, 2)
    scores = content @ k.mT + rotary @ rotate(k_rope)[:, None].mT
    scores = scores / math.sqrt(content.shape[-1] + rotary.shape[-1])
    out = masked_softmax(scores, mask) @ v
    return out.transpose(1, 2).flatten(2) @ w["o"].T, (c, k_rope)
