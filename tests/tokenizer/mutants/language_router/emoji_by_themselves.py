"""Takes an emoji and what follows it for a script of its own."""


def script_of(char):
    if len(char) != 1:
        raise ValueError(f"char is {char!r}")
    for script, ranges in RANGES.items():
        if any(first <= ord(char) <= last for first, last in ranges):
            return script
    if unicodedata.category(char) in ("Lu", "Ll", "Lt", "Lo", "So"):
        return "Other"
    return "Common"
