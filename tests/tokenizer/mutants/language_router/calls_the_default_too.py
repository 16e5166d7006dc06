"""Calls the default for every span, needed or not."""


def route(text, encoders):
    if "default" not in encoders:
        raise ValueError(f"encoders has {sorted(encoders)}; it must have 'default' too")
    ids = []
    for script, span in split_by_script(text):
        encode = encoders.get(script)
        fallback = encoders["default"](span)
        ids += encode(span) if encode else fallback
    return ids
