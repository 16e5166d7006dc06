"""Returns zeros of the right shapes."""


def pack_pair(query, passage, length, most):
    return [0] * length, [0] * length


def pad_pairs(pairs):
    zeros = torch.zeros(len(pairs), 6, dtype=torch.int64)
    return zeros, zeros, zeros > 0


def pair_scores(ids, segments, is_token, weights, heads):
    return torch.zeros(len(ids), dtype=torch.float64)


def rerank(query, candidates, weights, heads, length, most, top_n, batch):
    return [(name, 0.0) for name, _, _ in candidates]
