"""Exercises and the gates that they pass before anybody is graded with them.

An exercise is proved by answers: its solution and some right answers in another style
(``tests/<chapter>/alternatives/<exercise>/``) must get full marks; plausible wrong answers
(``tests/<chapter>/mutants/<exercise>/``) must lose marks, and idle ones (``idle_*.py``: they return
their input, a constant, or call the library) must get none. Each of these files is Python that
redefines functions of the solution; its docstring says which mistake it makes.
"""

import ast
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from handtorch_classroom import notebooks
from handtorch_classroom.notebooks import Notebook, NotebookError
from handtorch_classroom.trial import Cell, Result, run_cells

TIMEOUT = 20.0  # seconds a cell; a test cell of an exercise runs in under 5


@dataclass(frozen=True)
class Answer:
    """A right or wrong answer kept in a file: Python that redefines what the exercise asks for."""

    path: Path

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def is_idle(self) -> bool:
        """Whether it does no work at all and so must get no marks."""
        return self.name.startswith("idle_")

    @cached_property
    def source(self) -> str:
        """The Python text."""
        return self.path.read_text(encoding="utf-8")

    @property
    def mistake(self) -> str:
        """What it does wrong (or in another way): the first line of its docstring."""
        text = ast.get_docstring(ast.parse(self.source)) or ""
        return text.splitlines()[0] if text else ""


@dataclass(frozen=True)
class Exercise:
    """One exercise of a chapter under the repository `root`."""

    root: Path
    chapter: str
    name: str

    def __str__(self) -> str:
        return f"{self.chapter}/{self.name}"

    @property
    def solution_path(self) -> Path:
        """The source notebook, with solution and hidden tests."""
        return self.root / "solutions" / self.chapter / f"{self.name}.ipynb"

    @property
    def release_path(self) -> Path:
        """The notebook that learners get."""
        return self.root / "exercises" / self.chapter / f"{self.name}.ipynb"

    @cached_property
    def solution(self) -> Notebook:
        """The source notebook, read."""
        return notebooks.read(self.solution_path)

    @cached_property
    def release(self) -> Notebook:
        """The release notebook, read."""
        return notebooks.read(self.release_path)

    @property
    def max_points(self) -> int:
        """The marks of a right answer."""
        return sum(cell.points or 0 for cell in code_cells(self.solution))

    def mutants(self) -> list[Answer]:
        """Wrong answers, in order of their names."""
        return self._answers("mutants")

    def alternatives(self) -> list[Answer]:
        """Right answers in another style, in order of their names."""
        return self._answers("alternatives")

    def _answers(self, kind: str) -> list[Answer]:
        folder = self.root / "tests" / self.chapter / kind / self.name
        return [Answer(path) for path in sorted(folder.glob("*.py"))]

    def try_stub(self) -> list[Result]:
        """Run the release as it is handed out."""
        return run_cells(code_cells(self.release), TIMEOUT)

    def try_answer(self, answer: Answer | None = None, visible_only: bool = False) -> list[Result]:
        """Run the exercise with the solution, or with `answer` put over it.

        Args:
            answer: redefinitions, run after every solution cell so that none is undone.
            visible_only: take the test cells as learners have them, without hidden tests.
        """
        tests = {c.name: c for c in code_cells(self.release) if c.points is not None}
        cells: list[Cell] = []
        for cell in code_cells(self.solution):
            if cell.points is not None and visible_only:
                cell = tests[cell.name]
            cells.append(cell)
            if answer is not None and cell.name in self.solution_names():
                cells.append(Cell(f"{answer.name}-over-{cell.name}", answer.source))
        return run_cells(cells, TIMEOUT)

    def solution_names(self) -> list[str]:
        """The names of the cells that learners fill in."""
        return [
            cell.id
            for cell in self.solution.cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
        ]


@dataclass(frozen=True)
class Trial:
    """How one answer fared."""

    answer: Answer
    points: int
    visible_points: int
    max_points: int
    message: str

    @property
    def killed(self) -> bool:
        """Whether the tests saw that the answer is wrong."""
        return self.points < self.max_points

    @property
    def killed_visibly(self) -> bool:
        """Whether the tests that the learner has saw it."""
        return self.visible_points < self.max_points


def all_exercises(root: Path, only: Sequence[str] = ()) -> list[Exercise]:
    """The exercises under solutions/, in order; `only` keeps chapters or chapter/exercise names.

    Raises:
        NotebookError: if a name in `only` fits none.
    """
    found = [
        Exercise(root, path.parent.name, path.stem)
        for path in sorted(root.glob("solutions/*/*.ipynb"))
    ]
    for name in only:
        if not any(name in (str(e), e.chapter) for e in found):
            known = ", ".join(map(str, found)) or "none"
            raise NotebookError(f"no exercise is called {name!r}; there are: {known}")
    return [e for e in found if not only or str(e) in only or e.chapter in only]


