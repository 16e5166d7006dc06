"""Calls everything unknown."""


def split_word(word, vocab, max_chars=100):
    return ["[UNK]"]


def wordpiece_encode(text, vocab, max_chars=100):
    return [("[UNK]", 0, len(text))]
