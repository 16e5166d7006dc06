"""Lets a library do the work."""

from handtorch.tokenizer import byte_bpe, pretokenize


def byte_alphabet():
    return byte_bpe.bytes_to_unicode()


def presplit(text):
    return pretokenize.split_gpt2(text)


def encode(text, merges):
    return byte_bpe.ByteLevelBPE(merges).encode(text)


def decode(ids, merges):
    return byte_bpe.ByteLevelBPE(merges).decode(ids)
