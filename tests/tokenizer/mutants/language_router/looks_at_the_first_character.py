"""Accepts a longer string and looks at its first character."""


def script_of(char):
    char = char[:1] or " "
    for script, ranges in RANGES.items():
        if any(first <= ord(char) <= last for first, last in ranges):
            return script
    return "Other" if unicodedata.category(char) in ("Lu", "Ll", "Lt", "Lo") else "Common"
