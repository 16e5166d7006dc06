"""Zeroes the weights of padding after the softmax."""


def pair_scores(
    ids: Tensor, segments: Tensor, is_token: Tensor, weights: dict[str, Tensor], heads: int
) -> Tensor:
    """Scores (B,) of pairs (B, T) by one block of attention and one of feed-forward."""
    B, T = ids.shape
    x = weights["word"][ids] + weights["position"][:T] + weights["segment"][segments]  # (B, T, C)
    q, k, v = ((x @ weights[n]).view(B, T, heads, -1).transpose(1, 2) for n in "qkv")
    s = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (B, H, T, T)
    a = s.softmax(-1) * is_token[:, None, None, :]
    x = x + (a @ v).transpose(1, 2).reshape(B, T, -1) @ weights["o"]
    x = x + (x @ weights["up"]).relu() @ weights["down"]
    return x[:, 0] @ weights["score"]
