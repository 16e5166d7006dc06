"""Cuts before the first white space or opening mark, not before the tail of them."""


def split_by_script(text):
    spans = []
    script = span = waiting = ""
    for char in text:
        kind = script_of(char)
        if kind == "Common":
            waiting += char
            continue
        if script and kind != script:
            cut = next((i for i, c in enumerate(waiting) if leans_right(c)), len(waiting))
            spans.append((script, span + waiting[:cut]))
            span, waiting = "", waiting[cut:]
        script, span, waiting = kind, span + waiting + char, ""
    if text:
        spans.append((script or "Common", span + waiting))
    return spans


def leans_right(char):
    return char.isspace() or unicodedata.category(char) in ("Ps", "Pi")
