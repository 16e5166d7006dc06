"""Cuts at white space only."""


def tokenize(text: str) -> list[str]:
    """The terms of a text: the runs of letters, digits and underscores in `text.lower()`."""
    return text.lower().split()
