"""Returns what it was given."""


def train_bpe(corpus, num_merges):
    return corpus


def bpe_encode(text, merges):
    return text
