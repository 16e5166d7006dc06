"""Takes only a to z for letters."""


def presplit(text):
    return re.findall(
        r"'(?:[sdmt]|ll|ve|re)| ?[A-Za-z]+| ?\d+| ?[^\sA-Za-z\d]+|\s+(?!\S)|\s+", text
    )
