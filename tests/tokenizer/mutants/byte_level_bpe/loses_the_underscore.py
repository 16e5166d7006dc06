"""Writes [^\\s\\w] for what is neither letter nor digit, so that underscores vanish."""


def presplit(text):
    return re.findall(r"'(?:[sdmt]|ll|ve|re)| ?[^\W\d_]+| ?\d+| ?[^\s\w]+|\s+(?!\S)|\s+", text)
