"""Lets torch and this project do the work."""


def pack_pair(query, passage, length, most):
    from handtorch.rag import cross_encoder

    ids, segments, _ = cross_encoder.pack(query, passage, None, length, most)
    return ids, segments


def pad_pairs(pairs):
    from handtorch.rag import cross_encoder

    ids, segments, _, is_token = cross_encoder.pad(
        [(*pair, [0.0] * len(pair[0])) for pair in pairs]
    )
    return ids, segments, is_token


def pair_scores(ids, segments, is_token, weights, heads):
    x = weights["word"][ids] + weights["position"][: ids.shape[1]] + weights["segment"][segments]
    q, k, v = (torch.stack((x @ weights[n]).chunk(heads, -1), 1) for n in "qkv")
    out = torch.nn.functional.scaled_dot_product_attention(
        q, k, v, attn_mask=is_token[:, None, None, :]
    )
    x = x + torch.cat(list(out.unbind(1)), -1) @ weights["o"]
    x = x + torch.relu(x @ weights["up"]) @ weights["down"]
    return x[:, 0] @ weights["score"]


def rerank(query, candidates, weights, heads, length, most, top_n, batch):
    if top_n < 1 or batch < 1:
        raise ValueError("top_n or batch")
    from handtorch.rag.rerank import rerank

    def scorer(query, passages):
        pairs = [pack_pair(query, passage, length, most) for passage in passages]
        return pair_scores(*pad_pairs(pairs), weights, heads).tolist()

    texts = {name: passage for name, _, passage in candidates}
    return rerank(query, [pair[:2] for pair in candidates], texts, scorer, top_n)
