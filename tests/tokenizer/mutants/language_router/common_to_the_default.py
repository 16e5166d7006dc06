"""Sends text without letters to the default although Common has a tokenizer."""


def route(text, encoders):
    if "default" not in encoders:
        raise ValueError(f"encoders has {sorted(encoders)}; it must have 'default' too")
    ids = []
    for script, span in split_by_script(text):
        encode = encoders["default" if script == "Common" or script not in encoders else script]
        ids += encode(span)
    return ids
