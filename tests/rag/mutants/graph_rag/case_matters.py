"""Compares words with their capital letters."""


def split(text):
    return tuple(re.findall(r"\w+", text))
