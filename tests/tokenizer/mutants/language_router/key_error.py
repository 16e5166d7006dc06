"""Lets a missing default end in a KeyError."""


def route(text, encoders):
    ids = []
    for script, span in split_by_script(text):
        encode = encoders.get(script, encoders["default"])
        ids += encode(span)
    return ids
