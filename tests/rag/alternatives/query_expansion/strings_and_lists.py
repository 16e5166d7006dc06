"""Cuts filler with pop, finds runs with groupby, keeps weights in lists of pairs."""

from itertools import groupby


def _cut(asked):
    left = list(asked)
    while left and left[-1] in FILLER:
        left.pop()
    left.reverse()
    while left and left[-1] in FILLER:
        left.pop()
    left.reverse()
    return left or list(asked)


def rewrite(query, history):
    topic = None
    for earlier in map(_cut, map(words, history)):
        if any(word in PRONOUNS for word in earlier):
            continue
        runs = [list(group) for stop, group in groupby(earlier, STOP.__contains__) if not stop]
        if runs:
            topic = " ".join(sorted(runs, key=len)[-1])
    return " ".join(topic if topic and w in PRONOUNS else w for w in _cut(words(query)))


def relevance_model(passages):
    for _, score in passages:
        if score <= 0 or score != score:
            raise ValueError(f"score is {score}")
    sums = []
    for text, score in passages:
        kept = [word for word in words(text) if word not in STOP]
        sums += [(word, score / len(kept)) for word in kept]
    model = Counter()
    for word, part in sums:
        model[word] += part
    total = sum(score for _, score in passages)
    return {word: part / total for word, part in model.items()}


def expand(query, synonyms, passages, terms=10, synonym_weight=0.5, feedback_weight=0.25):
    for name, weight in [("synonym_weight", synonym_weight), ("feedback_weight", feedback_weight)]:
        if weight < 0 or weight >= 1:
            raise ValueError(name)
    result = dict(Counter(words(query)))
    own = frozenset(result)
    model = relevance_model(passages)
    ranked = sorted(model, key=lambda word: (-model[word], word))
    ranked = [word for word in ranked if word not in own][:terms]
    pairs = [(word, feedback_weight * model[word] / model[ranked[0]]) for word in ranked]
    pairs += [(other, synonym_weight) for word in own for other in synonyms.get(word, ())]
    for word, weight in pairs:
        if word not in own and weight > result.get(word, 0):
            result[word] = weight
    return {word: float(weight) for word, weight in result.items()}
