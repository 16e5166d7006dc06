"""Gives each worker len // workers texts and forgets the remainder."""


def in_threads(function, items, workers):
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    size = len(items) // workers
    chunks = [items[i * size : (i + 1) * size] for i in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        return [r for part in pool.map(lambda c: [function(x) for x in c], chunks) for r in part]
