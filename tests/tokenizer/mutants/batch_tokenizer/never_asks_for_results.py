"""Collects results as a side effect, so that an exception stays in its future."""


def in_threads(function, items, workers):
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    items = list(items)
    results = [[] for _ in items]

    def work(i):
        results[i] = function(items[i])

    with ThreadPoolExecutor(workers) as pool:
        for i in range(len(items)):
            pool.submit(work, i)
    return results
