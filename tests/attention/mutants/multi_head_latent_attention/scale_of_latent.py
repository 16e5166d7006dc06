"""Divides the absorbed scores by the root of R + Dr."""


def latent_attention_absorbed(x, w, n_heads, mask=None, cache=None):
    content, rotary, c, k_rope = project(x, w, n_heads, cache)
    H, T, D = content.shape[1:]
    k_up = w["k_up"].unflatten(0, (H, -1))
    v_up = w["v_up"].unflatten(0, (H, -1))
    query = torch.cat((content @ k_up, rotary), dim=-1)
    key = torch.cat((c, k_rope), dim=-1)
    scores = (query.flatten(1, 2) @ key.mT).unflatten(1, (H, T)) / math.sqrt(query.shape[-1])
    weights = masked_softmax(scores, mask)
    mean = (weights.flatten(1, 2) @ c).unflatten(1, (H, T))
    heads = mean @ v_up.mT
    return heads.transpose(1, 2).flatten(2) @ w["o"].T, (c, k_rope)
