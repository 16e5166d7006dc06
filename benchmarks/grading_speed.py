"""How fast submissions are graded: ours against stock nbgrader, one exercise, and a large class.

    python benchmarks/grading_speed.py                      # 30 students, ratios in one run
    python benchmarks/grading_speed.py --edit               # one exercise after an edit
    python benchmarks/grading_speed.py --class 300          # 300 students, all exercises

Everybody hands in the solutions of a chapter. Each way is a command as a user would type it, its
start included, with the gradebook made before: ``nbgrader autograde`` and ``nbgrader
generate_feedback`` with nbgrader's own configuration, and ``grade`` of this project, with every
kernel started anew (cold) and with forked ones (warm). Ratios within a run count, not the seconds,
which are the machine's. Writes `benchmarks/results/grading_speed.json`, a section a kind of run.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import psutil
from _machine import describe_machine
from traitlets.config import Config

from handtorch_classroom import kernels, notebooks, sandbox, warm
from handtorch_classroom.gradebook import open_gradebook

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "grading_speed.json"
OURS = [sys.executable, "-m", "handtorch_classroom", "grade"]
NBGRADER = [sys.executable, "-m", "nbgrader"]
STOCK = "stock nbgrader"
WAYS = {  # sandbox, warm, judge apart
    "cold, no sandbox, no judge": ("off", "off", False),
    "cold": ("auto", "off", True),
    "warm": ("auto", "auto", True),
}
LOOK = 0.5  # seconds between two looks at memory


def main() -> None:
    parser = argparse.ArgumentParser(description="Time grading, against stock nbgrader.")
    parser.add_argument("--chapter", default="tokenizer")
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--exercises", type=int, default=1, help="of the chapter, each student")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--edit", action="store_true")
    parser.add_argument("--class", type=int, dest="size", default=0, metavar="STUDENTS")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grading-speed-") as name:
        folder = Path(name)
        if given.edit:
            section, came = "one exercise after an edit", edit(folder, given.chapter)
        elif given.size:
            section, came = "a large class", large_class(folder, given.chapter, given.size)
        else:
            section, came = "against stock nbgrader", compare(folder, given)
    about = {"machine": machine(), "chapter": given.chapter, **came}
    print(json.dumps(about, indent=1))
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    kept[section] = about
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def machine() -> dict[str, object]:
    found, why_not = sandbox.find()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    forked = kernels.forker(found, "auto", []) is not None
    warm.end_all()
    return describe_machine(
        "nbgrader", cores=cores, sandbox="bubblewrap" if found else why_not, forks=forked
    )


def compare(folder: Path, given: argparse.Namespace) -> dict[str, object]:
    """Notebooks a minute of all ways, on the same submissions, in turns."""
    exercises = exercises_of(given.chapter)[: given.exercises]
    course, handed_in = make_class(folder, given.chapter, exercises, given.students)
    stock = make_stock(folder, given.chapter, handed_in)
    configure(course)
    run(
        [*OURS, "--submissions", str(handed_in), "--exercise", f"{given.chapter}/{exercises[0]}"],
        course,
    )
    seconds: dict[str, list[float]] = {way: [] for way in (STOCK, *WAYS)}
    for _ in range(given.rounds):
        seconds[STOCK].append(time_stock(stock, given.chapter))
        for way, settings in WAYS.items():
            configure(course, *settings)
            seconds[way].append(time_ours(course, handed_in, given.students * len(exercises)))
    count = given.students * len(exercises)
    rates = {way: 60 * count / median(times) for way, times in seconds.items()}
    return {
        "students": given.students,
        "exercises": exercises,
        "rounds": given.rounds,
        "notebooks a minute": {way: round(rate, 1) for way, rate in rates.items()},
        "times stock nbgrader": {way: round(r / rates[STOCK], 1) for way, r in rates.items()},
    }


def edit(folder: Path, chapter: str, times: int = 5) -> dict[str, object]:
    """Seconds of ``make grade EX=…`` after a change of an answer, for each way."""
    exercise = exercises_of(chapter)[0]
    course, _ = make_class(folder, chapter, exercises_of(chapter), 0)
    shutil.copytree(ROOT / "solutions" / chapter, course / "exercises" / chapter)
    path = course / "exercises" / chapter / f"{exercise}.ipynb"
    seconds: dict[str, list[float]] = {}
    for way, settings in WAYS.items():
        configure(course, *settings)
        run(OURS, course)
        seconds[way] = []
        for number in range(times):
            notebook = notebooks.read(path)
            answer = next(
                c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")
            )
            answer.source += f"\n# {way} {number}"
            notebooks.write(notebook, path)
            start = time.perf_counter()
            run([*OURS, "--exercise", f"{chapter}/{exercise}"], course)
            seconds[way].append(time.perf_counter() - start)
    return {
        "exercise": exercise,
        "seconds": {way: round(median(found), 2) for way, found in seconds.items()},
    }


def large_class(folder: Path, chapter: str, students: int) -> dict[str, object]:
    """Wall time of a class with all exercises, and memory of the grader and of its kernels."""
    exercises = exercises_of(chapter)
    course, handed_in = make_class(folder, chapter, exercises, students)
    configure(course, *WAYS["warm"])
    start = time.perf_counter()
    with subprocess.Popen(
        [*OURS, "--submissions", str(handed_in)], cwd=course, stdout=subprocess.PIPE, text=True
    ) as process:
        memory = Memory(process.pid)
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            if "All " in line and "/" in line.split()[0]:
                lines.append(line)
                memory.note()
        memory.end()
    wall = time.perf_counter() - start
    count = students * len(exercises)
    if process.returncode or len(lines) != count:
        raise SystemExit(f"{count - len(lines)} right answers did not get their marks")
    return {
        "students": students,
        "notebooks": count,
        "minutes": round(wall / 60, 1),
        "notebooks a minute": round(60 * count / wall, 1),
        "megabytes": memory.megabytes(),
    }


class Memory:
    """Looks at the memory of a process and of its descendants, until it is told to end."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._noted: list[float] = []
        self._largest = self._together = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def note(self) -> None:
        """Look at the grader now: a notebook was graded."""
        self._noted.append(self._process.memory_info().rss / 1e6)

    def megabytes(self) -> dict[str, float | list[float]]:
        """What was found: of the grader at each tenth of the notebooks, and at most; of the
        largest of its other processes, by what it shares with none; of all together.
        """
        tenth = max(1, len(self._noted) // 10)
        return {
            "grader, at each tenth": [round(size, 1) for size in self._noted[tenth - 1 :: tenth]],
            "grader, at most": round(max(self._noted), 1),
            "largest kernel or judge, at most": round(self._largest, 1),
            "all together, at most": round(self._together, 1),
        }

    def _run(self) -> None:
        while not self._ended.wait(LOOK):
            try:
                grader = self._process.memory_full_info()
                together = getattr(grader, "pss", grader.rss) / 1e6
                for process in self._process.children(recursive=True):
                    try:
                        found = process.memory_full_info()
                    except psutil.Error:
                        continue
                    self._largest = max(self._largest, found.uss / 1e6)
                    together += getattr(found, "pss", found.rss) / 1e6
                self._together = max(self._together, together)
            except psutil.Error:
                return


def exercises_of(chapter: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / "solutions" / chapter).glob("*.ipynb"))


