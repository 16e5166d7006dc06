"""Does not tell the pool how many workers there are."""


def in_threads(function, items, workers):
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    if workers == 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(function, items))
