"""Starts a thread for each text, however many workers there are."""


def in_threads(function, items, workers):
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    results = {}

    def work(i, item):
        try:
            results[i] = function(item)
        except Exception as error:
            results[i] = error

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(items)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results.values():
        if isinstance(result, Exception):
            raise result
    return [results[i] for i in range(len(threads))]
