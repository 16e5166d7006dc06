"""Sends every span to the default."""


def route(text, encoders):
    if "default" not in encoders:
        raise ValueError(f"encoders has {sorted(encoders)}; it must have 'default' too")
    ids = []
    for script, span in split_by_script(text):
        encode = encoders["default"]
        ids += encode(span)
    return ids
