"""A queue of single entities, a heap of exact fractions, and one pass over a regular expression."""

import heapq
from collections import deque
from fractions import Fraction


def link_entities(query, entities):
    by_words = {}
    for entity in entities:
        words = " ".join(re.findall(r"\w+", entity.lower()))
        if words:
            by_words.setdefault(words, entity)
    if not by_words:
        return []
    longest_first = sorted(by_words, key=lambda words: -words.count(" "))
    pattern = re.compile(rf"(?<=\s)(?:{'|'.join(map(re.escape, longest_first))})(?=\s)")
    text = " " + " ".join(re.findall(r"\w+", query.lower())) + " "
    found = []
    for match in pattern.finditer(text):
        entity = by_words[match[0]]
        if entity not in found:
            found.append(entity)
    return found


def k_hop(triples, seeds, hops):
    if hops < 0:
        raise ValueError(f"hops={hops} is negative")
    neighbors = {}
    for s, _, o in triples:
        neighbors.setdefault(s, set()).add(o)
        neighbors.setdefault(o, set()).add(s)
    distance = {seed: 0 for seed in seeds if seed in neighbors}
    queue = deque(distance)
    while queue:
        here = queue.popleft()
        if distance[here] < hops:
            for there in neighbors[here] - distance.keys():
                distance[there] = distance[here] + 1
                queue.append(there)
    return distance


def rank_triples(triples, distance, query):
    asked = set(re.findall(r"\w+", query.lower()))
    heap = []
    for position, (s, r, o) in enumerate(triples):
        if s in distance and o in distance:
            held = asked & set(re.findall(r"\w+", f"{s} {r} {o}".lower()))
            score = Fraction(1 + len(held), 1 + min(distance[s], distance[o]))
            heapq.heappush(heap, (-score, position))
    return [heapq.heappop(heap)[1] for _ in range(len(heap))]


def graph_rag(query, triples, hops, budget):
    if budget < 0:
        raise ValueError("budget is negative")
    entities = []
    for s, _, o in triples:
        entities += [end for end in (s, o) if end not in entities]
    reached = k_hop(triples, link_entities(query, list(dict.fromkeys(entities))), hops)
    context, left = [], budget
    for position in rank_triples(triples, reached, query):
        s, r, o = triples[position]
        line = f"{s} | {r} | {o}"
        cost = len(line.split())
        if line in context or cost > left:
            continue
        context.append(line)
        left -= cost
    return "\n".join(context)
