"""The walk stops as soon as the next candidate is farther than the nearest result."""


def search_layer(links, vectors, query, entries, ef):
    def far(i):
        return float(((vectors[i] - query) ** 2).sum())

    met = set(entries)
    results = sorted((far(i), i) for i in met)[:ef]
    candidates = list(results)
    while candidates:
        distance, position = heapq.heappop(candidates)
        if distance > results[0][0]:
            break
        for link in links[position]:
            if link not in met:
                met.add(link)
                if len(results) < ef or far(link) < results[-1][0]:
                    heapq.heappush(candidates, (far(link), link))
                    results = sorted([*results, (far(link), link)])[:ef]
    return results
