"""Calls the tokenizer for each character of a span."""


def route(text, encoders):
    if "default" not in encoders:
        raise ValueError(f"encoders has {sorted(encoders)}; it must have 'default' too")
    ids = []
    for script, span in split_by_script(text):
        encode = encoders.get(script, encoders["default"])
        for char in span:
            ids += encode(char)
    return ids
