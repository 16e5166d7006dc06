"""Replaces the special tokens one after the other, the longest first."""


def count_words(corpus, special_tokens):
    found = Counter()
    for text in corpus:
        for token in sorted(special_tokens, key=len, reverse=True):
            text = text.replace(token, " ")
        found.update(text.split())
    return found
