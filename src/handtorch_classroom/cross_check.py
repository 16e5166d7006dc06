"""Every answer that is kept, right or wrong, handed in and graded: what ``make mutants`` does.

The gates try answers in a process of their own, which is quick. This is the other way: each answer
becomes a submission, a whole class of them is graded as any class is, in a course of its own, and
the marks must be those that the gates found. What differs is a fault of the one or of the other.
"""

import ast
import copy
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat

from handtorch_classroom import notebooks
from handtorch_classroom.exercises import Answer, Exercise, all_exercises
from handtorch_classroom.grading import grade
from handtorch_classroom.notebooks import Notebook
from handtorch_classroom.report import Row

Say = Callable[[str], None]


@dataclass(frozen=True)
class Verdict:
    """What grading and the gates gave one answer; `answer` is None for the solution itself."""

    exercise: Exercise
    answer: Answer | None
    gates: int
    row: Row

    @property
    def agrees(self) -> bool:
        """Whether both gave the same."""
        return self.row.score is not None and float(self.gates) == self.row.score

    def __str__(self) -> str:
        name = "the solution" if self.answer is None else self.answer.path.parent.parent.name
        name += "" if self.answer is None else f"/{self.answer.name}"
        graded = "not graded" if self.row.score is None else f"{self.row.score:g} marks"
        return (
            f"{self.exercise}: {name}: {graded}, the gates found {self.gates}. "
            f"{self.row.what_happened}"
        )


def cross_check(root: Path, only: Sequence[str] = (), say: Say | None = None) -> list[Verdict]:
    """Grade the solution, the right and the wrong answers of exercises, and ask the gates.

    Raises:
        NotebookError: if a name in `only` fits no exercise.
    """
    exercises = all_exercises(root, only)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        course, handed_in = Path(folder) / "course", Path(folder) / "class"
        course.mkdir()
        shutil.copy(root / "nbgrader_config.py", course)
        for chapter in sorted({exercise.chapter for exercise in exercises}):
            shutil.copytree(root / "solutions" / chapter, course / "solutions" / chapter)
        asked = dict(_hand_in(exercises, handed_in))
        names = [str(exercise) for exercise in exercises]
        report = grade(course, handed_in, only=names, say=say)
    rows = {(row.student, row.name): row for row in report.rows}
    with ThreadPoolExecutor(max_workers=4) as pool:  # each is a process of its own
        points = list(pool.map(_points, asked.values()))
    return [
        Verdict(exercise, answer, found, rows[student, name])
        for ((student, name), (exercise, answer)), found in zip(asked.items(), points)
    ]


def _points(asked: tuple[Exercise, Answer | None]) -> int:
    exercise, answer = asked
    return sum(result.points for result in exercise.try_answer(answer) if result.passed)


def _hand_in(
    exercises: Sequence[Exercise], folder: Path
) -> Iterator[tuple[tuple[str, str], tuple[Exercise, Answer | None]]]:
    """Write a class: its n-th student hands in the n-th answer to every exercise."""
    for exercise in exercises:
        answers = [None, *exercise.alternatives(), *exercise.mutants()]
        for number, answer in enumerate(answers):
            student = f"answer-{number:03}"
            path = folder / student / exercise.chapter / f"{exercise.name}.ipynb"
            notebooks.write(submission(exercise, answer), path)
            yield (student, str(exercise)), (exercise, answer)


def submission(exercise: Exercise, answer: Answer | None) -> Notebook:
    """The solution as a learner hands it in, with an answer in a cell after each of its cells.

    What the answer defines is taken out of the solution: where its cell fails, as an import that is
    refused does, the right function must not stand in for it.
    """
    notebook = copy.deepcopy(exercise.solution)
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if answer is not None and cell.id in exercise.solution_names():
            cell.source = without(cell.source, defined_alone(answer.source))
            cells.append(nbformat.v4.new_code_cell(answer.source))
    notebook.cells = cells
    return notebook


def defined_alone(source: str) -> set[str]:
    """The functions and classes that Python text defines without looking at older ones."""
    tree = ast.parse(source)
    names = {node.name for node in tree.body if isinstance(node, _DEFINITIONS)}
    read: set[str] = set()
    todo: list[ast.AST] = [tree]
    while todo:  # what is read while the text runs, not when its functions are called
        node = todo.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            read.add(node.id)
        later = node.body if isinstance(node, _DEFINITIONS[:2]) else []
        todo += [child for child in ast.iter_child_nodes(node) if child not in later]
    return names - read


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def without(source: str, names: set[str]) -> str:
    """Python text without the definitions of these functions and classes."""
    lines = source.split("\n")
    for node in reversed(ast.parse(source).body):
        if isinstance(node, _DEFINITIONS) and node.name in names:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            del lines[first - 1 : node.end_lineno]
    return "\n".join(lines)
