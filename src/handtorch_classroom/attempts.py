"""What a learner has tried so far: a file of lines that only grows, one for each graded attempt.

    record(root, [Attempt("tokenizer/bpe", 3, 10, "5f0c…", now())])
    attempts, damaged = history(root)

Grading the same answers again with the same marks is no attempt and adds no line. Lines are
appended under a lock, so two gradings at once lose nothing; a line that cannot be read (a full
disk, a crash, an editor) is left as it is, and those around it count.
"""

import contextlib
import fcntl
import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handtorch_classroom.notebooks import Notebook
from handtorch_classroom.submissions import tidy

FILE = Path("grading") / "attempts.jsonl"


@dataclass(frozen=True)
class Attempt:
    """One graded attempt: `answers` tells different notebooks apart, `time` is ISO 8601 in UTC."""

    exercise: str
    score: float
    max_score: float
    answers: str
    time: str

    @property
    def share(self) -> float:
        """How much of the points it got, from 0 to 1."""
        return self.score / self.max_score if self.max_score else 0.0


def now() -> str:
    """The time as an attempt has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def answers_of(notebook: Notebook) -> str:
    """A short name of what a notebook's cells say; "" if it has none."""
    cells = [[cell.cell_type, tidy(cell.source)] for cell in notebook.cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:16] if cells else ""


def record(root: Path, attempts: Iterable[Attempt]) -> int:
    """Append the attempts that are new; returns how many.

    Raises:
        OSError: if the file cannot be written.
    """
    path = root / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, fcntl.LOCK_EX) as file:
        data = _all_of(file)
        last = {one.exercise: one for one in _parsed(data)[0]}
        new = [one for one in attempts if not _same(one, last.get(one.exercise))]
        text = "".join(json.dumps(asdict(one)) + "\n" for one in new)
        if text and data and not data.endswith(b"\n"):
            text = "\n" + text  # a line that was cut short must not swallow the next
        remaining = text.encode()
        while remaining:
            remaining = remaining[os.write(file, remaining) :]
    return len(new)


def history(root: Path) -> tuple[list[Attempt], int]:
    """All attempts in the order in which they were made, and how many lines cannot be read."""
    try:
        with _locked(root / FILE, os.O_RDONLY, fcntl.LOCK_SH) as file:
            return _parsed(_all_of(file))
    except FileNotFoundError:
        return [], 0


def _same(one: Attempt, other: Attempt | None) -> bool:
    return other is not None and (one.answers, one.score, one.max_score) == (
        other.answers,
        other.score,
        other.max_score,
    )


@contextlib.contextmanager
def _locked(path: Path, flags: int, lock: int) -> Iterator[int]:
    file = os.open(path, flags, 0o644)
    try:
        fcntl.flock(file, lock)  # until the file is closed
        yield file
    finally:
        os.close(file)


def _all_of(file: int) -> bytes:
    parts = list(iter(lambda: os.read(file, 1 << 20), b""))
    return b"".join(parts)


def _parsed(data: bytes) -> tuple[list[Attempt], int]:
    lines = [line for line in data.split(b"\n") if line.strip()]
    attempts = [one for one in map(_attempt, lines) if one is not None]
    return attempts, len(lines) - len(attempts)


def _attempt(line: bytes) -> Attempt | None:
    """A line as an attempt; None if it is none."""
    try:
        raw: Any = json.loads(line)
        found = Attempt(**raw)
        datetime.fromisoformat(found.time).astimezone()
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    numbers = (found.score, found.max_score)
    texts = (found.exercise, found.answers)
    if not all(type(n) in (int, float) and math.isfinite(n) and n >= 0 for n in numbers):
        return None
    return found if all(type(text) is str for text in texts) else None
