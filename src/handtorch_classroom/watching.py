"""Watch a kernel from outside, and end it when all its processes together take too much.

The limits of a process cannot do this: a hundred children may each have as much memory as one, and
a superuser's processes are not counted at all. Linux only: elsewhere nothing is watched.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

PAUSE = 0.2  # seconds between two looks
MOST_NAMES = 10_000  # in the shared folder


class Watch:
    """Watches a process and all that come of it, in a thread, until it ends or `end` is called."""

    def __init__(
        self, pid: int | None, folder: Path, *, processes: int, memory: int, files: int
    ) -> None:
        self.reason = ""
        self._pid, self._folder = pid, folder
        self._processes, self._memory, self._files = processes, memory, files
        self._ended = threading.Event()
        if pid is not None and Path(f"/proc/{pid}/task/{pid}/children").exists():
            threading.Thread(target=self._run, daemon=True).start()

    def end(self) -> None:
        """Stop watching."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(PAUSE):
            found = list(family(self._pid or 0))
            if not found:
                return
            self.reason = self._too_much(found)
            if self.reason:
                _kill(found)
                return

    def _too_much(self, found: list[int]) -> str:
        if len(found) > self._processes + 2:  # bubblewrap has two
            return f"started more than {self._processes} processes"
        if sum(map(_resident, found)) > self._memory < sum(map(_proportional, found)):
            return "asked for more memory than is allowed, in all its processes together"
        if _size(self._folder) > self._files:
            return "wrote more into files than is allowed"
        return ""


def family(pid: int) -> Iterator[int]:
    """The process and its descendants; one that left its parent belongs to the sandbox's first."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    yield pid
    for task in tasks:
        try:
            children = Path(f"/proc/{pid}/task/{task}/children").read_text()
        except OSError:
            continue
        for child in children.split():
            yield from family(int(child))


def _kill(found: list[int]) -> None:
    """End them, the first ones first: with them a sandbox ends as a whole."""
    for pid in found:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def _resident(pid: int) -> int:
    """Bytes of memory, pages shared with others included."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    """Bytes of memory, of shared pages a share."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _size(folder: Path) -> int:
    """Bytes of the files in a folder; very many names count as too many bytes."""
    total = names = 0
    for place, _, files in os.walk(folder):
        for name in files:
            names += 1
            if names > MOST_NAMES:
                return 1 << 62
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
    return total
