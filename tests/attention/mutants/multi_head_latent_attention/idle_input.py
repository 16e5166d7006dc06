"""Returns x as it came."""


def rotate(x, start=0):
    return x


def compress(x, w_down, norm, w_rope, start=0):
    return x, x


def latent_attention(x, w, n_heads, mask=None, cache=None):
    return x, cache or (x, x)


def latent_attention_absorbed(x, w, n_heads, mask=None, cache=None):
    return x, cache or (x, x)
