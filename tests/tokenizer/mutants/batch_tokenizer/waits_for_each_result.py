"""Waits for each result before it submits the next text."""


def in_threads(function, items, workers):
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    with ThreadPoolExecutor(workers) as pool:
        return [pool.submit(function, item).result() for item in items]
