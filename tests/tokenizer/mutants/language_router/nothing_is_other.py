"""Calls everything that the table lacks Common."""


def script_of(char):
    if len(char) != 1:
        raise ValueError(f"char is {char!r}")
    for script, ranges in RANGES.items():
        if any(first <= ord(char) <= last for first, last in ranges):
            return script
    return "Common"
