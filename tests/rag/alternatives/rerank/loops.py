"""One head and one pair at a time; padding is cut off instead of masked."""


def pack_pair(query, passage, length, most):
    if most < 1:
        raise ValueError("most must be positive")
    if length - most < 3:
        raise ValueError("length is too small")
    front = [CLS] + list(query)[:most] + [SEP]
    back = list(passage)[: max(0, length - len(front) - 1)] + [SEP]
    return front + back, [0 for _ in front] + [1 for _ in back]


def pad_pairs(pairs):
    T = max(len(pair[0]) for pair in pairs)
    ids = torch.zeros(len(pairs), T, dtype=torch.long)
    segments = torch.zeros_like(ids)
    is_token = torch.zeros(len(pairs), T, dtype=torch.bool)
    for i, (row, kinds) in enumerate(pairs):
        ids[i, : len(row)] = torch.tensor(row)
        segments[i, : len(row)] = torch.tensor(kinds)
        is_token[i, : len(row)] = True
    return ids, segments, is_token


def pair_scores(ids, segments, is_token, weights, heads):
    scores = []
    for row, kinds, real in zip(ids, segments, is_token):
        T = int(real.sum())
        x = weights["word"][row[:T]] + weights["position"][:T] + weights["segment"][kinds[:T]]
        D = x.shape[1] // heads
        parts = []
        for h in range(heads):
            q, k, v = (x @ weights[name][:, h * D : (h + 1) * D] for name in "qkv")
            weight = torch.exp(q @ k.T / D**0.5 - (q @ k.T / D**0.5).max())
            parts.append(weight / weight.sum(1, keepdim=True) @ v)
        x = x + torch.cat(parts, 1) @ weights["o"]
        x = x + torch.clamp(x @ weights["up"], min=0) @ weights["down"]
        scores.append((x[0] * weights["score"]).sum())
    return torch.stack(scores)


def rerank(query, candidates, weights, heads, length, most, top_n, batch):
    if top_n < 1:
        raise ValueError("top_n must be positive")
    if batch < 1:
        raise ValueError("batch must be positive")
    result = []
    for name, _, passage in candidates:
        pair = pad_pairs([pack_pair(query, passage, length, most)])
        result.append((name, pair_scores(*pair, weights, heads).item()))
    result.sort(key=lambda pair: pair[1], reverse=True)
    return result[:top_n]
