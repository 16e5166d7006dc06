"""Keeps words whose last chunk is gone."""


def compact(index):
    live = [i for i, alive in enumerate(index["alive"]) if alive]
    moved = {old: new for new, old in enumerate(live)}
    return {
        "size": index["size"],
        "hashes": dict(index["hashes"]),
        "chunks": [index["chunks"][i] for i in live],
        "alive": [True] * len(live),
        "postings": {
            w: [moved[i] for i in places if i in moved] for w, places in index["postings"].items()
        },
    }
