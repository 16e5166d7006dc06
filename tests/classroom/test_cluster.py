"""Grading through Dask, on a cluster of this machine: who dies costs no mark and doubles none."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from handtorch_classroom import cluster, grading
from handtorch_classroom.gradebook import load_config, open_gradebook
from handtorch_classroom.notebooks import NotebookError
from tests.classroom.sample_course import CHAPTER, ClassFolder, answer, make_course

pytest.importorskip("distributed", reason="Dask is not installed")
from distributed import Client

STUDENTS = 6
READ_DATA = "def negate(a):\n    return -int(open('data/sign.txt').read()) * a"


class Machines:
    """A scheduler and workers, each a process as somebody would start it on a machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def start_scheduler(self) -> str:
        file = self._folder / "scheduler.json"
        self._start("scheduler", "--host=127.0.0.1", "--port=0", f"--scheduler-file={file}")
        self.address = str(
            json.loads(wait_for(lambda: file.is_file() and file.read_text()))["address"]
        )
        return self.address

    def start_worker(self) -> int:
        """Start a worker that runs one notebook at a time; returns its process id."""
        folder = f"--local-directory={self._folder}"
        return self._start("worker", self.address, "--no-nanny", "--nthreads=1", folder)

    def end(self) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait(30)

    def _start(self, what: str, *options: str) -> int:
        command = [sys.executable, "-m", "dask", what, *options, "--no-dashboard"]
        with (self._folder / f"{what}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        self._processes.append(process)
        return process.pid


def wait_for(found: Any, seconds: float = 120) -> Any:
    end = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return answer


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    found = Machines(tmp_path)
    found.start_scheduler()
    try:
        yield found
    finally:
        found.end()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = make_course(tmp_path_factory.mktemp("course"))
    data = course / "solutions" / CHAPTER / "data" / "sign.txt"
    data.parent.mkdir()
    data.write_text("1")
    return course


@pytest.fixture(scope="module")
def handed_in(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = ClassFolder(course, tmp_path_factory.mktemp("class"))
    for number in range(STUDENTS):
        folder.hand_in(f"s{number}", minus if number % 2 else with_data)
        folder.hand_in_twice(f"s{number}")
    folder.hand_in_bytes("s0", b"[1, 2]", "twice.ipynb")
    return folder.folder


def minus(notebook: Any) -> None:
    answer(notebook, "add", "import time; time.sleep(1)\ndef add(a, b):\n    return a - b")


def with_data(notebook: Any) -> None:
    answer(notebook, "negate", READ_DATA)


def expected() -> dict[tuple[str, str], float]:
    marks: dict[tuple[str, str], float] = {}
    for number in range(STUDENTS):
        marks[f"s{number}", "sums"] = 1 if number % 2 else 6
        marks[f"s{number}", "twice"] = 4 if number else 0
    return marks


def test_a_worker_that_dies_in_the_middle_costs_no_mark(
    course: Path, handed_in: Path, machines: Machines
) -> None:
    pids = {machines.start_worker(), machines.start_worker()}
    killed: list[psutil.Process] = []
    said: list[str] = []
    with Client(machines.address) as client:
        client.wait_for_workers(2, timeout=120)
        address_of = {pid: worker for worker, pid in client.run(os.getpid).items()}
        assert set(address_of) == pids

        def kill_one_that_works(line: str) -> None:
            said.append(line)
            if killed:
                return
            busy = [pid for pid in pids if client.processing()[address_of[pid]]]
            if len(busy) == 2 and (kernels := children(busy[0])):
                killed.extend(kernels)
                os.kill(busy[0], signal.SIGKILL)

        report = grading.grade(
            course, handed_in, scheduler=machines.address, say=kill_one_that_works
        )
    assert killed, "no worker was killed while it ran a notebook"
    assert report.errors == []
    assert {(row.student, row.exercise): row.score for row in report.rows} == expected()
    assert len(report.rows) == len(said) == 2 * STUDENTS
    assert not any("were run here" in remark for remark in report.remarks)
    with open_gradebook(load_config(course)) as gradebook:
        for (student, exercise), score in expected().items():
            marks = gradebook.find_submission_notebook(exercise, CHAPTER, student)
            assert marks.score == score
        assert len(gradebook.find_assignment(CHAPTER).submissions) == STUDENTS
    wait_for(lambda: not any(one.is_running() and one.status() != "zombie" for one in killed))


def children(pid: int) -> list[psutil.Process]:
    """The kernels and judges of a worker."""
    found = psutil.Process(pid).children(recursive=True)
    return [one for one in found if "handtorch_classroom" in " ".join(one.cmdline())]


def test_when_every_worker_is_gone_the_rest_is_run_here(
    course: Path, handed_in: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(cluster, "EMPTY_SECONDS", 1)
    pid = machines.start_worker()

    def kill_it(line: str) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    report = grading.grade(course, handed_in, scheduler=machines.address, say=kill_it)
    assert {(row.student, row.exercise): row.score for row in report.rows} == expected()
    assert any("notebooks were run here" in remark for remark in report.remarks)


@pytest.mark.filterwarnings("ignore:coroutine 'wait_for' was never awaited:RuntimeWarning")
def test_a_cluster_that_cannot_grade_is_a_sentence(
    course: Path, handed_in: Path, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 1)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)

    def refusal(address: str) -> str:
        with pytest.raises(NotebookError) as caught:
            grading.grade(course, handed_in, scheduler=address)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "no worker has joined" in refusal(machines.address)
    assert "no Dask scheduler answers there" in refusal("tcp://127.0.0.1:1")
    assert "no Dask scheduler answers there" in refusal("nonsense://x")
    monkeypatch.setattr(cluster, "WORKER_SECONDS", 120)
    machines.start_worker()
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "package_state", lambda: "another")
        assert "another state of handtorch_classroom" in refusal(machines.address)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)
        assert 'pip install "distributed"' in refusal(machines.address)
