"""Writes a script beside every character, from the right and from the left, and cuts afterwards."""

import re


def script_of(char):
    if not re.fullmatch(r"(?s).", char):
        raise ValueError(f"char: one character is needed, {char!r} has {len(char)}")
    for name in RANGES:
        if [pair for pair in RANGES[name] if ord(char) in range(pair[0], pair[1] + 1)]:
            return name
    return "Other" if unicodedata.category(char) in {"Lu", "Ll", "Lt", "Lo"} else "Common"


def split_by_script(text):
    scripts = [script_of(char) for char in text]
    if set(scripts) == {"Common"}:
        return [("Common", text)]
    following = None
    for i in reversed(range(len(text))):  # what leans to the right looks at the letter behind it
        leans = text[i].isspace() or unicodedata.category(text[i]) in ("Ps", "Pi")
        if scripts[i] != "Common":
            following = scripts[i]
        elif leans and following:
            scripts[i] = following
        else:
            following = None
    before = next((script for script in scripts if script != "Common"), None)
    first = next((i for i, char in enumerate(text) if script_of(char) != "Common"), 0)
    for i in range(len(text)):
        if i < first or scripts[i] == "Common":
            scripts[i] = before
        before = scripts[i]
    starts = [i for i in range(len(text)) if i == 0 or scripts[i] != scripts[i - 1]]
    return [(scripts[a], text[a:b]) for a, b in zip(starts, starts[1:] + [len(text)])]


def route(text, encoders):
    if encoders.get("default") is None:
        raise ValueError("there is no default")

    def encoded(spans):
        if not spans:
            return []
        (script, span), *rest = spans
        name = script if script in encoders else "default"
        return list(encoders[name](span)) + encoded(rest)

    return encoded(split_by_script(text))
