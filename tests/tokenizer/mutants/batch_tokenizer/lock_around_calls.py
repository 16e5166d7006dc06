"""Holds a lock during each call."""


def in_threads(function, items, workers):
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    lock = threading.Lock()

    def locked(item):
        with lock:
            return function(item)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(locked, items))
