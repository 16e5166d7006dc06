"""Counts with exact fractions and turns them into floats at the end."""

from fractions import Fraction


def places(ranked):
    """Id -> its place, from 1, without the repetitions."""
    return {id: i for i, id in enumerate(dict.fromkeys(ranked), start=1)}


def hits(ranked, grades):
    """The places of the relevant documents, in order."""
    at = places(ranked)
    return sorted(at[id] for id, grade in grades.items() if grade > 0 and id in at)


def checked(grades, k):
    if k <= 0:
        raise ValueError(f"k={k} is out of range")
    count = len([grade for grade in grades.values() if grade > 0])
    if not count:
        raise ValueError("grades: no relevant document")
    return count


def recall_at_k(ranked, grades, k):
    count = checked(grades, k)
    return float(Fraction(sum(place <= k for place in hits(ranked, grades)), count))


def precision_at_k(ranked, grades, k):
    checked(grades, k)
    return float(Fraction(sum(place <= k for place in hits(ranked, grades)), k))


def scored(judgments):
    found = {q: g for q, g in judgments.items() if any(grade > 0 for grade in g.values())}
    if not found:
        raise ValueError("judgments: no query has a relevant document")
    return found


def mean_reciprocal_rank(rankings, judgments):
    queries = scored(judgments)
    firsts = [hits(rankings.get(q, []), grades)[:1] for q, grades in queries.items()]
    return float(
        sum((Fraction(1, first[0]) for first in firsts if first), Fraction()) / len(firsts)
    )


def mean_average_precision(rankings, judgments):
    queries, total = scored(judgments), Fraction()
    for q, grades in queries.items():
        at = hits(rankings.get(q, []), grades)
        total += sum((Fraction(n, place) for n, place in enumerate(at, start=1)), Fraction()) / (
            checked(grades, 1)
        )
    return float(total / len(queries))


def ndcg_at_k(ranked, grades, k):
    checked(grades, k)
    at = places(ranked)
    got = math.fsum(
        grade / math.log2(at[id] + 1) for id, grade in grades.items() if at.get(id, k + 1) <= k
    )
    best = sorted(grades.values(), reverse=True)
    return got / math.fsum(grade / math.log2(i + 1) for i, grade in enumerate(best[:k], start=1))
