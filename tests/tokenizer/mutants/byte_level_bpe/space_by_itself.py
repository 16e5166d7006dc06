"""Cuts the space off as a piece of its own."""


def presplit(text):
    return re.findall(r"'(?:[sdmt]|ll|ve|re)|[^\W\d_]+|\d+|(?:[^\s\w]|_)+|\s", text)
