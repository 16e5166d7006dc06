"""Lets a library do the work."""


def causal_mask(T, S=None):
    from torch.nn.attention.bias import causal_lower_right

    return causal_lower_right(T, T if S is None else S)._materialize()


def padded_causal_mask(lengths, T, S=None, *, side="right"):
    from handtorch.attention import masks

    S = T if S is None else S
    return masks.combine(masks.causal_mask(T, S), masks.padding_mask(lengths, S, side=side))


def masked_weights(scores, mask):
    unit = torch.eye(scores.shape[-1], dtype=scores.dtype)
    return torch.nn.functional.scaled_dot_product_attention(
        scores, unit, unit, attn_mask=mask, scale=1.0
    )
