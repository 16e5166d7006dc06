"""Grade the learner's own exercises, or a class: what ``make grade`` does.

    report = grade(Path.cwd())                      # exercises/, as the student "you"
    report = grade(Path.cwd(), Path("handed-in"))   # handed-in/<student>/<chapter>/<exercise>.ipynb

Everything is written under grading/: copies of what was handed in, nbgrader's gradebook, the
notebooks as they ran, the feedback pages. Notebooks run side by side, each in a kernel and a
scratch folder of its own; the gradebook has one writer, this process. The preprocessors are those
of nbgrader_config.py, so ``nbgrader autograde`` gives the same marks.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import find_all_files
from traitlets import TraitError
from traitlets.config import Config
from traitlets.utils.importstring import import_item

from handtorch_classroom import attempts, early, release, warm
from handtorch_classroom.by_hand import marks_of
from handtorch_classroom.cluster import Cluster, Lost, Work, connected, sections_of
from handtorch_classroom.execution import Runner
from handtorch_classroom.feedback import problem
from handtorch_classroom.gradebook import load_config, open_gradebook, quiet
from handtorch_classroom.handed_in import (
    TIMESTAMP,
    YOU,
    Handed,
    collect,
    collect_own,
    is_untouched,
    stage,
    time_of,
)
from handtorch_classroom.kernels import forker_of, missing_protection
from handtorch_classroom.lean import lean
from handtorch_classroom.notebooks import Notebook, NotebookError
from handtorch_classroom.outputs import fail, is_test
from handtorch_classroom.preprocessors import SafeExecute, add_notes, judged_unrun
from handtorch_classroom.progress import write_page
from handtorch_classroom.report import Report, Row
from handtorch_classroom.submissions import GRADING, new_notebook, read_submission

Say = Callable[[str], None]


def grade(
    root: Path,
    submissions: Path | None = None,
    *,
    only: Sequence[str] = (),
    workers: int | None = None,
    scheduler: str | None = None,
    say: Say | None = None,
) -> Report:
    """Grade exercises/ as the submission of one learner, or the class in `submissions`.

    Args:
        root: the course, where nbgrader_config.py stands.
        submissions: a folder laid out as <student>/<chapter>/<exercise>.ipynb; never changed.
        only: names such as "tokenizer" or "tokenizer/bpe", to grade no more than these.
        workers: notebooks to run at once; if None, two a core, since a notebook waits half of its
            time: for a kernel to start, for its judge, for the gradebook.
        scheduler: the address of a Dask scheduler whose workers are to run the notebooks.
        say: called with a line for each notebook that was graded.

    Raises:
        NotebookError: if there is nothing to grade, or an exercise itself is broken.
    """
    root = root.resolve()
    if submissions is None:
        handed, unknown = collect_own(root, YOU), list[Row]()
    else:
        handed, unknown = collect(root, submissions.resolve())
    handed = [one for one in handed if not only or {one.chapter, one.name} & set(only)]
    if not handed:
        raise NotebookError(f"{', '.join(only)}: no exercise of this name")
    with quiet(), lean():
        grader = Grader(root, load_config(root), say or (lambda line: None))
        try:
            remarks = grader.prepare(handed, here=scheduler is None)
            if scheduler is None:
                rows = asyncio.run(grader.grade_all(handed, workers or 2 * _cores())) + unknown
            else:
                rows = asyncio.run(grader.grade_elsewhere(handed, scheduler)) + unknown
        finally:
            warm.end_all()
        remarks += grader.remarks
    rows.sort(key=lambda row: (row.student, row.chapter, row.exercise))
    feedback = root / "grading" / "feedback"
    report = Report(rows, feedback / YOU if submissions is None else feedback, remarks=remarks)
    if submissions is not None:
        report.write_csv(root / "grading" / "marks.csv")
    else:
        report.remarks += _remember(root, rows)
    return report


def _remember(root: Path, rows: Sequence[Row]) -> list[str]:
    """Record what the learner tried; what went wrong with that, a sentence each."""
    graded = [(row, _answers(root, row)) for row in rows if row.started and row.score is not None]
    time = attempts.now()
    tried = [
        attempts.Attempt(row.name, row.score or 0.0, row.max_score, answers, time)
        for row, answers in graded
        if answers
    ]
    try:
        attempts.record(root, tried)
        write_page(root)
    except (NotebookError, OSError) as error:
        return [f"Your progress was not recorded: {error}."]
    return []


def _answers(root: Path, row: Row) -> str:
    """What tells this attempt of the learner from others; "" if no notebook was graded."""
    path = root / "grading" / "submitted" / row.student / row.chapter / f"{row.exercise}.ipynb"
    return attempts.answers_of(read_submission(path))


class Grader:
    """Grades notebooks of one course."""

    def __init__(self, root: Path, config: Config, say: Say) -> None:
        config.Exporter.default_preprocessors = []
        self.root, self.config, self._say = root, config, say
        self.remarks: list[str] = []
        self._cluster: Cluster | None = None
        self._lost = 0  # notebooks that the cluster could not run
        self._here = asyncio.Semaphore(_cores())  # for those
        self._release = root / "grading" / "release"
        self._db_url = config.CourseDirectory.db_url
        self._sanitize = self._steps(config.Autograde.sanitize_preprocessors)
        steps = self._steps(config.Autograde.autograde_preprocessors)
        self._run_step = next(step for step in steps if isinstance(step, SafeExecute))
        self._record_steps = [step for step in steps if not isinstance(step, SafeExecute)]
        exporter = import_item(config.GenerateFeedback.exporter_class)
        self._feedback = exporter(config=config)
        for step in self._steps(config.GenerateFeedback.preprocessors):
            self._feedback.register_preprocessor(step, enabled=True)

    def _steps(self, names: Sequence[str]) -> list[Any]:
        try:
            return [import_item(name)(config=self.config) for name in names]
        except (ImportError, TraitError) as error:
            raise NotebookError(f"nbgrader_config.py: {error}") from error

    def prepare(self, handed: Sequence[Handed], *, here: bool = True) -> list[str]:
        """Bring gradebook and copies up to date. Returns remarks for whoever grades; on what
        submissions are not kept from only if they run `here`.
        """
        early.wait()
        try:
            lacking = missing_protection(self.config) if here else ""
        except RuntimeError as error:
            raise NotebookError(f"Nothing was graded: {error}") from error
        cold = self._warm_up(handed) if here else ""
        remarks = []
        self._release.mkdir(parents=True, exist_ok=True)
        for chapter in sorted({one.chapter for one in handed}):
            remark = release.fill_gradebook(self.root, chapter, self._release)
            remarks += [remark] if remark else []
        remarks += [remark for remark in (lacking, cold) if remark]
        with open_gradebook(self.config) as gradebook:
            for student, chapter in sorted({(one.student, one.chapter) for one in handed}):
                mine = [o for o in handed if (o.student, o.chapter) == (student, chapter)]
                stamp = stage(self.root / "grading" / "submitted" / student / chapter, mine)
                time = time_of(stamp)
                if stamp and time is None:
                    remarks.append(
                        f"{student}/{chapter}: {TIMESTAMP} holds no time, so nobody knows whether "
                        "it came late."
                    )
                gradebook.update_or_create_student(student)
                known = {"timestamp": time} if time else {}  # else the one that is known stays
                gradebook.update_or_create_submission(chapter, student, **known)
        return remarks

    def _warm_up(self, handed: Sequence[Handed]) -> str:
        """Let what kernels are forked from import what the exercises use, while there is other
        work. Returns a remark if there can be nothing of the kind.
        """
        zygote, problem = forker_of(self.config.LimitedKernelManager)
        early.remember(self.root, self.config.LimitedKernelManager)
        if zygote is not None:
            folder = self.root / "solutions"
            solutions = {folder / one.chapter / f"{one.exercise}.ipynb" for one in handed}
            texts = [path.read_text(encoding="utf-8") for path in solutions if path.is_file()]
            zygote.prepare(warm.libraries_in(texts))
        return problem

    async def grade_elsewhere(self, handed: Sequence[Handed], scheduler: str) -> list[Row]:
        """Grade notebooks that the workers of a Dask scheduler run."""
        async with connected(scheduler, self.config) as self._cluster:
            self.remarks += self._cluster.remarks
            rows = await self.grade_all(handed, self._cluster.room)
        if self._lost:
            self.remarks.append(f"{self._lost} notebooks were run here: the cluster could not.")
        return rows

    async def grade_all(self, handed: Sequence[Handed], workers: int) -> list[Row]:
        """Grade notebooks, `workers` at once; what goes wrong with one does not stop the rest."""
        gate = asyncio.Semaphore(workers)
        done = 0

        async def grade_one(one: Handed) -> Row:
            nonlocal done
            async with gate:
                try:
                    row = await self.grade(one)
                except Exception as error:
                    notes = (f"could not be graded, by a fault of the grader: {error!r}",)
                    row = Row(one.student, one.chapter, one.exercise, None, 0.0, notes)
            done += 1
            self._say(f"{done}/{len(handed)} {row.student} {row.name}: {row.what_happened}")
            return row

        return await asyncio.gather(*map(grade_one, handed))

    async def grade(self, one: Handed) -> Row:
        """Grade one notebook and write what came of it."""
        for step, ending in (("autograded", ".ipynb"), ("feedback", ".html")):
            self._path(one, step, ending).unlink(missing_ok=True)  # of an earlier run
        if not one.path.exists() and not one.path.is_symlink():
            self._mark_missing(one)
            return self._row(one, None, (one.note or "no notebook was handed in",))
        submitted = read_submission(one.path)
        resources = self._resources(one)
        notebook: Notebook = submitted
        for step in self._sanitize:
            notebook, resources = step(notebook, resources)
        started = not is_untouched(submitted, self._release / one.chapter / one.path.name)
        if not started:
            for cell in filter(is_test, notebook.cells):
                fail(cell, "NotRun", "not started")
        elif not judged_unrun(notebook):
            notebook, notes = await self._run(one, notebook)
            add_notes(notebook, list(notes))
        for step in self._record_steps:
            notebook, resources = step(notebook, resources)
        self._write(one, "autograded", ".ipynb", nbformat.writes(notebook))
        if started:
            self._write_feedback(one, notebook, resources)
        return self._row(one, notebook, (), started)

    async def _run(self, one: Handed, notebook: Notebook) -> tuple[Notebook, Sequence[str]]:
        """The notebook as it ran, on some worker or here, and what was odd."""
        tests = self._run_step.surroundings_of(one.chapter, one.exercise)
        limits = self._run_step.limits
        support = self._support_files(one.chapter)
        if self._cluster is not None:
            data = {name: path.read_bytes() for name, path in support.items()}
            sections = sections_of(self.config)
            try:
                return await self._cluster.run(
                    Work(nbformat.writes(notebook), data, tests, limits, sections)
                )
            except Lost:
                self._lost += 1
        with tempfile.TemporaryDirectory(prefix="grading-") as folder:
            for name, path in support.items():
                target = Path(folder) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
            runner = Runner(notebook, Path(folder), limits, self.config, tests)
            if self._cluster is None:
                return notebook, (await runner.run()).notes
            async with self._here:
                return notebook, (await runner.run()).notes

    def _resources(self, one: Handed) -> dict[str, Any]:
        """What nbgrader's steps want to know."""
        of = {"student": one.student, "assignment": one.chapter, "notebook": one.exercise}
        return {"nbgrader": {**of, "db_url": self._db_url}, "metadata": {}}

    def _mark_missing(self, one: Handed) -> None:
        """A notebook that is not there gets 0 points, but for what was given by hand."""
        with open_gradebook(self.config) as gradebook:
            marks = gradebook.find_submission_notebook(one.exercise, one.chapter, one.student)
            for mark in marks.grades:
                mark.auto_score, mark.needs_manual_grade = 0, False
            gradebook.db.commit()
        for step in self._record_steps:
            if isinstance(step, AssignLatePenalties):  # one from an earlier grading may be there
                step(new_notebook([], {}), self._resources(one))

    def _write_feedback(self, one: Handed, notebook: Notebook, resources: dict[str, Any]) -> None:
        try:
            html, _ = self._feedback.from_notebook_node(notebook, resources)
        except Exception as error:  # a page is no reason to lose a mark
            add_notes(notebook, [f"no feedback page could be written ({error!r})"])
        else:
            self._write(one, "feedback", ".html", html)

    def _row(
        self, one: Handed, notebook: Notebook | None, notes: tuple[str, ...], started: bool = True
    ) -> Row:
        """The row of a notebook, its marks from the gradebook."""
        with open_gradebook(self.config) as gradebook:
            marks = marks_of(
                gradebook.find_submission_notebook(one.exercise, one.chapter, one.student)
            )
        notes = notes or tuple(notebook.metadata[GRADING]["notes"] if notebook else ())
        tests = [] if notebook is None else [cell for cell in notebook.cells if is_test(cell)]
        found = [(cell.metadata.nbgrader.grade_id, problem(cell)) for cell in tests]
        return Row(
            *(one.student, one.chapter, one.exercise, marks.score, marks.max_score),
            notes=(*notes, *marks.clauses),
            problems=tuple((name, p) for name, p in found if p is not None and started),
            tests=len(tests),
            started=started,
            penalty=marks.penalty,
            waiting=bool(marks.waiting),
        )

    def _write(self, one: Handed, step: str, ending: str, text: str) -> None:
        path = self._path(one, step, ending)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)

    def _path(self, one: Handed, step: str, ending: str) -> Path:
        folder = self.root / "grading" / step / one.student / one.chapter
        return folder / f"{one.exercise}{ending}"

    def _support_files(self, chapter: str) -> dict[str, Path]:
        """The files that stand beside the solutions, such as data, by their relative paths."""
        source = self.root / "solutions" / chapter
        ignored = [*self.config.CourseDirectory.ignore, "*.ipynb"]
        found = map(Path, find_all_files(str(source), ignored))
        return {path.relative_to(source).as_posix(): path for path in found}


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
