"""Counts the words of the triple, without the bars."""


def graph_rag(query, triples, hops, budget):
    if budget < 0:
        raise ValueError(f"budget is {budget}")
    entities = list(dict.fromkeys(end for s, _, o in triples for end in (s, o)))
    distance = k_hop(triples, link_entities(query, entities), hops)
    lines = []
    for i in rank_triples(triples, distance, query):
        line = " | ".join(triples[i])
        if line not in lines and len(split(line)) <= budget:
            budget -= len(split(line))
            lines.append(line)
    return "\n".join(lines)
