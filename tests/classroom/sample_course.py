"""A small course for the tests of release and grading: one chapter, two exercises, no torch."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

from handtorch_classroom import notebooks, release

REPOSITORY = Path(__file__).parents[2]
CHAPTER = "arithmetic"
Notebook = Any

ADD = '''def add(a: int, b: int) -> int:
    """The sum."""
    ### BEGIN SOLUTION
    return a + b
    ### END SOLUTION'''
NEGATE = """def negate(a: int) -> int:
    ### BEGIN SOLUTION
    return -a
    ### END SOLUTION"""
ADD_VISIBLE = """assert add(1, 2) == 3, '''add(1, 2) is wrong
  expected  3
  got       something else
  why       1 + 2 = 3
  likely    the sign of b'''
print("1 check passed")"""
ADD_HIDDEN = """assert add(0, 0) == 0, "add(0, 0) is wrong\\n  why       0 + 0 = 0"
### BEGIN HIDDEN TESTS
secret = 40
assert add(secret, 2) == 42, "add of a secret is wrong"
### END HIDDEN TESTS
print("2 checks passed")"""
NEGATE_VISIBLE = """assert negate(2) == -2, "negate(2) is wrong"
print("1 check passed")"""


def text(source: str, *tags: str) -> Notebook:
    return nbformat.v4.new_markdown_cell(source, metadata={"tags": list(tags)} if tags else {})


def code(source: str, name: str = "", points: int | None = None) -> Notebook:
    """A code cell; with a name an answer cell, with points a test cell."""
    metadata: dict[str, Any] = {}
    if name:
        test = points is not None
        metadata["nbgrader"] = {
            **({"points": points} if test else {}),
            "grade": test,
            "grade_id": name,
            "locked": test,
            "schema_version": 3,
            "solution": not test,
            "task": False,
        }
    return nbformat.v4.new_code_cell(source, metadata=metadata)


def make_course(root: Path) -> Path:
    """Solutions and configuration under `root`, and the exercises generated from them."""
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write("\nc.SafeExecute.timeout = 2\nc.LimitedKernelManager.memory_gb = 1.0\n")
    cells = [
        text("# Sums\n\nWrite $a + b$."),
        code("import warnings"),
        code(ADD, "add"),
        code(ADD_VISIBLE, "add-visible", 2),
        code(ADD_HIDDEN, "add-hidden", 3),
        text("Adding is what `+` is for.", "instructor"),
        code(NEGATE, "negate"),
        code(NEGATE_VISIBLE, "negate-visible", 1),
    ]
    sums = nbformat.v4.new_notebook(cells=cells)
    sums.metadata["handtorch"] = {"difficulty": 1, "minutes": 5, "questions": ["sums"]}
    notebooks.write(sums, root / "solutions" / CHAPTER / "sums.ipynb")
    double = "def double(a):\n    ### BEGIN SOLUTION\n    return 2 * a\n    ### END SOLUTION"
    test = 'assert double(4) == 8, "double(4) is wrong"\n\n'
    cells = [text("# Twice"), code(double, "double"), code(test, "double-visible", 4)]
    twice = nbformat.v4.new_notebook(cells=cells)
    notebooks.write(twice, root / "solutions" / CHAPTER / "twice.ipynb")
    release.release_all(root)
    return root


def answer(notebook: Notebook, name: str, source: str) -> None:
    """Write into an answer cell."""
    cell(notebook, name).source = source


def cell(notebook: Notebook, name: str) -> Notebook:
    """The first cell with this nbgrader name."""
    return notebook.cells[place(notebook, name)]


def place(notebook: Notebook, name: str) -> int:
    """Where the first cell with this nbgrader name stands."""
    found = [i for i, c in enumerate(notebook.cells) if grade_id(c) == name]
    return found[0]


def grade_id(cell: Notebook) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


class ClassFolder:
    """A folder of submissions, written a student at a time."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder
        self._sums = notebooks.read(root / "exercises" / CHAPTER / "sums.ipynb")
        answer(self._sums, "add", "def add(a, b):\n    return a + b")
        answer(self._sums, "negate", "def negate(a):\n    return -a")
        self._twice = notebooks.read(root / "exercises" / CHAPTER / "twice.ipynb")
        answer(self._twice, "double", "def double(a):\n    return a + a")

    def hand_in(self, student: str, change: Callable[[Notebook], None] | None = None) -> None:
        """A right answer to sums, changed by `change`."""
        notebook = copy.deepcopy(self._sums)
        if change:
            change(notebook)
        self.hand_in_bytes(student, json.dumps(notebook).encode())

    def hand_in_twice(self, student: str) -> None:
        """A right answer to the other exercise."""
        self.hand_in_bytes(student, json.dumps(self._twice).encode(), "twice.ipynb")

    def hand_in_bytes(self, student: str, data: bytes, name: str = "sums.ipynb") -> Path:
        """Any file."""
        path = self.folder / student / CHAPTER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path
