"""Returns empty values of the right types."""


def byte_alphabet():
    return {}


def presplit(text):
    return []


def encode(text, merges):
    return []


def decode(ids, merges):
    return ""
