"""Tries special tokens in the order given, not the longest one first."""


def count_words(corpus, special_tokens):
    pattern = "|".join(map(re.escape, special_tokens))
    found = Counter()
    for text in corpus:
        for stretch in re.split(pattern, text) if pattern else [text]:
            found.update(stretch.split())
    return found
