"""Stores the chunks in lower case."""


def add_chunk(index, doc_id, number, text):
    position = len(index["chunks"])
    index["chunks"].append([doc_id, number, text.lower()])
    index["alive"].append(True)
    for word in dict.fromkeys(text.lower().split()):
        index["postings"].setdefault(word, []).append(position)
