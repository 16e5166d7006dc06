"""Takes special tokens out of the text without leaving a gap."""


def count_words(corpus, special_tokens):
    pattern = "|".join(map(re.escape, sorted(special_tokens, key=len, reverse=True)))
    found = Counter()
    for text in corpus:
        found.update((re.sub(pattern, "", text) if pattern else text).split())
    return found
