"""Adds a position for every occurrence of a word."""


def add_chunk(index, doc_id, number, text):
    position = len(index["chunks"])
    index["chunks"].append([doc_id, number, text])
    index["alive"].append(True)
    for word in text.lower().split():
        index["postings"].setdefault(word, []).append(position)
