"""Does not make the text lower case."""


def tokenize(text: str) -> list[str]:
    """The terms of a text: the runs of letters, digits and underscores in `text.lower()`."""
    return re.findall(r"\w+", text)
