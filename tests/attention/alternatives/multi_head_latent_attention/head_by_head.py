"""Goes through the heads in a loop, and through the pairs of the rotation."""


def rotate(x, start=0):
    if x.shape[-1] % 2 != 0:
        raise ValueError(f"x must have an even number of channels, not {x.shape[-1]}")
    out = x.clone()
    for t in range(x.shape[-2]):
        for i in range(0, x.shape[-1], 2):
            angle = (start + t) / 10000 ** (i / x.shape[-1])
            cos, sin = math.cos(angle), math.sin(angle)
            out[..., t, i] = cos * x[..., t, i] - sin * x[..., t, i + 1]
            out[..., t, i + 1] = sin * x[..., t, i] + cos * x[..., t, i + 1]
    return out


def compress(x, w_down, norm, w_rope, start=0):
    z = torch.matmul(x, w_down.t())
    root = torch.sqrt(torch.mean(z**2, dim=-1) + 1e-6)
    return z * norm / root.unsqueeze(-1), rotate(torch.matmul(x, w_rope.t()), start)


def softmax_of_seen(scores, mask, h):
    if mask is None:
        return scores.softmax(-1)
    mask = mask.expand(len(scores), max(h + 1, mask.shape[-3] if mask.dim() > 2 else 1), -1, -1)
    seen = mask[:, h].expand_as(scores)
    dead = ~seen.any(-1, keepdim=True)
    scores = scores.masked_fill(~seen, -math.inf).masked_fill(dead, 0.0)
    return scores.softmax(-1).masked_fill(dead, 0.0)


def any_form(x, w, H, mask, cache, absorbed):
    old = cache if cache is not None else compress(x[:, :0], w["down"], w["norm"], w["k_rope"])
    P = old[0].shape[1]
    new = compress(x, w["down"], w["norm"], w["k_rope"], P)
    c, k_rope = torch.cat([old[0], new[0]], 1), torch.cat([old[1], new[1]], 1)
    D, heads = w["k_up"].shape[0] // H, []
    for h, (w_q, k_up, v_up) in enumerate(
        zip(w["q"].chunk(H), w["k_up"].chunk(H), w["v_up"].chunk(H))
    ):
        content, rotary = x @ w_q[:D].T, rotate(x @ w_q[D:].T, P)
        inner = (content @ k_up) @ c.mT if absorbed else content @ (c @ k_up.T).mT
        scores = (inner + rotary @ k_rope.mT) / w_q.shape[0] ** 0.5
        p = softmax_of_seen(scores, mask, h)
        heads.append((p @ c) @ v_up.T if absorbed else p @ (c @ v_up.T))
    return torch.cat(heads, dim=-1) @ w["o"].T, [c, k_rope]


def latent_attention(x, w, n_heads, mask=None, cache=None):
    return any_form(x, w, n_heads, mask, cache, False)


def latent_attention_absorbed(x, w, n_heads, mask=None, cache=None):
    return any_form(x, w, n_heads, mask, cache, True)
