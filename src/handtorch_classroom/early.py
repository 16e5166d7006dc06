"""What grading waits for longest, begun while the rest of the command is still being imported.

Kernels and judges are forked from a process that has to start in a sandbox and to import what the
exercises use. It is started as the last grading had it, in a thread, which imports nothing: two
threads that import the same libraries may get in each other's way.
"""

import argparse
import contextlib
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from handtorch_classroom import kernels, warm

_begun: list[threading.Thread] = []


def begin(arguments: Sequence[str], root: Path) -> None:
    """Begin for a command line of ``grade``; anything that fails now is met again, and said, by
    the command itself.
    """
    with contextlib.suppress(OSError, ValueError, TypeError, argparse.ArgumentError):
        parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
        for option in ("--exercise", "--scheduler"):
            parser.add_argument(option)
        given, _ = parser.parse_known_args(list(arguments))
        changed, settings = json.loads(_note(root).read_text(encoding="utf-8"))
        if given.scheduler or changed != _changed(root):
            return
        solution = root / "solutions" / f"{given.exercise}.ipynb"
        text = solution.read_text(encoding="utf-8") if given.exercise else ""
        job = _job(settings, warm.libraries_in([text]))
        _begun.append(threading.Thread(target=job, daemon=True))
        _begun[-1].start()


def wait() -> None:
    """Wait until what was begun stands."""
    while _begun:
        _begun.pop().join()


def remember(root: Path, settings: Any) -> None:
    """Note a configuration of kernels for the next command."""
    kept = {name: settings[name] for name in ("sandbox", "warm", "hidden") if name in settings}
    _note(root).write_text(json.dumps([_changed(root), kept]) + "\n", encoding="utf-8")


def _job(settings: dict[str, Any], libraries: list[str]) -> Callable[[], None]:
    def job() -> None:
        with contextlib.suppress(Exception):
            zygote, _ = kernels.forker_of(settings)
            if zygote is not None:
                zygote.prepare(libraries)

    return job


def _note(root: Path) -> Path:
    return root / "grading" / "kernels.json"


def _changed(root: Path) -> int:
    """When the configuration was changed, in nanoseconds."""
    return (root / "nbgrader_config.py").stat().st_mtime_ns
