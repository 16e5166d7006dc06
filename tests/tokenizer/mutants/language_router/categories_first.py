"""Calls a character that is no letter Common before it looks into the table."""


def script_of(char):
    if len(char) != 1:
        raise ValueError(f"char is {char!r}")
    if unicodedata.category(char)[0] != "L":
        return "Common"
    for script, ranges in RANGES.items():
        if any(first <= ord(char) <= last for first, last in ranges):
            return script
    return "Other" if unicodedata.category(char) in ("Lu", "Ll", "Lt", "Lo") else "Common"
