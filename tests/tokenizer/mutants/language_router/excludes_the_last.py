"""Takes the last code point of a range for the first one behind it."""


def script_of(char):
    if len(char) != 1:
        raise ValueError(f"char is {char!r}")
    for script, ranges in RANGES.items():
        if any(first <= ord(char) < last for first, last in ranges):
            return script
    return "Other" if unicodedata.category(char) in ("Lu", "Ll", "Lt", "Lo") else "Common"
