"""Puts the contractions behind the other cases, where they never fit."""


def presplit(text):
    return re.findall(
        r" ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+|'(?:[sdmt]|ll|ve|re)", text
    )
