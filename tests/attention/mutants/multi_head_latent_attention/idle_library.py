"""Lets torch do the norm and the attention."""


def compress(x, w_down, norm, w_rope, start=0):
    c = torch.nn.functional.rms_norm(x @ w_down.T, norm.shape, norm, 1e-6)
    return c, rotate(x @ w_rope.T, start)


def latent_attention(x, w, n_heads, mask=None, cache=None):
    content, rotary, c, k_rope = project(x, w, n_heads, cache)
    k = (c @ w["k_up"].T).unflatten(-1, (n_heads, -1)).transpose(1, 2)
    v = (c @ w["v_up"].T).unflatten(-1, (n_heads, -1)).transpose(1, 2)
    q = torch.cat((content, rotary), dim=-1)
    k = torch.cat((k, k_rope[:, None].expand(-1, n_heads, -1, -1)), dim=-1)
    out = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask)
    return out.transpose(1, 2).flatten(2) @ w["o"].T, (c, k_rope)


def latent_attention_absorbed(x, w, n_heads, mask=None, cache=None):
    return latent_attention(x, w, n_heads, mask, cache)
