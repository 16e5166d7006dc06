"""The classes that nbgrader is configured with: see nbgrader_config.py, which lists them.

They are thin: what they do to a notebook stands in `submissions` and `execution`, which know
nothing of nbgrader's converters. So ``nbgrader autograde`` and ``make grade`` give the same marks.
"""

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter, NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, NbGraderPreprocessor
from nbgrader.utils import is_grade, setenv
from nbgrader.validator import Validator
from traitlets import Bool, Integer

from handtorch_classroom import notebooks
from handtorch_classroom.apart import Surroundings, surroundings_of
from handtorch_classroom.execution import Limits, execute
from handtorch_classroom.notebooks import Notebook, NotebookError
from handtorch_classroom.outputs import fail, is_test
from handtorch_classroom.restoring import expected_cells, order_of, restore
from handtorch_classroom.submissions import (
    GRADING,
    read_submission,
    tidy,
    without_hidden_tests,
)


class DropInstructorCells(NbGraderPreprocessor):  # type: ignore[misc, unused-ignore]
    """Release: cells tagged `instructor`, which say why the solution is right, are left out."""

    def preprocess(self, nb: Notebook, resources: Any) -> tuple[Notebook, Any]:
        nb.cells = [cell for cell in nb.cells if "instructor" not in notebooks.tags(cell)]
        return nb, resources


class TidySources(NbGraderPreprocessor):  # type: ignore[misc, unused-ignore]
    """Release: sources as a normalized notebook has them, before checksums are taken of them."""

    def preprocess_cell(self, cell: Notebook, resources: Any, index: int) -> tuple[Notebook, Any]:
        cell.source = tidy(cell.source)
        return cell, resources


class HideTests(NbGraderPreprocessor):  # type: ignore[misc, unused-ignore]
    """Release and feedback: a line stands for each region of hidden tests."""

    def preprocess_cell(self, cell: Notebook, resources: Any, index: int) -> tuple[Notebook, Any]:
        if is_grade(cell):
            cell.source = without_hidden_tests(cell.source)
        return cell, resources


class RestoreExercise(NbGraderPreprocessor):  # type: ignore[misc, unused-ignore]
    """Autograde: the cells of the exercise as the gradebook has them."""

    def preprocess(self, nb: Notebook, resources: Any) -> tuple[Notebook, Any]:
        of = resources["nbgrader"]
        order = order_of(solution_path(self.config, of["assignment"], of["notebook"]))
        with Gradebook(of["db_url"]) as gradebook:
            expected = expected_cells(gradebook, of["notebook"], of["assignment"], order)
        return restore(nb, expected), resources


class SafeExecute(NbGraderPreprocessor):  # type: ignore[misc, unused-ignore]
    """Autograde and Validate: run the notebook so that every test cell proves itself or fails."""

    timeout = Integer(30, help="Seconds of processor and sleep that a cell may take.").tag(
        config=True
    )
    notebook_timeout = Integer(300, help="Such seconds that a notebook may take.").tag(config=True)
    patience = Integer(5, help="How many times as long either may take by the clock.").tag(
        config=True
    )
    apart = Bool(True, help="Whether tests are judged in a process of their own.").tag(config=True)

    def surroundings_of(self, chapter: str, exercise: str) -> Surroundings | None:
        """What the judge of an exercise is told; None if its tests run with the submission."""
        path = solution_path(self.config, chapter, exercise)
        return surroundings_of(path) if self.apart else None

    @property
    def limits(self) -> Limits:
        """The configured limits."""
        return Limits(self.timeout, self.notebook_timeout, self.patience)

    def preprocess(self, nb: Notebook, resources: Any) -> tuple[Notebook, Any]:
        folder = Path(resources.get("metadata", {}).get("path") or ".").resolve()
        of = resources.get("nbgrader")  # Validate has none: it runs as the Lab does
        if not judged_unrun(nb):
            tests = self.surroundings_of(of["assignment"], of["notebook"]) if of else None
            add_notes(nb, execute(nb, folder, self.limits, self.config, tests).notes)
        return nb, resources


def solution_path(config: Any, chapter: str, exercise: str) -> Path:
    """Where the course has the solution of an exercise."""
    course = config.CourseDirectory
    folder = Path(course.get("root") or ".") / str(course.get("source_directory", "source"))
    return folder / chapter / f"{exercise}.ipynb"


def judged_unrun(notebook: Notebook) -> bool:
    """Fail every test of a notebook that stands for no notebook; returns whether it is one."""
    problem = notebook.metadata.get(GRADING, {}).get("problem")
    for cell in notebook.cells:
        if problem and is_test(cell):
            fail(cell, "NotRun", problem)
    return bool(problem)


def add_notes(notebook: Notebook, notes: list[str]) -> None:
    """Add clauses about what was odd to the notebook that they are about."""
    known = notebook.metadata.setdefault(GRADING, {}).setdefault("notes", [])
    known += [note for note in notes if note not in known]


class ReleaseExporter(NotebookExporter):  # type: ignore[misc, unused-ignore]
    """Writes the release normalized, so that it is the same byte for byte each time."""

    def from_notebook_node(self, nb: Notebook, resources: Any = None, **kw: Any) -> Any:
        try:
            nb, resources = Exporter.from_notebook_node(self, nb, resources, **kw)
        except Exception as error:  # nbgrader does not say which notebook it was
            raise NotebookError(f"{resources['metadata']['name']}.ipynb: {error}") from error
        return notebooks.dumps(notebooks.normalize(nb)), resources


class SubmissionExporter(NotebookExporter):  # type: ignore[misc, unused-ignore]
    """Reads whatever was handed in; a file that is no notebook is graded, with 0 points."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        path = Path(filename)
        resources = {**(resources or {}), "metadata": {"name": path.stem, "path": str(path.parent)}}
        return self.from_notebook_node(read_submission(path), resources, **kw)  # type: ignore[no-untyped-call, unused-ignore]


def extend_validator() -> None:
    """Let ``nbgrader validate`` and the Validate button run notebooks as grading does.

    nbgrader offers no option for this: its Validator has a fixed list of preprocessors.
    """

    def preprocess(self: Validator, nb: Notebook) -> Notebook:
        resources: dict[str, Any] = {}
        with setenv(NBGRADER_VALIDATING="1", NBGRADER_EXECUTION="validate"):
            for step in (CheckCellMetadata, ClearOutput, SafeExecute):
                nb, resources = step(parent=self).preprocess(nb, resources)
        return nb

    Validator._preprocess = preprocess
