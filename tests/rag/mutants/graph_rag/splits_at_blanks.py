"""Cuts words at blanks only, so that punctuation sticks to them."""


def split(text):
    return tuple(text.lower().split())
