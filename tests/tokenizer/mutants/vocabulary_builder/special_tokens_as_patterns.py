"""Takes special tokens for regular expressions."""


def count_words(corpus, special_tokens):
    pattern = "|".join(sorted(special_tokens, key=len, reverse=True))
    found = Counter()
    for text in corpus:
        for stretch in re.split(pattern, text) if pattern else [text]:
            found.update(stretch.split())
    return found
