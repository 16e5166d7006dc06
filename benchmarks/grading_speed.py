"""What grading a notebook costs, and what sandbox and judge add: notebooks a minute.

    python benchmarks/grading_speed.py [--students 6] [--rounds 3] [--exercise tokenizer/bpe]

The same right answers are graded in four ways: with the tests in the submission's kernel or by the
judge, and without or with the sandbox. The ways take turns and the median counts, so that other
work on the machine disturbs them alike.
Writes `benchmarks/results/grading_speed.json`.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from handtorch_classroom import grading, notebooks, sandbox

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "grading_speed.json"
WAYS = {
    "tests in the kernel, no sandbox": ("off", False),
    "tests in the kernel, sandbox": ("auto", False),
    "judge, no sandbox": ("off", True),
    "judge, sandbox": ("auto", True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Time grading with and without protection.")
    parser.add_argument("--students", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--exercise", default="tokenizer/bpe")
    arguments = parser.parse_args()
    found, why_not = sandbox.find()
    with tempfile.TemporaryDirectory(prefix="grading-speed-") as folder:
        course, handed_in = make_class(Path(folder), arguments.exercise, arguments.students)
        seconds = {way: [] for way in WAYS if found or WAYS[way][0] == "off"}  # type: ignore[var-annotated]
        for _ in range(arguments.rounds):
            for way, times in seconds.items():
                times.append(time_grading(course, handed_in, arguments.exercise, *WAYS[way]))
    rates = {way: 60 * arguments.students / median(times) for way, times in seconds.items()}
    first = next(iter(rates.values()))
    for way, rate in rates.items():
        print(f"{way:34} {rate:6.1f} notebooks a minute, {rate / first:4.2f} times the first")
    results = {
        "machine": {
            "date": datetime.date.today().isoformat(),
            "python": platform.python_version(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
            "sandbox": "bubblewrap" if found else why_not,
        },
        "exercise": arguments.exercise,
        "students": arguments.students,
        "rounds": arguments.rounds,
        "notebooks a minute": {way: round(rate, 1) for way, rate in rates.items()},
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def make_class(folder: Path, exercise: str, students: int) -> tuple[Path, Path]:
    """A course of one exercise, and a class that handed in its solution."""
    source = ROOT / "solutions" / f"{exercise}.ipynb"
    course, handed_in = folder / "course", folder / "class"
    (course / "solutions" / exercise).parent.mkdir(parents=True)
    shutil.copy(source, course / "solutions" / f"{exercise}.ipynb")
    for student in range(students):
        path = handed_in / f"student-{student}" / f"{exercise}.ipynb"
        path.parent.mkdir(parents=True)
        notebooks.write(notebooks.read(source), path)
    return course, handed_in


def time_grading(course: Path, handed_in: Path, exercise: str, switch: str, apart: bool) -> float:
    """Seconds to grade the class, the gradebook made before."""
    text = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    text += f"\nc.LimitedKernelManager.sandbox = {switch!r}\nc.SafeExecute.apart = {apart}\n"
    (course / "nbgrader_config.py").write_text(text, encoding="utf-8")
    start = time.perf_counter()
    report = grading.grade(course, handed_in)
    seconds = time.perf_counter() - start
    wrong = [row for row in report.rows if row.score != row.max_score or not row.max_score]
    if wrong:
        raise SystemExit(f"a right answer did not get its marks: {wrong[0].what_happened}")
    return seconds


if __name__ == "__main__":
    main()
