"""Drops the dead chunks, and leaves the postings as they were."""


def compact(index):
    live = [i for i, alive in enumerate(index["alive"]) if alive]
    return {
        "size": index["size"],
        "hashes": dict(index["hashes"]),
        "chunks": [index["chunks"][i] for i in live],
        "alive": [True] * len(live),
        "postings": index["postings"],
    }
