"""Run the code cells of an exercise in a process of its own and tell which test cells passed.

The parent writes cells as JSON to the standard input, one result a test cell comes back as a line
of JSON on a pipe of its own: what a cell prints cannot be taken for a result. A cell that was not
reached, because an earlier one ended the process, has no line and so no marks.
"""

import io
import json
import linecache
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cell:
    """A code cell: its name, its source, and the points of a test cell (None for other cells)."""

    name: str
    source: str
    points: int | None = None


@dataclass(frozen=True)
class Result:
    """What came of a test cell."""

    name: str
    points: int
    passed: bool
    message: str


def run_cells(cells: Iterable[Cell], timeout: float = 30.0) -> list[Result]:
    """Run cells in order in a fresh Python process, each for at most `timeout` seconds.

    Returns:
        One result for each test cell, in order; a cell that raises does not stop the next.
    """
    cells = list(cells)
    read, write = os.pipe()
    work = json.dumps(
        {"timeout": timeout, "cells": [[c.name, c.source, c.points is not None] for c in cells]}
    )
    command = [sys.executable, "-m", "handtorch_classroom.trial", str(write)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[write],
        env=environment,
        text=True,
        start_new_session=True,
    ) as process:
        os.close(write)
        try:
            _, errors = process.communicate(work, timeout=timeout * (len(cells) + 1))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            errors = "the process did not end and was killed"
    with os.fdopen(read, encoding="utf-8") as pipe:
        came = dict(map(json.loads, pipe))
    lost = f"was not reached: {errors.strip()[-300:] or 'the process ended before'}"
    return [
        Result(c.name, c.points, came.get(c.name, lost) == "", came.get(c.name, lost))
        for c in cells
        if c.points is not None
    ]


def _work(fd: int) -> None:
    """In the child: run the cells, write ``[name, message]`` for each test cell."""
    order = json.load(sys.stdin)
    pipe = os.fdopen(fd, "w", encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "__main__"}
    signal.signal(signal.SIGALRM, _out_of_time)
    for name, source, is_test in order["cells"]:
        message = _run(name, source, namespace, order["timeout"])
        if is_test:
            pipe.write(json.dumps([name, message]) + "\n")
            pipe.flush()


def _run(name: str, source: str, namespace: dict[str, Any], timeout: float) -> str:
    """Run one cell; returns "" or what went wrong."""
    file = f"<{name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            exec(compile(source, file, "exec"), namespace)
    except AssertionError as error:
        return str(error) or "an assertion failed"
    except BaseException as error:
        return "".join(traceback.format_exception_only(error)).strip() or type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return ""


def _out_of_time(*_: Any) -> None:
    raise TimeoutError("the cell took too long")


if __name__ == "__main__":
    _work(int(sys.argv[1]))
