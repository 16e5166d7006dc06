"""What counts against a limit of time: work and sleep, not the load of the machine."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from handtorch_classroom import grading
from handtorch_classroom.clock import Clock
from tests.classroom.sample_course import ClassFolder, answer, code, make_course

pytestmark = pytest.mark.skipif(
    not Path(f"/proc/self/task/{os.getpid()}/children").exists(), reason="Linux only"
)
SPIN = "print(flush=True)\nwhile True: pass"


@contextmanager
def python(source):
    """A Python that runs `source`, from the time that it has printed a line."""
    command = [sys.executable, "-c", source]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # with the processes that it has started


def graded(tmp_path, change, config=""):
    """The row of one submission, `change`d, in a course with more `config`uration."""
    course = make_course(tmp_path / "course")
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(config + "\n")
    folder = ClassFolder(course, tmp_path / "class")
    folder.hand_in("one", change)
    return grading.grade(course, folder.folder).rows[0]


def begin_with(source):
    return lambda notebook: notebook.cells.insert(0, code(source))


def counted(pid, enough, wall=60):
    """A clock for `pid` that was looked at until it has counted `enough` seconds."""
    clock = Clock(pid)
    while clock.look() < enough and clock.wall < wall:
        time.sleep(0.05)
    return clock


def test_work_counts_and_so_does_that_of_children():
    child = "import os, sys\nif os.fork(): os.wait()\n" + SPIN
    for source in (SPIN, child):
        with python(source) as pid:
            assert counted(pid, 0.3).used >= 0.3


def test_sleep_counts_also_of_processes_that_wait_for_each_other():
    pair = "import os, time\nprint(flush=True)\nif os.fork(): os.wait()\ntime.sleep(60)"
    for source in ("print(flush=True)\nimport time; time.sleep(60)", pair):
        with python(source) as pid:
            assert counted(pid, 0.3).used >= 0.3


def test_a_process_that_does_not_get_its_turn_is_not_charged():
    core = min(os.sched_getaffinity(0))
    pinned = f"import os; os.sched_setaffinity(0, [{core}])\n"
    with ExitStack() as stack:
        late = "os.nice(15)\n"
        pid = stack.enter_context(python(pinned + late + SPIN))
        for _ in range(3):
            stack.enter_context(python(pinned + SPIN))
        clock = counted(pid, 10, wall=3)
        assert clock.used < clock.wall / 3


@pytest.mark.slow
def test_a_cell_that_waits_loses_its_time_as_one_that_works(tmp_path):
    wait = "import threading; threading.Event().wait()"
    row = graded(tmp_path, begin_with(wait))
    assert row.score == 6
    assert "ran longer than 2 s and was stopped" in row.what_happened


@pytest.mark.slow
def test_what_counts_as_neither_ends_by_the_wall(tmp_path):
    """A parent of a vfork is held in state D until its child has begun another program."""
    vfork = (
        "import ctypes, os\nlibc = ctypes.CDLL(None)\n"
        "if libc.vfork() == 0: libc.sleep(100); libc._exit(0)"
    )
    config = "c.SafeExecute.timeout = 1\nc.SafeExecute.patience = 3"
    row = graded(tmp_path, begin_with(vfork), config)
    assert row.score == 6
    assert "longer than 1 s" in row.what_happened


@pytest.mark.slow
def test_a_notebook_has_a_limit_for_all_its_cells(tmp_path):
    slow = "def add(a, b):\n    import time; time.sleep(1.5)\n    return a + b"
    change = lambda notebook: answer(notebook, "add", slow)  # noqa: E731
    row = graded(tmp_path, change, "c.SafeExecute.notebook_timeout = 2")
    assert row.score < 6
    assert "longer than 2 s" in f"{row.what_happened} {row.problems}"
