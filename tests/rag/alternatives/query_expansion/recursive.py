"""Walks the conversation recursively and merges dictionaries with the union operator."""


def _cut(asked):
    if all(word in FILLER for word in asked):
        return asked
    if asked[0] in FILLER:
        return _cut(asked[1:])
    return _cut(asked[:-1]) if asked[-1] in FILLER else asked


def _topic(history):
    if not history:
        return ""
    asked = _cut(words(history[-1]))
    if PRONOUNS.isdisjoint(asked):
        marked = " ".join("|" if word in STOP else word for word in asked)
        runs = [run.split() for run in marked.split("|")]
        best = max(reversed(runs), key=len)
        if best:
            return " ".join(best)
    return _topic(history[:-1])


def rewrite(query, history):
    topic = _topic(list(history))
    return " ".join((topic or w) if w in PRONOUNS else w for w in _cut(words(query)))


def relevance_model(passages):
    if not all(score > 0 for _, score in passages):
        raise ValueError("score")
    texts = [[w for w in words(text) if w not in STOP] for text, _ in passages]
    scores = [score for _, score in passages]
    return {
        word: sum(
            score * text.count(word) / len(text) for text, score in zip(texts, scores) if text
        )
        / sum(scores)
        for word in {word for text in texts for word in text}
    }


def expand(query, synonyms, passages, terms=10, synonym_weight=0.5, feedback_weight=0.25):
    if not 0 <= synonym_weight < 1:
        raise ValueError("synonym_weight")
    if not 0 <= feedback_weight < 1:
        raise ValueError("feedback_weight")
    asked = words(query)
    own = {word: float(asked.count(word)) for word in asked}
    found = {w: p for w, p in relevance_model(passages).items() if w not in own}
    best = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:terms]
    feedback = {word: feedback_weight * p / best[0][1] for word, p in best}
    same = {s: synonym_weight for word in own for s in synonyms.get(word, [])}
    both = {w: max(feedback.get(w, 0), same.get(w, 0)) for w in feedback | same}
    return {w: weight for w, weight in both.items() if weight} | own
