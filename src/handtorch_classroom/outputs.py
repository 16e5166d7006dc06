"""What a notebook's cells are called, and their outputs made fit to be kept and shown."""

from typing import Any

import nbformat
from nbconvert.filters import strip_ansi
from nbgrader.utils import is_grade, is_solution

from handtorch_classroom.notebooks import Notebook

OWN_FRAMES = "handtorch_classroom"


def is_test(cell: Notebook) -> bool:
    """Whether the cell is judged by running it."""
    return bool(cell.cell_type == "code" and is_grade(cell) and not is_solution(cell))


def fail(cell: Notebook, name: str, sentence: str) -> None:
    """Give a cell an error, whatever came of it so far."""
    cell.outputs = [o for o in cell.get("outputs", []) if o.output_type != "error"]
    error = {"ename": name, "evalue": sentence, "traceback": [sentence]}
    cell.outputs.append(nbformat.from_dict({"output_type": "error", **error}))


def cell_name(cell: Notebook, index: int) -> str:
    """How a sentence speaks of a cell."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    if not name:
        return f"cell {index + 1}"
    return f"the {'test' if is_grade(cell) else 'answer'} cell {name}"


def writable(value: Any) -> Any:
    """The value with lone surrogates, which no file can hold, replaced in all of its strings."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [writable(item) for item in value]
    if isinstance(value, dict):
        return {writable(key): writable(item) for key, item in value.items()}
    return value


def is_stream(outputs: list[Notebook], name: str) -> bool:
    """Whether one of the outputs is text on this stream."""
    return any(output.output_type == "stream" and output.name == name for output in outputs)


def without_frames(error: Notebook, cell: Notebook) -> list[str]:
    """A traceback without colors, frames of our modules, and frames of a (maybe hidden) test."""
    test = f"Cell In[{cell.execution_count}]" if is_test(cell) else "\0"
    kept = []
    for entry in map(strip_ansi, error.traceback):
        head = entry.partition("\n")[0]
        if head.startswith("---") or "Traceback (most recent call last)" in head:
            continue
        if head.lstrip().startswith(test) or f"{OWN_FRAMES}/" in head:
            continue
        kept.append(entry)
    return kept or [f"{error.ename}: {error.evalue}"]
