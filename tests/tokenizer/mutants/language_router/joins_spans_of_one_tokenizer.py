"""Joins neighbors that go to the same tokenizer and encodes them in one call."""


def route(text, encoders):
    if "default" not in encoders:
        raise ValueError("encoders lacks default")
    ids, pending, last = [], "", None
    for script, span in split_by_script(text):
        encode = encoders.get(script, encoders["default"])
        if last is not None and encode is not last:
            ids += last(pending)
            pending = ""
        pending, last = pending + span, encode
    return ids + (last(pending) if last is not None else [])
