"""Writes every product as einsum, rotates by complex numbers and masks with -inf."""


def rotate(x, start=0):
    Dr = x.shape[-1]
    if Dr % 2 == 1:
        raise ValueError(f"cannot pair {Dr} channels")
    frequency = torch.pow(10000.0, torch.arange(0, Dr, 2).double() / -Dr)
    angle = torch.outer(torch.arange(x.shape[-2]).double() + start, frequency)
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)).contiguous())
    turned = pairs * torch.polar(torch.ones_like(angle), angle)
    return torch.view_as_real(turned).flatten(-2).to(x.dtype)


def compress(x, w_down, norm, w_rope, start=0):
    z = torch.einsum("btc,rc->btr", x, w_down)
    c = z * torch.rsqrt(torch.einsum("btr,btr->bt", z, z)[..., None] / len(norm) + 1e-6)
    return c * norm, rotate(torch.einsum("btc,rc->btr", x, w_rope), start)


def prepare(x, w, H, cache):
    start = cache[0].shape[1] if cache else 0
    new = compress(x, w["down"], w["norm"], w["k_rope"], start)
    kept = tuple(torch.cat(pair, dim=1) for pair in zip(cache, new)) if cache else new
    q = torch.einsum("btc,hdc->bhtd", x, w["q"].reshape(H, -1, x.shape[-1]))
    content, rotary = q.split([q.shape[-1] - len(w["k_rope"]), len(w["k_rope"])], dim=-1)
    return content, rotate(rotary, start), kept


def attend(scores, mask):
    if mask is not None:
        scores = scores.where(mask, scores.new_tensor(float("-inf")))
    return torch.softmax(scores, dim=-1).nan_to_num(nan=0.0)


def latent_attention(x, w, n_heads, mask=None, cache=None):
    content, rotary, (c, k_rope) = prepare(x, w, n_heads, cache)
    k_up, v_up = (w[name].reshape(n_heads, -1, c.shape[-1]) for name in ("k_up", "v_up"))
    k = torch.einsum("bsr,hdr->bhsd", c, k_up)
    v = torch.einsum("bsr,hdr->bhsd", c, v_up)
    k = torch.cat((k, k_rope[:, None].expand(-1, n_heads, -1, -1)), dim=-1)
    q = torch.cat((content, rotary), dim=-1) * k.shape[-1] ** -0.5
    heads = torch.einsum("bhts,bhsd->bthd", attend(torch.einsum("bhtd,bhsd->bhts", q, k), mask), v)
    return torch.einsum("bthd,chd->btc", heads, w["o"].reshape(-1, *heads.shape[2:])), (c, k_rope)


def latent_attention_absorbed(x, w, n_heads, mask=None, cache=None):
    content, rotary, (c, k_rope) = prepare(x, w, n_heads, cache)
    scale = (content.shape[-1] + rotary.shape[-1]) ** -0.5
    k_up, v_up = (w[name].reshape(n_heads, -1, c.shape[-1]) for name in ("k_up", "v_up"))
    query = torch.einsum("bhtd,hdr->bhtr", content, k_up)
    scores = torch.einsum("bhtr,bsr->bhts", query, c)
    scores = scores + torch.einsum("bhtr,bsr->bhts", rotary, k_rope)
    mean = torch.einsum("bhts,bsr->bhtr", attend(scores * scale, mask), c)
    # The output matrix takes v_up over as well: one matrix (C, R) for each head.
    v_o = torch.einsum("chd,hdr->hcr", w["o"].reshape(len(w["o"]), n_heads, -1), v_up)
    return torch.einsum("bhtr,hcr->btc", mean, v_o), (c, k_rope)
