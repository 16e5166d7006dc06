"""Run the code cells of an exercise in a process of its own and tell which test cells passed.

The process is forked from one that has imported torch and numpy, where the system can fork: that
takes a hundredth of the time of importing them again, and a chapter has hundreds of wrong answers
to try. One result a test cell comes back through a pipe: what a cell prints cannot be taken for a
result. A cell that was not reached, because an earlier one ended the process, has none and so no
marks.

These are our own answers, tried to prove an exercise. What a learner hands in runs elsewhere: see
`execution` and `apart`.
"""

import io
import linecache
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

# torch._dynamo is what `largest_tensor` brings along: 900 modules.
PRELOADED = ["numpy", "torch", "torch._dynamo", "handtorch_classroom.checks"]


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
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    order = [(cell.name, cell.source, cell.points is not None) for cell in cells]
    with tempfile.TemporaryDirectory() as folder:
        errors = Path(folder) / "stderr"
        errors.touch()
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(theirs, order, timeout, str(errors)))
        process.start()
        theirs.close()
        came = _results(ours, process, timeout * (len(cells) + 1))
        last_words = errors.read_text(encoding="utf-8", errors="replace").strip()[-300:]
    lost = f"was not reached: {last_words or 'the process ended before'}"
    return [
        Result(c.name, c.points, came.get(c.name, lost) == "", came.get(c.name, lost))
        for c in cells
        if c.points is not None
    ]


def _results(pipe: Connection, process: BaseProcess, timeout: float) -> dict[str, str]:
    """What the process sends until it ends; it is ended if it takes too long."""
    came: dict[str, str] = {}
    with pipe, suppress(EOFError, OSError):
        while pipe.poll(timeout):
            name, message = pipe.recv()
            came[name] = message
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid or 0, signal.SIGKILL)  # with whatever it has started
    process.kill()
    process.join()
    process.close()
    return came


def _work(pipe: Connection, order: list[tuple[str, str, bool]], timeout: float, log: str) -> None:
    """In the child: run the cells, send (name, message) for each test cell."""
    os.setsid()
    for target, path in ((0, os.devnull), (1, os.devnull), (2, log)):
        os.dup2(os.open(path, os.O_RDWR), target)
    os.environ.update(OMP_NUM_THREADS="1", MPLBACKEND="agg")
    _reseed()
    namespace: dict[str, Any] = {"__name__": "__main__"}
    signal.signal(signal.SIGALRM, _out_of_time)
    for name, source, is_test in order:
        message = _run(name, source, namespace, timeout)
        if is_test:
            pipe.send((name, message))


def _reseed() -> None:
    """Give the process chance of its own, and one thread: it was copied with its parent's."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].seed()
        sys.modules["torch"].set_num_threads(1)


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
