"""Lets libraries do the work."""


def count_words(corpus, special_tokens):
    from handtorch.tokenizer.pretokenize import count_words as counted
    from handtorch.tokenizer.vocabulary import _cut_at

    return counted(_cut_at(special_tokens, corpus))


def index_pairs(word_counts):
    from handtorch.tokenizer.bpe import count_pairs

    return count_pairs(word_counts)


def apply_merge(pair, words, counts, pair_counts, where):
    from handtorch.tokenizer import bpe

    for i in where.get(pair, ()):
        words[i] = bpe.bpe_encode("".join(words[i]), [pair])


def build_vocabulary(corpus, size, special_tokens, min_frequency):
    from handtorch.tokenizer import vocabulary

    tokens, merges = vocabulary.build_vocabulary(corpus, size, special_tokens, min_frequency)
    return list(tokens), merges
