"""Puts an empty result in the place of an exception."""


def in_threads(function, items, workers):
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")

    def careful(item):
        try:
            return function(item)
        except Exception:
            return []

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(careful, items))
