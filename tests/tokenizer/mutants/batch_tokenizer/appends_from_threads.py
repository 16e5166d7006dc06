"""Lets every thread append to one list, in whatever order they end."""


def in_threads(function, items, workers):
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    results = []
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda item: results.append(function(item)), items))
    return results
