"""Ends a span at common characters even if the same script goes on."""


def split_by_script(text):
    spans = []
    script = span = waiting = ""
    for char in text:
        kind = script_of(char)
        if kind == "Common":
            waiting += char
            continue
        if script and (kind != script or waiting):
            cut = len(waiting)
            while cut and leans_right(waiting[cut - 1]):
                cut -= 1
            spans.append((script, span + waiting[:cut]))
            span, waiting = "", waiting[cut:]
        script, span, waiting = kind, span + waiting + char, ""
    if text:
        spans.append((script or "Common", span + waiting))
    return spans


def leans_right(char):
    return char.isspace() or unicodedata.category(char) in ("Ps", "Pi")
