"""Takes \\w for letters, so that underscores and digits join words."""


def presplit(text):
    return re.findall(r"'(?:[sdmt]|ll|ve|re)| ?\w+| ?\d+| ?[^\s\w]+|\s+(?!\S)|\s+", text)
