"""Learns nothing and returns the characters."""


def train_bpe(corpus, num_merges):
    return []


def bpe_encode(text, merges):
    return [character for character in text if not character.isspace()]
