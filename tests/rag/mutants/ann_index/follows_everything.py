"""The walk never stops early: it meets all that can be reached."""


def search_layer(links, vectors, query, entries, ef):
    met, waiting = set(entries), list(entries)
    while waiting:
        for link in links[waiting.pop()]:
            if link not in met:
                met.add(link)
                waiting.append(link)
    return sorted((float(((vectors[i] - query) ** 2).sum()), i) for i in met)[:ef]
