"""Splits the text at every single space."""


def count_words(corpus, special_tokens):
    pattern = "|".join(map(re.escape, sorted(special_tokens, key=len, reverse=True)))
    found = Counter()
    for text in corpus:
        for stretch in re.split(pattern, text) if pattern else [text]:
            found.update(filter(None, stretch.split(" ")))
    return found
