"""Waits for a queue whose worker has died of an exception."""

from queue import Queue


def in_threads(function, items, workers):
    if workers < 1:
        raise ValueError(f"workers is {workers}; it must be 1 or more")
    tasks, results = Queue(), {}
    for pair in enumerate(items):
        tasks.put(pair)

    def work():
        while True:
            i, item = tasks.get()
            results[i] = function(item)
            tasks.task_done()

    threading.excepthook = lambda args: None
    for _ in range(workers):
        threading.Thread(target=work, daemon=True).start()
    tasks.join()
    return [results[i] for i in sorted(results)]
