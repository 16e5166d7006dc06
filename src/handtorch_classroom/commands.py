"""What ``make`` calls. Each command is a function; its docstring's first line is its help."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from handtorch_classroom import exercises as exercises_
from handtorch_classroom import notebooks
from handtorch_classroom.notebooks import NotebookError
from handtorch_classroom.site_build import SiteError
from handtorch_classroom.start import StartError
from handtorch_classroom.syllabus import SyllabusError
from handtorch_classroom.translation import TranslationError


def start(port: str) -> int:
    """Build the book if it changed, serve it, and run JupyterLab."""
    from handtorch_classroom.start import start as start_lab

    if not port.isdecimal():
        raise NotebookError(f"PORT={port} is no port: it must be a number from 1 to 65534")
    return start_lab(_root(), int(port))


def grade(submissions: Path | None, scheduler: str | None, exercise: str | None) -> int:
    """Grade your own exercises, or a class laid out as nbgrader lays it out."""
    from handtorch_classroom.grading import grade as grade_all

    def say(line: str) -> None:
        print(line, flush=True)

    only = [exercise] if exercise else []
    report = grade_all(_root(), submissions, only=only, scheduler=scheduler, say=say)
    print(f"\n{report.text()}")
    return 1 if report.errors else 0


def export(form: str, to: str) -> int:
    """Write the marks in a form that another system reads: csv, gradescope or canvas."""
    from handtorch_classroom.exporting import export as export_marks
    from handtorch_classroom.report import shown

    path, remarks = export_marks(_root(), form, to)
    print("\n".join([*remarks, f"Marks: {shown(path)}"]))
    return 0


def progress() -> int:
    """Show what you have tried: best marks, attempts, last try; and write the page for the Lab."""
    from handtorch_classroom import progress as progress_

    print(progress_.progress(_root()).text())
    print(f"As a page: {progress_.write_page(_root()).relative_to(_root())}")
    return 0


def book() -> int:
    """Build the site; warnings are errors."""
    from handtorch_classroom.site_build import build_site

    print(f"The book is in {build_site(_root()).relative_to(_root())}/index.html")
    return 0


def translate(pages: Sequence[str], show: bool) -> int:
    """Bring the translations up to date with the pages, and begin those of the pages named."""
    from handtorch_classroom.translation import refresh

    for status in refresh(_root(), pages):
        print(status)
        if show or status.page in pages:
            for kind, texts in (("missing", status.missing), ("stale", status.stale)):
                for text in texts:
                    print(f"  {kind}: {text}")
    return 0


def exercises() -> int:
    """Generate exercises/ from solutions/."""
    from handtorch_classroom.release import release_all

    for path in release_all(_root()):
        print(path.relative_to(_root()))
    return 0


def run(paths: Sequence[Path]) -> int:
    """Execute notebooks in place and normalize them (default: those that changed)."""
    for path in paths or notebooks.changed(_root()):
        print(f"{path}: {'changed' if notebooks.run(path) else 'byte for byte the same'}")
    return 0


def check(exercise: str | None, page: str | None) -> int:
    """Prove one exercise (all its gates) or one page (it runs, is normal, keeps the syllabus)."""
    from handtorch_classroom.gates import gate_exercise, gate_page

    if not exercise and not page:
        raise NotebookError("name what to check: EX=tokenizer/bpe or PAGE=tokenizer/…")
    failures: list[str] = []
    if exercise:
        for one in exercises_.all_exercises(_root(), [exercise]):
            failures += gate_exercise(one, say=print)
    if page:
        failures += gate_page(_root(), page)
    for failure in failures:
        print(f"FAILED  {failure}", file=sys.stderr)
    print("all gates passed" if not failures else f"{len(failures)} gates failed")
    return 1 if failures else 0


def kills() -> int:
    """Try every wrong answer and write the kill table to the book."""
    from handtorch_classroom.gates import kill_table

    path = _root() / "book" / "kill_table.md"
    path.write_text(kill_table(_root(), say=print), encoding="utf-8")
    print(path.relative_to(_root()))
    return 0


def mutants(names: Sequence[str]) -> int:
    """Hand in and grade every right and wrong answer; the marks must be those of the gates."""
    from handtorch_classroom.cross_check import cross_check

    start = time.monotonic()
    verdicts = cross_check(_root(), names, say=lambda line: print(line, flush=True))
    other = [verdict for verdict in verdicts if not verdict.agrees]
    for verdict in other:
        print(f"DIFFERS  {verdict}", file=sys.stderr)
    print(
        f"{len(verdicts)} answers graded in {time.monotonic() - start:.0f} s, "
        f"{len(other)} marks differ from what the gates found"
    )
    return 1 if other else 0


def reset(name: str) -> int:
    """Put back the release form of an exercise; what stood there is kept aside."""
    from handtorch_classroom.release import keep_aside, release

    if "/" not in name:
        raise NotebookError("name the exercise to reset: make reset EX=tokenizer/bpe")
    (exercise,) = exercises_.all_exercises(_root(), [name])
    path = exercise.release_path
    fresh = notebooks.dumps(release(exercise))
    if path.is_file() and path.read_text(encoding="utf-8") == fresh:
        print(f"{name} is in its release form already")
        return 0
    if path.is_file():
        print(f"yours is kept as {keep_aside(_root(), path).relative_to(_root())}")
    path.write_text(fresh, encoding="utf-8")
    print(f"{name} is fresh")
    return 0


def text(path: Path) -> int:
    """Print a notebook as MyST Markdown."""
    print(notebooks.to_text(path), end="")
    return 0


def notebook(source: Path, path: Path) -> int:
    """Make a notebook from MyST Markdown, keeping the outputs of what did not change."""
    notebooks.write(notebooks.from_text(source.read_text(encoding="utf-8"), path), path)
    return 0


def kernelspec() -> int:
    """Offer kernels that start warm to this environment's Jupyter programs."""
    from handtorch_classroom import warm

    warm.install_kernelspec()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status, 1 after a sentence on what went wrong."""
    parser = argparse.ArgumentParser(prog="handtorch_classroom", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(call: object) -> argparse.ArgumentParser:
        name = getattr(call, "__name__", "")
        add = commands.add_parser(name, help=str(call.__doc__).splitlines()[0])
        add.set_defaults(call=call)
        return add

    command(start).add_argument("--port", default="8888")
    add = command(grade)
    add.add_argument("--submissions", type=Path)
    add.add_argument("--scheduler")
    add.add_argument("--exercise")
    add = command(export)
    add.add_argument("--form", default="csv")
    add.add_argument("--to", default="")
    command(progress)
    command(book)
    add = command(translate)
    add.add_argument("pages", nargs="*")
    add.add_argument("--show", action="store_true", help="print what is missing or stale")
    command(exercises)
    command(run).add_argument("paths", nargs="*", type=Path)
    add = command(check)
    add.add_argument("--exercise")
    add.add_argument("--page")
    command(kills)
    command(mutants).add_argument("names", nargs="*")
    command(reset).add_argument("name")
    command(kernelspec)
    command(text).add_argument("path", type=Path)
    add = command(notebook)
    add.add_argument("source", type=Path)
    add.add_argument("path", type=Path)

    given = vars(parser.parse_args(arguments))
    given.pop("command")
    try:
        return int(given.pop("call")(**given))
    except (NotebookError, SiteError, StartError, SyllabusError, TranslationError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _root() -> Path:
    """The repository: commands run at its top."""
    root = Path.cwd()
    if not (root / "_config.yml").is_file():
        raise NotebookError(f"{root} is not the top of the repository: it has no _config.yml")
    return root
