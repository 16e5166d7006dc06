"""Returns results in the order in which they are ready."""

from concurrent.futures import as_completed


def in_threads(function, items, workers):
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(function, item) for item in items]
        return [future.result() for future in as_completed(futures)]
