"""Does nothing and returns nothing."""


def count_words(corpus, special_tokens):
    return {}


def index_pairs(word_counts):
    return [], [], {}, {}


def apply_merge(pair, words, counts, pair_counts, where):
    pass


def build_vocabulary(corpus, size, special_tokens, min_frequency):
    return [], []
