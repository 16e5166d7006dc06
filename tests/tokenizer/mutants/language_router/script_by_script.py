"""Encodes all spans of one script, then those of the next."""


def route(text, encoders):
    if "default" not in encoders:
        raise ValueError("encoders lacks default")
    spans = split_by_script(text)
    ids = []
    for wanted in dict.fromkeys(script for script, _ in spans):
        for script, span in spans:
            if script == wanted:
                ids += encoders.get(script, encoders["default"])(span)
    return ids
