"""Lets a library do the work."""


def train_bpe(corpus, num_merges):
    from handtorch.tokenizer import bpe
    from handtorch.tokenizer.pretokenize import count_words

    return bpe.train_bpe(count_words(corpus), num_merges)


def bpe_encode(text, merges):
    from handtorch.tokenizer import bpe

    return [token for word in text.split() for token in bpe.bpe_encode(word, merges)]
