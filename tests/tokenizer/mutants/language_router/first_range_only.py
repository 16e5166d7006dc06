"""Looks only at the first range of each script."""


def script_of(char):
    if len(char) != 1:
        raise ValueError(f"char is {char!r}")
    for script, ranges in RANGES.items():
        if any(first <= ord(char) <= last for first, last in ranges[:1]):
            return script
    return "Other" if unicodedata.category(char) in ("Lu", "Ll", "Lt", "Lo") else "Common"
