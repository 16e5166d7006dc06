"""Leaves out the spans whose script has no tokenizer of its own."""


def route(text, encoders):
    if "default" not in encoders:
        raise ValueError(f"encoders has {sorted(encoders)}; it must have 'default' too")
    ids = []
    for script, span in split_by_script(text):
        if script in encoders:
            ids += encoders[script](span)
    return ids
