"""Misses the default only when a span needs it."""


def route(text, encoders):
    ids = []
    for script, span in split_by_script(text):
        if script not in encoders and "default" not in encoders:
            raise ValueError(f"encoders has neither {script!r} nor default")
        ids += encoders[script if script in encoders else "default"](span)
    return ids
