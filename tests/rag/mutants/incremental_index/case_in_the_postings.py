"""Keeps capital letters in the postings."""


def add_chunk(index, doc_id, number, text):
    position = len(index["chunks"])
    index["chunks"].append([doc_id, number, text])
    index["alive"].append(True)
    for word in dict.fromkeys(text.split()):
        index["postings"].setdefault(word, []).append(position)
