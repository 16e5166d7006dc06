"""Drops the dead from the postings, and forgets that the others have moved."""


def compact(index):
    live = [i for i, alive in enumerate(index["alive"]) if alive]
    postings = {w: [i for i in places if i in live] for w, places in index["postings"].items()}
    return {
        "size": index["size"],
        "hashes": dict(index["hashes"]),
        "chunks": [index["chunks"][i] for i in live],
        "alive": [True] * len(live),
        "postings": {w: places for w, places in postings.items() if places},
    }
