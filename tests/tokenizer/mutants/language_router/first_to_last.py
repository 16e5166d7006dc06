"""Takes everything between the first and the last range of a script for that script."""


def script_of(char):
    if len(char) != 1:
        raise ValueError(f"char is {char!r}")
    for script, ranges in RANGES.items():
        if ranges[0][0] <= ord(char) <= ranges[-1][1]:
            return script
    return "Other" if unicodedata.category(char) in ("Lu", "Ll", "Lt", "Lo") else "Common"
