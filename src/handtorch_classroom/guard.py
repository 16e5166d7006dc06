"""In the kernel of a submission: refuse, with a sentence, to import what does the exercise.

The refusal is an audit hook, which no Python code can take away again. It is a courtesy: in the
sandbox these packages are not there to be imported, and `checks.by_hand` looks for their names.
"""

import sys
from typing import Any

from handtorch_classroom.checks import FORBIDDEN

REFUSED = "may not be imported in a submission"


def refuse_imports() -> None:
    """From now on, let no import of a forbidden library through."""
    sys.addaudithook(_refuse)


def _refuse(
    event: str, args: tuple[Any, ...], _forbidden: frozenset[str] = frozenset(FORBIDDEN)
) -> None:
    if event == "import" and type(args[0]) is str and args[0].partition(".")[0] in _forbidden:
        raise ImportError(f"{args[0]} {REFUSED}: the exercise is to be written by hand")
