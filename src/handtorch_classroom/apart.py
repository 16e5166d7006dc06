"""The judge's process, as the grader sees it, and what of an exercise the judge is told.

`surroundings_of` reads an exercise from its solution; `JudgeProcess` starts the judge when the
first test is due, keeps it through all kernels of one submission, and takes its verdicts.
"""

import ast
import asyncio
import contextlib
import functools
import json
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.utils import is_grade, is_solution

from handtorch_classroom import notebooks
from handtorch_classroom.notebooks import Notebook, NotebookError
from handtorch_classroom.sandbox import Sandbox

LINE_LIMIT = 100_000_000  # bytes of a line that the judge writes
START_SECONDS = 60
STOP_SECONDS = 10


@dataclass(frozen=True)
class Surroundings:
    """What the judge needs of an exercise: its given cells in order, and the names it asks for.

    `given` holds pairs: the source of a cell, and the names of the test cells that come after it.
    """

    given: tuple[tuple[str, frozenset[str]], ...]
    answers: tuple[str, ...]


def surroundings_of(path: Path) -> Surroundings | None:
    """What the solution at `path` says; None if its tests are to run in the learner's process.

    An exercise whose tests cannot be judged apart says ``handtorch: {judge: inside}`` in its
    metadata.

    Raises:
        NotebookError: if there is no such solution.
    """
    if not path.is_file():
        raise NotebookError(f"{path}: there is no solution to take the tests' surroundings from")
    return _surroundings_of(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _surroundings_of(path: Path, _: int) -> Surroundings | None:
    notebook = notebooks.read(path)
    if notebook.metadata.get("handtorch", {}).get("judge") == "inside":
        return None
    given, answers = [], list[str]()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for place, cell in enumerate(cells):
        if is_solution(cell):
            answers += _defined(cell.source)
        elif not is_grade(cell):
            after = frozenset(_grade_id(later) for later in cells[place:] if is_grade(later))
            given.append((cell.source, after))
    return Surroundings(tuple(given), tuple(dict.fromkeys(answers)))


def _grade_id(cell: Notebook) -> str:
    return str(cell.metadata.nbgrader.grade_id)


def _defined(source: str) -> list[str]:
    """The names that a cell defines: functions, classes, values."""
    names: list[str] = []
    for statement in ast.parse(source).body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(statement.name)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            names += [
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            ]
    return names


class JudgeProcess:
    """Judges the tests of one submission."""

    def __init__(
        self, tests: Surroundings, written: list[str], sandbox: Sandbox | None, memory: int
    ):
        """`written` are the sources of the submission's own cells."""
        self.tests = tests
        self.folder = Path(tempfile.mkdtemp(prefix="judge-"))  # only its owner may enter
        self.address = self.folder / "judge"
        self._written, self._sandbox, self._memory = written, sandbox, memory
        self._process: Process | None = None
        self._number = 0
        self._given = 0  # cells of the exercise that it has run

    @property
    def pid(self) -> int | None:
        """The first of its processes, if it runs."""
        return None if self._process is None else self._process.pid

    async def begin(self, name: str, source: str) -> bool:
        """Let the judge get ready for a test cell; whether it is."""
        if self._process is None:
            await self._start()
        while self._given < len(self.tests.given) and name in self.tests.given[self._given][1]:
            self._order("given", source=self.tests.given[self._given][0])
            self._given += 1
        self._number += 1
        answers = list(self.tests.answers)
        self._order(
            "test", number=self._number, source=source, answers=answers, written=self._written
        )
        said = await self._line(START_SECONDS)
        return said is not None and said.get("ready") == self._number

    async def verdict(self) -> dict[str, Any] | None:
        """The verdict on the test that was begun, once the submission's process has left it; None
        if there is none.
        """
        self._order("stop", number=self._number)  # ends only a test that still waits for it
        said = await self._line(STOP_SECONDS)
        if said is None or said.get("verdict") != self._number:
            await self._end()  # stuck, or ended: the next test gets a new judge
            return None
        return said

    async def close(self) -> None:
        """End the judge and remove what it left."""
        await self._end()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _start(self) -> None:
        inner = [sys.executable, "-P", "-m", "handtorch_classroom.judging"]
        inner += [str(self.address), str(self._memory)]
        environment = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        command = inner
        if self._sandbox is not None:
            command = self._sandbox.command(inner, shared=self.folder, environment=environment)
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=LINE_LIMIT
        )
        self._given = 0

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            await process.communicate()

    def _order(self, what: str, **more: Any) -> None:
        if self._process is not None and self._process.stdin is not None:
            line = json.dumps({"do": what, **more}) + "\n"
            self._process.stdin.write(line.encode())

    async def _line(self, seconds: float) -> dict[str, Any] | None:
        if self._process is None or self._process.stdout is None:
            return None
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), seconds)
            said = json.loads(line) if line else None
        except (TimeoutError, ValueError, ConnectionError):
            return None
        return said if isinstance(said, dict) else None
