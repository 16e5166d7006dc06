"""Takes only the letters a to z and digits for terms."""


def tokenize(text: str) -> list[str]:
    """The terms of a text: the runs of letters, digits and underscores in `text.lower()`."""
    return re.findall(r"[a-z0-9_]+", text.lower())
