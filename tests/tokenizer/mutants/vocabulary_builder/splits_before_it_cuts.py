"""Splits the text into words first and then drops the words that are special tokens."""


def count_words(corpus, special_tokens):
    words = [word for text in corpus for word in text.split()]
    return Counter(word for word in words if word not in special_tokens)
