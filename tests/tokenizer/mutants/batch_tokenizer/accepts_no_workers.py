"""Takes less than one worker for one."""


def in_threads(function, items, workers):
    with ThreadPoolExecutor(max(1, workers)) as pool:
        return list(pool.map(function, items))
