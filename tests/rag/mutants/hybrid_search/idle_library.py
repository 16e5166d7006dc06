"""Lets the book's own functions do the work."""


def min_max(scores):
    from handtorch.rag import fusion

    return fusion.min_max(scores).tolist()


def z_score(scores):
    from handtorch.rag import fusion

    return fusion.z_score(scores).tolist()


def weighted_sum(keyword, vector, weight, how):
    from handtorch.rag import fusion

    found = fusion.weighted_sum([keyword, vector], [1 - weight, weight], how)
    return [(id, round(score, 9)) for id, score in found]


def reciprocal_rank_fusion(rankings, k=60):
    from handtorch.rag import fusion

    return [(id, round(score, 9)) for id, score in fusion.reciprocal_rank_fusion(rankings, k)]
