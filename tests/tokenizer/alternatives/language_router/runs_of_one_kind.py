"""Groups the text into runs of one kind first, and looks scripts up by bisection."""

from bisect import bisect_right
from itertools import chain, groupby

ROWS = sorted((first, last, name) for name, ranges in RANGES.items() for first, last in ranges)
STARTS = [row[0] for row in ROWS]


def script_of(char):
    if len(char) > 1 or not char:
        raise ValueError(f"char must be one character, not {char!r}")
    code = ord(char)
    row = bisect_right(STARTS, code) - 1
    if row >= 0 and code <= ROWS[row][1]:
        return ROWS[row][2]
    category = unicodedata.category(char)
    return "Other" if category[0] == "L" and category != "Lm" else "Common"


def split_by_script(text):
    runs = [(kind, "".join(chars)) for kind, chars in groupby(text, script_of)]
    if len(runs) == 1:
        return runs
    spans = []
    for place, (kind, run) in enumerate(runs):
        if kind != "Common":
            spans.append([kind, run])
        elif place == 0:
            runs[1] = (runs[1][0], run + runs[1][1])
        elif place == len(runs) - 1 or spans[-1][0] == runs[place + 1][0]:
            spans[-1][1] += run
        else:
            tail = len(run)
            while tail > 0 and (
                run[tail - 1].isspace() or unicodedata.category(run[tail - 1]) in {"Ps", "Pi"}
            ):
                tail -= 1
            spans[-1][1] += run[:tail]
            runs[place + 1] = (runs[place + 1][0], run[tail:] + runs[place + 1][1])
    joined = []
    for kind, span in spans:
        if joined and joined[-1][0] == kind:
            joined[-1] = (kind, joined[-1][1] + span)
        else:
            joined.append((kind, span))
    return joined


def route(text, encoders):
    try:
        default = encoders["default"]
    except KeyError:
        raise ValueError("encoders must hold a default") from None
    parts = [encoders.get(script, default)(span) for script, span in split_by_script(text)]
    return list(chain.from_iterable(parts))