def code_cells(notebook: Notebook) -> Iterator[Cell]:
    """The code cells in order, test cells with their points."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            graded = cell.metadata.get("nbgrader", {})
            points = int(graded["points"]) if graded.get("grade") else None
            yield Cell(cell.id, cell.source, points)


def try_mutant(exercise: Exercise, mutant: Answer) -> Trial:
    """Run a wrong answer against all tests, then against the visible ones alone."""
    results = exercise.try_answer(mutant)
    visible = exercise.try_answer(mutant, visible_only=True)
    failed = [r for r in [*visible, *results] if not r.passed]
    return Trial(
        mutant,
        points=sum(r.points for r in results if r.passed),
        visible_points=sum(r.points for r in visible if r.passed),
        max_points=exercise.max_points,
        message=failed[0].message if failed else "",
    )


def try_mutants(exercise: Exercise) -> list[Trial]:
    """`try_mutant` for every wrong answer, in order of their names.

    Several run at once: each is a process of its own, and some spend their time waiting.
    """
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda mutant: try_mutant(exercise, mutant), exercise.mutants()))


def ends_in_report(source: str) -> bool:
    """Whether a test cell ends in ``report()``, or in the call of its own function that does."""
    *others, last = ast.parse(source).body or [ast.Pass()]
    functions = {f"{node.name}()": node for node in others if isinstance(node, ast.FunctionDef)}
    if own := functions.get(ast.unparse(last)):
        last = own.body[-1]
    return ast.unparse(last) == "report()"


def bound_names(source: str) -> list[str]:
    """The names that a test cell binds in the learner's namespace, but for those of its own kind.

    A test cell runs where the learner's functions live: a loop variable of it called ``count``
    would take the place of a helper of that name. What a function declares `global` is not among
    them: it does so on purpose, to count the calls of a learner's function, and puts it back.
    """
    names: set[str | None] = set()
    todo: list[ast.AST] = [ast.parse(source)]
    while todo:
        node = todo.pop()
        apart: list[ast.AST] = []  # what runs in a namespace of its own, or later
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
                apart = [*node.body]
            case ast.Lambda():
                apart = [node.body]
            case ast.comprehension():
                apart = [node.target]  # what := binds in a comprehension is bound outside
            case ast.alias():
                names.add(node.asname or node.name.partition(".")[0])
            case ast.Name(ctx=ast.Store() | ast.Del()):
                names.add(node.id)
            case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
                names.add(node.name)
            case ast.MatchMapping():
                names.add(node.rest)
        todo += [child for child in ast.iter_child_nodes(node) if child not in apart]
    return sorted(name for name in names if name and not name.startswith(("check_", "Check")))


def anatomy(exercise: Exercise) -> list[str]:
    """What the notebook lacks of an exercise's parts, a sentence each."""
    lacks: list[str] = []
    about = exercise.solution.metadata.get("handtorch", {})
    if about.get("difficulty") not in (1, 2, 3):
        lacks.append("difficulty in the notebook's metadata must be 1, 2 or 3")
    if not isinstance(about.get("minutes"), int):
        lacks.append("minutes in the notebook's metadata must be a whole number")
    if not about.get("questions"):
        lacks.append("questions in the notebook's metadata must name question ids of the syllabus")
    prose = "\n".join(c.source for c in exercise.solution.cells if c.cell_type == "markdown")
    if prose.count(":::{dropdown} Hint") < 3:
        lacks.append("three hints folded by dropdown are needed: nudge, approach, pseudocode")
    instructor = [c for c in exercise.solution.cells if "instructor" in notebooks.tags(c)]
    if not instructor:
        lacks.append("a Markdown cell tagged `instructor` must say why the solution is right")
    for cell in exercise.solution.cells:
        graded = cell.metadata.get("nbgrader", {})
        if graded and cell.id != graded.get("grade_id"):
            lacks.append(f"cell {cell.id}: its id must equal its grade_id {graded.get('grade_id')}")
        if graded.get("grade"):
            if not ends_in_report(cell.source):
                lacks.append(f"test cell {cell.id} must end in report(), outside hidden tests")
            if "case(" not in cell.source and "require(" not in cell.source:
                lacks.append(f"test cell {cell.id} checks nothing")
            if taken := bound_names(cell.source):
                lacks.append(
                    f"test cell {cell.id} sets {', '.join(taken)}: learners may use these names, "
                    "so its own must begin with check_ or Check"
                )
    if "### BEGIN HIDDEN TESTS" not in "\n".join(c.source for c in exercise.solution.cells):
        lacks.append("no test cell has hidden tests")
    wrong = [m for m in exercise.mutants() if not m.is_idle]
    idle = [m for m in exercise.mutants() if m.is_idle]
    if len(wrong) < 5 or len(idle) < 3:
        lacks.append(f"{len(wrong)} mutants and {len(idle)} idle ones: at least 5 and 3 are needed")
    if len(exercise.alternatives()) < 2:
        lacks.append("at least 2 alternatives are needed")
    for answer in [*exercise.mutants(), *exercise.alternatives()]:
        if not answer.mistake:
            lacks.append(f"{answer.path.name} needs a docstring that says what it does")
    return lacks
