"""Takes the default out of the dict that it was given."""


def route(text, encoders):
    if "default" not in encoders:
        raise ValueError(f"encoders has {sorted(encoders)}; it must have 'default' too")
    default = encoders.pop("default")
    ids = []
    for script, span in split_by_script(text):
        encode = encoders.get(script, default)
        ids += encode(span)
    return ids
