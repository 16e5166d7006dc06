"""Calls torch's attention with a mask, and this project's module for the rest."""


def band_scores(q, k, left, right, dilation=1):
    from handtorch.efficient_attention import sliding_window

    return sliding_window.band_scores(q, k, left=left, right=right, dilation=dilation)


def band_times_values(p, v, left, dilation=1):
    from handtorch.efficient_attention import sliding_window

    return sliding_window.band_times_values(p, v, left=left, dilation=dilation)


def sliding_window_attention(q, k, v, *, left, right, dilation=1, global_tokens=(), scale=None):
    ahead = torch.arange(q.shape[-2]) - torch.arange(q.shape[-2])[:, None]
    mask = (ahead >= -left * dilation) & (ahead <= right * dilation) & (ahead % dilation == 0)
    mask[:, list(global_tokens)] = True
    mask[list(global_tokens)] = True
    mask = mask.tril() if right == 0 else mask
    attend = torch.nn.functional.scaled_dot_product_attention
    return attend(q, k, v, attn_mask=mask, scale=scale)
