"""What a learner handed in: read whatever the file is.

From a submitted notebook only the kinds and sources of its cells, and the names of the cells of the
exercise, are taken; `restoring` does the rest.
"""

import json
import stat
from pathlib import Path
from typing import Any

import nbformat

from handtorch_classroom.notebooks import Notebook

LARGEST = 50_000_000  # bytes of a notebook file
GRADING = "handtorch_grading"  # metadata of a graded notebook: notes, problem
PROBLEM = "handtorch_problem"  # metadata of a notebook that stands for a file that is none
HIDDEN = "# Hidden tests stand here."


class Unreadable(Exception):
    """A file that is no notebook; the message is a clause that says why."""


def read_submission(path: Path) -> Notebook:
    """Read a submitted notebook; what is not one reads as an empty one that says why."""
    try:
        raw = _read_json(path)
    except Unreadable as problem:
        return new_notebook([], {PROBLEM: str(problem)})
    metadata = raw["metadata"] if isinstance(raw.get("metadata"), dict) else {}
    metadata.pop(PROBLEM, None)
    cells = [_cell(cell) for cell in raw["cells"] if isinstance(cell, dict)]
    return new_notebook(cells, metadata)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("the notebook is no regular file")
        if found.st_size > LARGEST:
            raise Unreadable(f"the notebook is larger than {LARGEST // 1_000_000} MB")
        if not found.st_size:
            raise Unreadable("the notebook is an empty file")
        raw = json.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise Unreadable(f"the notebook cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise Unreadable("the file is no notebook: it is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable("the file is no notebook: it is not JSON") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("cells"), list):
        raise Unreadable("the file is no notebook: it has no list of cells")
    return raw


def new_notebook(cells: list[Notebook], metadata: dict[str, Any]) -> Notebook:
    """A sound notebook."""
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = nbformat.from_dict(metadata)
    return notebook


def _cell(raw: dict[str, Any]) -> Notebook:
    """A cell of any file as a sound one: without outputs, tags and attachments."""
    source = raw.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    metadata = raw.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    kept = {"nbgrader": nbgrader} if isinstance(nbgrader, dict) else {}
    return new_cell(raw.get("cell_type"), source if isinstance(source, str) else "", kept)


def new_cell(cell_type: Any, source: str, metadata: dict[str, Any]) -> Notebook:
    """A sound cell; of a kind that is not known, a raw one."""
    source = source.encode("utf-8", "replace").decode()  # lone surrogates cannot be written
    make: dict[str, Any] = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
    }
    known = make.get(cell_type) if isinstance(cell_type, str) else None
    make_one: Any = known or nbformat.v4.new_raw_cell
    return make_one(source, metadata=nbformat.from_dict(metadata))


def tidy(source: str) -> str:
    """Source as a normalized notebook holds it: no blank ends."""
    return "\n".join(line.rstrip() for line in source.strip("\n").split("\n"))


def without_hidden_tests(source: str) -> str:
    """The source of a test cell with one line in the place of each region of hidden tests.

    Raises:
        ValueError: if a region is not closed, or opened twice.
    """
    shown: list[str] = []
    hidden = False
    for line in source.split("\n"):
        if "BEGIN HIDDEN TESTS" in line:
            if hidden:
                raise ValueError("BEGIN HIDDEN TESTS stands within hidden tests")
            hidden = True
            shown.append(line[: len(line) - len(line.lstrip())] + HIDDEN)
        elif "END HIDDEN TESTS" in line:
            hidden = False
        elif not hidden:
            shown.append(line)
    if hidden:
        raise ValueError("BEGIN HIDDEN TESTS without END HIDDEN TESTS")
    return tidy("\n".join(shown))
