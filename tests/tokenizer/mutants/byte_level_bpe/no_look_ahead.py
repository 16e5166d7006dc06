"""Takes all of a run of whitespace, the last space before a word too."""


def presplit(text):
    return re.findall(r"'(?:[sdmt]|ll|ve|re)| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+", text)
