"""Run a notebook to judge it: every test cell ends up with its proof or with an error.

A test cell counts only if something says so. In grading that is the judge, which runs the test in
a process of its own (`apart`); the kernel of the submission serves it meanwhile. In Validate, where
learners check themselves, the test runs in the kernel, and a last line, added while it runs, sends
a random token back. What else came of a cell decides nothing, so warnings cost no points and a test
cell that was skipped, emptied or cut short fails.

A cell that ends the kernel, or that is stuck and cannot be interrupted, is left out: the kernel is
started again, the cells without points run again without it, and the tests go on where they were.
So a submission loses what cannot run and keeps what can.

How long a cell may run is counted by `clock`, which a busy machine does not make run faster.
Where the code of a submission may reach is not decided here, but in `kernels` and `sandbox`.
"""

import asyncio
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import nbformat
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, DeadKernelError
from traitlets.config import Config

from handtorch_classroom import clock
from handtorch_classroom.apart import JudgeProcess, Surroundings
from handtorch_classroom.guard import REFUSED
from handtorch_classroom.kernels import MEMORY_GB, LimitedKernelManager, chosen, forker_of
from handtorch_classroom.notebooks import Notebook
from handtorch_classroom.outputs import (
    cell_name,
    fail,
    is_stream,
    is_test,
    without_frames,
    writable,
)
from handtorch_classroom.warm import libraries_in

PROOF = "application/x-handtorch-proof"
PROOF_LINE = "__import__('IPython').get_ipython().display_pub.publish({{{type!r}: {token!r}}})"
SERVE_LINE = "__import__('handtorch_classroom.serving').serving.serve()"
OUT_OF_TIME = "CellTimeoutError"  # the name nbgrader gives this error
INTERRUPT_WAIT = 2  # seconds for a cell to end that was interrupted
NO_LIMIT = 10**6  # seconds that nbclient waits for: how long a cell may run is decided here
LONGEST_ERROR = 20_000  # characters kept of an error's text

KILLED = "ended the kernel (by os._exit, or by a crash)"
STUCK = "ran longer than {seconds} s and could not be interrupted"
UNFINISHED = "the test cell did not run to its end"
STOPPED = "ran longer than {seconds} s and was stopped"


@dataclass(frozen=True)
class Limits:
    """What a notebook may take: seconds for a cell and for all cells, as `clock` counts them, how
    many times as long by the clock on the wall, and characters of output.
    """

    cell_seconds: int = 30
    notebook_seconds: int = 300
    patience: int = 5
    output: int = 200_000


