"""Strips white space from a span before it is encoded."""


def route(text, encoders):
    if "default" not in encoders:
        raise ValueError(f"encoders has {sorted(encoders)}; it must have 'default' too")
    ids = []
    for script, span in split_by_script(text):
        encode = encoders.get(script, encoders["default"])
        ids += encode(span.strip())
    return ids
