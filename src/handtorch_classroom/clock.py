"""How long a cell has run, as it counts against a limit: without the time that others' work took.

What counts is processor time of all processes that a cell has, and time in which none of them
wanted the processor: asleep, or waiting for each other. A process that is ready to run and not let
(state R), or that waits for a disk (state D), is slow by no fault of its own. So a cell gets the
same verdict on a busy machine as on a quiet one.

The system is asked on Linux; elsewhere psutil tells the processor time, and sleep counts nothing.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]

from handtorch_classroom.watching import family

PAUSE = 0.1  # seconds between two looks, about
LINUX = Path("/proc/self/task").is_dir()
TICKS = os.sysconf("SC_CLK_TCK") if LINUX else 100


class Clock:
    """Counts from the moment it is made; `look` brings `used` up to date."""

    def __init__(self, *pids: int | None) -> None:
        """`pids` are the first processes of those that count."""
        self.used = 0.0  # seconds of processor and sleep
        self._pids = [pid for pid in pids if pid is not None]
        self._start = self._last = time.monotonic()
        self._processor = self._look()[0]

    @property
    def wall(self) -> float:
        """Seconds that have passed, whoever used them."""
        return time.monotonic() - self._start

    def look(self) -> float:
        """Count what has been used since the last look; returns all that was used."""
        now = time.monotonic()
        processor, asleep = self._look()
        self.used += max(0.0, processor - self._processor)
        if asleep:  # what passed while nobody looked, the grader being busy, is not known to be so
            self.used += min(now - self._last, 2 * PAUSE)
        self._processor, self._last = processor, now
        return self.used

    def _look(self) -> tuple[float, bool]:
        """The processor time so far, in seconds, and whether all processes are asleep."""
        if not LINUX:
            return sum(map(_times_elsewhere, self._pids)), False
        found = [pid for first in self._pids for pid in family(first)]
        return sum(map(_times, found)), not any(map(_wants_to_run, found))


def _times(pid: int) -> float:
    """Processor seconds of a process and of the children that it has waited for."""
    fields = _fields(f"/proc/{pid}/stat")
    return sum(map(int, fields[11:15])) / TICKS


def _wants_to_run(pid: int) -> bool:
    return any(_fields(f"{task}/stat")[:1] in (["R"], ["D"]) for task in _tasks(pid))


def _tasks(pid: int) -> Iterator[str]:
    with contextlib.suppress(OSError):
        yield from (f"/proc/{pid}/task/{task}" for task in os.listdir(f"/proc/{pid}/task"))


def _fields(path: str) -> list[str]:
    """What stands in a stat file behind the name of the program, which may hold anything."""
    try:
        with open(path, "rb") as file:
            return file.read().rpartition(b")")[2].decode().split()
    except OSError:
        return []


def _times_elsewhere(pid: int) -> float:
    total = 0.0
    with contextlib.suppress(psutil.Error):
        first = psutil.Process(pid)
        for process in (first, *first.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += sum(process.cpu_times()[:2])
    return total
