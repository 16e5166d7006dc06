"""The judge's process, as the grader sees it, and what of an exercise the judge is told.

`surroundings_of` reads an exercise from its solution; `JudgeProcess` starts the judge when the
first test is due, keeps it through all kernels of one submission, and takes its verdicts.
"""

import ast
import asyncio
import contextlib
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.utils import is_grade, is_solution

from handtorch_classroom import notebooks, warm
from handtorch_classroom.kernels import nested
from handtorch_classroom.notebooks import Notebook, NotebookError
from handtorch_classroom.sandbox import Sandbox, variables_inside

LINE_LIMIT = 100_000_000  # bytes of a line that the judge writes
START_SECONDS = 60
STOP_SECONDS = 10
SCRATCH_BYTES = 100_000_000  # of a judge, which writes nothing


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
        self,
        tests: Surroundings,
        written: list[str],
        sandbox: Sandbox | None,
        memory: int,
        zygote: warm.Zygote | None = None,
    ):
        """`written` are the sources of the submission's own cells; `zygote` may fork a judge."""
        self.tests = tests
        place = None if zygote is None else zygote.pool
        self.folder = Path(tempfile.mkdtemp(prefix="judge-", dir=place))  # only its owner may enter
        self.address = self.folder / "judge"
        self.libraries: list[str] = []  # that a forked judge is to find imported
        self._written, self._sandbox, self._memory = written, sandbox, memory
        self._zygote = zygote
        self._process: subprocess.Popen[bytes] | warm.Forked | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
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
        mine, theirs = socket.socketpair()
        try:
            self._process = await asyncio.to_thread(self._started, theirs.fileno())
        finally:
            theirs.close()
        self._streams = await asyncio.open_connection(sock=mine, limit=LINE_LIMIT)
        self._given = 0

    def _started(self, stream: int) -> "subprocess.Popen[bytes] | warm.Forked":
        """The judge's process, which reads and writes `stream`."""
        arguments = [str(self.address), str(self._memory)]
        environment = {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        if self._zygote is not None:
            order = {
                "job": "judge",
                "program": "handtorch_classroom.judging",
                "arguments": arguments,
                "environment": {**variables_inside(), **environment},
                "libraries": self.libraries,
                "nested": nested(self._zygote, writable=[self.folder], size=SCRATCH_BYTES),
            }
            with contextlib.suppress(warm.NoZygote), open(os.devnull, "wb") as nothing:
                return self._zygote.fork(order, [stream, stream, nothing.fileno()])
        command = [sys.executable, "-P", "-m", "handtorch_classroom.judging", *arguments]
        if self._sandbox is not None:
            command = self._sandbox.command(command, shared=self.folder, environment=environment)
        return subprocess.Popen(command, stdin=stream, stdout=stream, stderr=subprocess.DEVNULL)

    async def _end(self) -> None:
        process, self._process = self._process, None
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()
        if process is not None:
            process.kill()
            while process.poll() is None:
                await asyncio.sleep(0.005)

    def _order(self, what: str, **more: Any) -> None:
        if self._streams is not None:
            line = json.dumps({"do": what, **more}) + "\n"
            self._streams[1].write(line.encode())

    async def _line(self, seconds: float) -> dict[str, Any] | None:
        if self._streams is None:
            return None
        try:
            line = await asyncio.wait_for(self._streams[0].readline(), seconds)
            said = json.loads(line) if line else None
        except (TimeoutError, ValueError, ConnectionError):
            return None
        return said if isinstance(said, dict) else None
