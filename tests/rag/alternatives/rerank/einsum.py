"""Einsum over heads, an additive mask, batches of pairs sorted by length."""


def pad_pairs(pairs):
    rows = [torch.tensor(ids) for ids, _ in pairs]
    kinds = [torch.tensor(segments) for _, segments in pairs]
    real = [torch.ones(len(ids), dtype=torch.bool) for ids, _ in pairs]
    pad = torch.nn.utils.rnn.pad_sequence
    return pad(rows, batch_first=True), pad(kinds, batch_first=True), pad(real, batch_first=True)


def pair_scores(ids, segments, is_token, weights, heads):
    C = weights["word"].shape[1]
    x = weights["word"][ids] + weights["segment"][segments]
    x = x + weights["position"][torch.arange(ids.shape[1])]
    split = {n: weights[n].view(C, heads, C // heads) for n in "qkv"}
    q, k, v = (torch.einsum("btc,chd->bthd", x, split[n]) for n in "qkv")
    s = torch.einsum("bthd,bshd->bhts", q, k) * (C // heads) ** -0.5
    s = s + torch.where(is_token, 0.0, -math.inf).to(s)[:, None, None, :]
    mixed = torch.einsum("bhts,bshd->bthd", torch.softmax(s, -1), v).flatten(2)
    x = x + torch.einsum("btc,ce->bte", mixed, weights["o"])
    x = x + torch.relu(x @ weights["up"]) @ weights["down"]
    return torch.einsum("bc,c->b", x[:, 0], weights["score"])


def rerank(query, candidates, weights, heads, length, most, top_n, batch):
    if min(top_n, batch) < 1:
        raise ValueError(f"top_n is {top_n} and batch is {batch}; both must be 1 or more")
    pairs = [pack_pair(query, passage, length, most) for _, _, passage in candidates]
    order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]))
    scores = {}
    while order:
        now, order = order[:batch], order[batch:]
        found = pair_scores(*pad_pairs([pairs[i] for i in now]), weights, heads)
        scores.update(zip(now, map(float, found)))
    best = sorted(scores, key=lambda i: (-scores[i], i))[:top_n]
    return [(candidates[i][0], scores[i]) for i in best]