def make_class(
    folder: Path, chapter: str, exercises: list[str], students: int
) -> tuple[Path, Path]:
    """A course of some exercises, and a class that handed in their solutions."""
    source = ROOT / "solutions" / chapter
    course, handed_in = folder / "course", folder / "class"
    handed_in.mkdir(parents=True)
    (course / "solutions" / chapter).mkdir(parents=True)
    shutil.copy(ROOT / "_config.yml", course)
    for exercise in exercises:
        shutil.copy(source / f"{exercise}.ipynb", course / "solutions" / chapter)
        for student in range(students):
            path = handed_in / f"student-{student:03}" / chapter / f"{exercise}.ipynb"
            notebooks.write(notebooks.read(source / f"{exercise}.ipynb"), path)
    return course, handed_in


def configure(course: Path, switch: str = "auto", forks: str = "auto", apart: bool = True) -> None:
    """Write this project's configuration of a course, and forget earlier results."""
    text = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    text += f"\nc.LimitedKernelManager.sandbox = {switch!r}\n"
    text += f"c.LimitedKernelManager.warm = {forks!r}\nc.SafeExecute.apart = {apart}\n"
    (course / "nbgrader_config.py").write_text(text, encoding="utf-8")


def time_ours(course: Path, handed_in: Path, count: int) -> float:
    """Seconds of our command."""
    start = time.perf_counter()
    said = run([*OURS, "--submissions", str(handed_in)], course)
    seconds = time.perf_counter() - start
    right = sum("All " in line for line in said.splitlines())
    if right != count:
        raise SystemExit(f"{count - right} right answers did not get their marks:\n{said[-2000:]}")
    return seconds


def make_stock(folder: Path, chapter: str, handed_in: Path) -> Path:
    """A course of nbgrader's own, with the same solutions and submissions, its gradebook made."""
    stock = folder / "stock"
    shutil.copytree(folder / "course" / "solutions", stock / "source")
    for student in sorted(handed_in.iterdir()):
        shutil.copytree(student, stock / "submitted" / student.name)
    (stock / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 's'\n"
    )
    config = Config()
    config.CourseDirectory.db_url = f"sqlite:///{stock / 'gradebook.db'}"
    config.CourseDirectory.course_id = "s"
    open_gradebook(config).close()  # made without alembic, which need not be on the PATH
    run([*NBGRADER, "generate_assignment", chapter], stock)
    return stock


def time_stock(stock: Path, chapter: str) -> float:
    """Seconds of nbgrader's commands for the same."""
    for name in ("autograded", "feedback"):
        shutil.rmtree(stock / name, ignore_errors=True)
    start = time.perf_counter()
    run([*NBGRADER, "autograde", chapter], stock)
    run([*NBGRADER, "generate_feedback", chapter], stock)
    return time.perf_counter() - start


def run(command: list[str], folder: Path) -> str:
    """Run a command, whose output is shown if it fails; returns what it prints."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
