"""Lets the book's own metrics do the work."""


def recall_at_k(ranked, grades, k):
    from handtorch.rag import metrics

    return metrics.recall_at_k(ranked, grades, k)


def precision_at_k(ranked, grades, k):
    from handtorch.rag import metrics

    return metrics.precision_at_k(ranked, grades, k)


def mean_reciprocal_rank(rankings, judgments):
    from handtorch.rag import metrics

    judged = [q for q, grades in judgments.items() if any(grades.values())]
    values = [metrics.reciprocal_rank(rankings.get(q, []), judgments[q]) for q in judged]
    return sum(values) / len(values)


def mean_average_precision(rankings, judgments):
    from handtorch.rag import metrics

    judged = [q for q, grades in judgments.items() if any(grades.values())]
    values = [metrics.average_precision(rankings.get(q, []), judgments[q]) for q in judged]
    return sum(values) / len(values)


def ndcg_at_k(ranked, grades, k):
    from handtorch.rag import metrics

    return metrics.ndcg_at_k(ranked, grades, k)
