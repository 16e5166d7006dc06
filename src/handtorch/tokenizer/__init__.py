"""Tokenizers: from text to integers and back. Read in this order: words, bpe, byte_bpe,
wordpiece, unigram, vocabulary, languages, special_tokens, batching, metrics."""
