"""Keeps the special tokens among the words."""


def count_words(corpus, special_tokens):
    pattern = "|".join(map(re.escape, sorted(special_tokens, key=len, reverse=True)))
    found = Counter()
    for text in corpus:
        for stretch in re.split(f"({pattern})", text) if pattern else [text]:
            found.update(stretch.split())
    return found
