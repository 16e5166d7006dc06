"""One loop a function, nothing shared between them."""


def recall_at_k(ranked, grades, k):
    if k < 1:
        raise ValueError("k must be positive")
    total = sum(grade > 0 for grade in grades.values())
    if total == 0:
        raise ValueError("nothing in grades is relevant")
    seen = []
    for id in ranked:
        if len(seen) == k:
            break
        if id not in seen:
            seen.append(id)
    return sum(grades.get(id, 0) > 0 for id in seen) / total


def precision_at_k(ranked, grades, k):
    if k < 1:
        raise ValueError("k must be positive")
    if max(grades.values(), default=0) <= 0:
        raise ValueError("nothing in grades is relevant")
    hits, place, seen = 0, 0, set()
    for id in ranked:
        if id in seen:
            continue
        seen.add(id)
        place += 1
        if place > k:
            break
        if grades.get(id, 0) > 0:
            hits += 1
    return hits / k


def mean_reciprocal_rank(rankings, judgments):
    total, queries = 0.0, 0
    for query in judgments:
        if max(judgments[query].values(), default=0) <= 0:
            continue
        queries += 1
        seen = set()
        for id in rankings.get(query, ()):
            seen.add(id)
            if judgments[query].get(id, 0) > 0:
                total += 1 / len(seen)
                break
    if queries == 0:
        raise ValueError("judgments holds nothing relevant")
    return total / queries


def mean_average_precision(rankings, judgments):
    averages = []
    for query, grades in judgments.items():
        goal = sum(1 for grade in grades.values() if grade > 0)
        if goal == 0:
            continue
        precisions, seen = [], set()
        for id in rankings.get(query, ()):
            if id not in seen:
                seen.add(id)
                if grades.get(id, 0) > 0:
                    precisions.append((len(precisions) + 1) / len(seen))
        averages.append(math.fsum(precisions) / goal)
    if not averages:
        raise ValueError("judgments holds nothing relevant")
    return math.fsum(averages) / len(averages)


def ndcg_at_k(ranked, grades, k):
    if k < 1:
        raise ValueError("k must be positive")
    ideal = 0.0
    for i, grade in enumerate(sorted(grades.values())[::-1][:k]):
        ideal += grade * math.log(2) / math.log(i + 2)
    if ideal <= 0:
        raise ValueError("nothing in grades is relevant")
    gained, place, seen = 0.0, 0, set()
    for id in ranked:
        if id not in seen and place < k:
            seen.add(id)
            place += 1
            gained += grades.get(id, 0) * math.log(2) / math.log(place + 1)
    return gained / ideal
