"""The index is built in one function, and only the nearest one found is the next entry."""


def build_index(vectors, levels, m, ef_construction):
    if not len(vectors):
        return {"entry": None, "links": []}
    graph = [{0: []} for _ in range(levels[0] + 1)]
    entry = 0
    for new in range(1, len(vectors)):
        level, point = levels[new], entry
        for layer in reversed(range(len(graph))):
            width = 1 if layer > level else ef_construction
            found = search_layer(graph[layer], vectors, vectors[new], [point], width)
            point = found[0][1]
            if layer > level:
                continue
            graph[layer][new] = select_neighbors(vectors, found, m)
            limit = m if layer else 2 * m
            for other in graph[layer][new]:
                back = [*graph[layer][other], new]
                if len(back) > limit:
                    far = ((vectors[back] - vectors[other]) ** 2).sum(1)
                    back = select_neighbors(
                        vectors, [(float(f), j) for f, j in zip(far, back)], limit
                    )
                graph[layer][other] = back
        if level >= len(graph):
            entry = new
        while level >= len(graph):
            graph.append({new: []})
    return {"entry": entry, "links": graph}


def search(index, vectors, query, k, ef):
    if k < 1:
        raise ValueError(f"k must be positive, not {k}")
    if ef < 1:
        raise ValueError(f"ef must be positive, not {ef}")
    point, found = index["entry"], []
    for layer in reversed(range(len(index["links"]))):
        width = 1 if layer else max(k, ef)
        found = search_layer(index["links"][layer], vectors, query, [point], width)
        point = found[0][1]
    return [i for _, i in found][:k]
