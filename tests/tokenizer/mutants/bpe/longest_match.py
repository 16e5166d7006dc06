"""Encodes by the longest token of the vocabulary from the left, as WordPiece does."""


def bpe_encode(text, merges):
    vocabulary = {a + b for a, b in merges}
    tokens = []
    for word in text.split():
        i = 0
        while i < len(word):
            end = next((j for j in range(len(word), i + 1, -1) if word[i:j] in vocabulary), i + 1)
            tokens.append(word[i:end])
            i = end
    return tokens