@dataclass
class Outcome:
    """What was odd in a run, a clause each: to be joined to sentences."""

    notes: list[str] = field(default_factory=list)

    def add(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def execute(
    notebook: Notebook,
    folder: Path,
    limits: Limits | None = None,
    config: Config | None = None,
    tests: Surroundings | None = None,
) -> Outcome:
    """Run `notebook` in place, in kernels started in `folder`; for use outside of asyncio."""
    runner = Runner(notebook, folder, limits or Limits(), config, tests)
    with ThreadPoolExecutor(1) as pool:  # the caller's thread may have a loop: a server's has
        return pool.submit(asyncio.run, runner.run()).result()


class Runner(NotebookClient):  # type: ignore[misc, unused-ignore]
    """Runs one notebook, restarting its kernel where a cell took it away."""

    def __init__(
        self,
        notebook: Notebook,
        folder: Path,
        limits: Limits,
        config: Config | None = None,
        tests: Surroundings | None = None,
    ) -> None:
        """With `tests` given, test cells are judged in a process of their own."""
        super().__init__(
            notebook,
            allow_errors=True,
            config=config or Config(),
            iopub_timeout=NO_LIMIT,
            kernel_manager_class=LimitedKernelManager,
            kernel_name="python3",
            on_cell_executed=self._on_reply,
            record_timing=False,
            resources={"metadata": {"path": str(folder)}},
            shutdown_kernel="immediate",
            store_widget_state=False,
            timeout=None,
        )
        self._limits = limits
        self._used = self._passed = 0.0  # seconds of all cells so far, counted and by the wall
        self.outcome = Outcome()
        self._tests = tests
        self._judging: JudgeProcess | None = None
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        self._libraries = libraries_in(code)

    async def run(self) -> Outcome:
        """Run all cells; afterwards every test cell has proved itself or holds an error.

        Raises:
            RuntimeError: if no kernel can be started.
        """
        waiting = {i for i, cell in enumerate(self.nb.cells) if is_test(cell)}
        lost: set[int] = set()  # cells that took the kernel away
        index = 0
        if self._tests is not None:
            self._judging = self._judge_process(self._tests)
        try:
            while waiting and index < len(self.nb.cells):
                if self._left() <= 0:
                    break
                if self._is_due(index, waiting, lost):
                    if self.km is None:
                        await self._start()
                    gone = await self._judge(index)
                    waiting.discard(index)
                    if gone:
                        lost.add(index)
                        await self._stop()
                        index = 0
                        continue
                index += 1
        finally:
            try:
                await self._stop()
            finally:
                if self._judging is not None:
                    await self._judging.close()
        if waiting:
            limit = f"the notebook took longer than {self._limits.notebook_seconds} s"
            self.outcome.add(limit)
            for index in waiting:
                fail(self.nb.cells[index], "NotRun", f"not run, because {limit}")
        return self.outcome

    def _left(self) -> float:
        """Seconds that the notebook still has."""
        limits = self._limits
        by_the_wall = limits.notebook_seconds * limits.patience - self._passed
        return min(limits.notebook_seconds - self._used, by_the_wall / limits.patience)

    def _is_due(self, index: int, waiting: set[int], lost: set[int]) -> bool:
        """Whether a cell is to be run now: after a restart, tests that were judged are not."""
        cell = self.nb.cells[index]
        if cell.cell_type != "code" or index in lost:
            return False
        return index in waiting if is_test(cell) else bool(cell.source.strip())

    async def _start(self) -> None:
        self.reset_execution_trackers()
        self.create_kernel_manager()
        setattr(self.km, "libraries", self._libraries)  # noqa: B010 (km has a wider type)
        if self._judging is not None:
            setattr(self.km, "judge", self._judging.address)  # noqa: B010 (km has a wider type)
        await self.async_start_new_kernel(stdout=DEVNULL, stderr=DEVNULL)  # iopub has them
        await self.async_start_new_kernel_client()

    def _judge_process(self, tests: Surroundings) -> JudgeProcess:
        limits = self.config.LimitedKernelManager
        memory = int(float(limits.get("memory_gb", MEMORY_GB)) * 1e9)
        written = [c.source for c in self.nb.cells if c.cell_type == "code" and not is_test(c)]
        sandbox = chosen(str(limits.get("sandbox", "auto")))
        judging = JudgeProcess(tests, written, sandbox, memory, forker_of(limits)[0])
        judging.libraries = self._libraries
        return judging

    async def _stop(self) -> None:
        if self.km is not None:
            await self._async_cleanup_kernel()

    async def _judge(self, index: int) -> bool:
        """Run one cell and see what came of it. Returns whether the kernel is gone."""
        cell, source = self.nb.cells[index], self.nb.cells[index].source
        self._seconds = max(1, round(min(self._limits.cell_seconds, self._left())))
        self._interrupted = self._stuck = False
        self._token, self._proved = secrets.token_hex(16), False
        self._printed = 0
        self._reply: dict[str, Any] = {}
        judging = self._judging if is_test(cell) else None
        if judging is not None:
            if not await judging.begin(cell.metadata.nbgrader.grade_id, source):
                raise RuntimeError("the judge did not start")
            cell.source = SERVE_LINE
        elif is_test(cell):
            cell.source = f"{source}\n{PROOF_LINE.format(type=PROOF, token=self._token)}"
        gone = ""
        judge_pid = judging.pid if judging is not None else None
        self._clock = clock.Clock(getattr(self.km, "pid", None), judge_pid)
        try:
            await self.async_execute_cell(cell, index)
        except DeadKernelError:
            ended = getattr(self.km, "stopped_because", "") or KILLED
            gone = STUCK.format(seconds=self._seconds) if self._stuck else ended
        finally:
            cell.source = source
            self._used += self._clock.look()
            self._passed += self._clock.wall
        if judging is not None:
            self._take_verdict(cell, await judging.verdict())
        if not gone and not self._proved and self._interrupted:
            self._note_own(index, STOPPED.format(seconds=self._seconds))
            fail(cell, OUT_OF_TIME, STOPPED.format(seconds=self._seconds))
        if gone:
            self._note_own(index, f"{gone}, so the rest was run without it")
            if not self._proved:
                fail(cell, "KernelDied", gone)
        self._settle(cell, index)
        return bool(gone)

    def _take_verdict(self, cell: Notebook, verdict: dict[str, Any] | None) -> None:
        """Write a verdict into the cell, whatever errors its kernel has shown there."""
        cell.outputs = [output for output in cell.outputs if output.output_type != "error"]
        if verdict is None:
            fail(cell, "TestDidNotFinish", UNFINISHED)
            return
        if verdict["printed"]:
            text = writable(verdict["printed"])
            cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=text))
        self._proved = verdict["passed"]
        if not self._proved:
            fail(cell, *(writable(verdict[key])[:LONGEST_ERROR] for key in ("ename", "evalue")))
            cell.outputs[-1].traceback = [writable(t)[:LONGEST_ERROR] for t in verdict["traceback"]]

    def _settle(self, cell: Notebook, index: int) -> None:
        """Make the outputs say what nbgrader is to conclude: an error, or nothing against it."""
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if self._printed > self._limits.output:
            self._note(index, "printed more than is kept of it")
        for error in errors:
            error.traceback = without_frames(error, cell)
            if not is_test(cell):
                self._note_error(index, error)
        if not is_test(cell):
            return
        if not self._proved and not errors:
            fail(cell, "TestDidNotFinish", UNFINISHED)
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                output.name = "stdout"  # nbgrader takes points for anything on stderr
                self.outcome.add("a warning was printed, which costs nothing")

    def _note(self, index: int, what: str) -> None:
        self.outcome.add(f"{cell_name(self.nb.cells[index], index)} {what}")

    def _note_own(self, index: int, what: str) -> None:
        """What happened to a cell that is no test: what happened to a test is why it failed."""
        if not is_test(self.nb.cells[index]):
            self._note(index, what)

    def _note_error(self, index: int, error: Notebook) -> None:
        """Errors of the learner's own cells that explain why every test after them fails."""
        if error.ename in ("IndentationError", "SyntaxError", "TabError"):
            where = re.sub(r" \(\S+, (line \d+)\)$", r", \1", error.evalue.partition("\n")[0])
            self._note(index, f"has a syntax error: {where}")
        elif error.ename == "ImportError" and REFUSED in error.evalue:
            self._note(index, f"was stopped: {error.evalue}")
        elif error.ename == "SystemExit":
            self._note(index, "called sys.exit")
        elif error.ename == "MemoryError":
            self._note(index, "asked for more memory than is allowed")
        elif error.ename not in ("KernelDied", "NotImplementedError", OUT_OF_TIME):
            self._note(index, f"raised {error.ename}")

    def _on_reply(self, cell: Notebook, execute_reply: Any, **_: Any) -> None:
        self._reply = execute_reply["content"]
        failed = self._reply.get("status") == "error"
        if failed and not any(output.output_type == "error" for output in cell.outputs):
            fail(cell, self._reply.get("ename", "Error"), self._reply.get("evalue", ""))

    async def _async_poll_kernel_alive(self) -> None:
        """Like nbclient's, which ends a cell when its kernel has ended, but sees to its time too:
        interrupts it when that is up, and gives it up if it goes on.
        """
        allowed = float(self._seconds)
        while self.task_poll_for_reply is not None:
            await asyncio.sleep(clock.PAUSE)
            try:
                await self._async_check_alive()
            except DeadKernelError:
                break
            taken = max(self._clock.look(), self._clock.wall / self._limits.patience)
            if taken < allowed:
                continue
            if self._interrupted:
                self._stuck = True
                break
            self._interrupted = True
            allowed = taken + INTERRUPT_WAIT
            if self.km is not None:
                await ensure_async(self.km.interrupt_kernel())
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()

    def process_message(self, msg: Any, cell: Notebook, cell_index: int) -> Any:
        """Like nbclient's, but a message that makes no sense is dropped, not raised."""
        try:
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception:
            self._note(cell_index, "sent output that cannot be read")
            return None

    def output(self, outs: Any, msg: Any, display_id: Any, cell_index: int) -> Any:
        """Like nbclient's, but takes the proof and keeps no more output than the limit."""
        content = msg["content"] = writable(msg["content"])
        if PROOF in content.get("data", {}):
            self._proved |= content["data"][PROOF] == self._token
            return None
        if msg["msg_type"] == "error":
            content["evalue"] = content["evalue"][:LONGEST_ERROR]
            content["traceback"] = [t[:LONGEST_ERROR] for t in content["traceback"]][:200]
        else:
            room = self._limits.output - self._printed
            self._printed += len(str(content.get("text", content)))
            if room <= 0:
                return None
            if msg["msg_type"] == "stream":
                text = content["text"] = content["text"][:room]
                if is_stream(outs[-1:], content["name"]) and not self.clear_before_next_output:
                    outs[-1].text += text  # nbclient's own joining takes minutes for long lines
                    return None
            elif self._printed > self._limits.output:
                return None
        return super().output(outs, msg, display_id, cell_index)
