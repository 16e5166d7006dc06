"""Notebooks as files: read, normalize, execute, write, and edit as text.

A committed notebook is *normal*: cell ids are set and unique, metadata is down to what the book
uses, outputs carry no timings and no machine paths, and the JSON is laid out in one way. Then two
runs of a notebook give the same bytes, and a diff shows what changed.
"""

import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

Notebook = Any  # nbformat.NotebookNode, whose attributes no type checker can see

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
CELL_METADATA = ("deletable", "editable", "mystnb", "nbgrader", "tags")
NOTEBOOK_METADATA = ("handtorch",)
CELL_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MACHINE_PATH = re.compile(r"(/home/|/Users/|/root/|/tmp/|/private/var/|[A-Z]:\\\\)[\w.-]+")
CELL_TIMEOUT = 120  # seconds; a page runs in under 60


class NotebookError(Exception):
    """A notebook that cannot be read, run or accepted; the message is one sentence for a person."""


def read(path: Path) -> Notebook:
    """Read a notebook, of any nbformat 4 minor version.

    Raises:
        NotebookError: if the file is missing or is no notebook.
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw = json.loads(text)
        if raw.get("nbformat") != 4 or not isinstance(raw.get("cells"), list):
            raise NotebookError(f"{path}: not a notebook of format 4 (no list of cells)")
        for cell in raw["cells"]:  # ids are set by normalize, so a missing one is no defect yet
            cell.setdefault("id", "")
        raw["nbformat_minor"] = 5
        return nbformat.from_dict(_with_joined_lines(raw))
    except FileNotFoundError as error:
        raise NotebookError(f"{path}: no such notebook") from error
    except (UnicodeDecodeError, json.JSONDecodeError, AttributeError, TypeError) as error:
        raise NotebookError(f"{path}: not a notebook: {error}") from error


def normalize(notebook: Notebook) -> Notebook:
    """The same notebook in its normal form; `notebook` itself is left as it is."""
    normal = nbformat.from_dict(json.loads(json.dumps(notebook)))
    kept = {k: normal.metadata[k] for k in NOTEBOOK_METADATA if k in normal.metadata}
    normal.metadata = nbformat.from_dict(
        {**kept, "kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    normal.nbformat, normal.nbformat_minor = 4, 5
    normal.cells = [cell for cell in normal.cells if cell.source.strip()]
    seen: set[str] = set()
    count = 0
    for cell in normal.cells:
        cell.source = "\n".join(line.rstrip() for line in cell.source.strip("\n").split("\n"))
        cell.metadata = {
            k: cell.metadata[k] for k in CELL_METADATA if cell.metadata.get(k) not in (None, [], {})
        }
        cell.id = _stable_id(cell, seen)
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            cell.outputs = _normal_outputs(cell.outputs)
            count += 1 if cell.execution_count else 0
            cell.execution_count = count if cell.execution_count else None
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    return normal


def dumps(notebook: Notebook) -> str:
    """The one JSON text of a notebook, ending in a newline."""
    raw = json.loads(nbformat.writes(notebook))
    return json.dumps(raw, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(notebook: Notebook, path: Path) -> bool:
    """Normalize and write; an unchanged file is left untouched. Returns whether it changed."""
    text = dumps(normalize(notebook))
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)  # a reader sees the old notebook or the new one, never half of it
    return True


def defects(path: Path) -> list[str]:
    """What keeps the file from being committed: not normal, tracebacks, machine paths."""
    notebook = read(path)
    found = []
    if path.read_text(encoding="utf-8") != dumps(normalize(notebook)):
        found.append(f"{path}: not normalized; run `make notebooks`")
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error" and "raises-exception" not in tags(cell):
                found.append(f"{path}: cell {number} holds a traceback: {output.ename}")
            match = MACHINE_PATH.search(json.dumps(output))
            if match:
                found.append(f"{path}: the output of cell {number} names a path: {match.group()}")
    return found


def execute(notebook: Notebook, folder: Path, timeout: int = CELL_TIMEOUT) -> Notebook:
    """Run all cells in a fresh kernel started in `folder`; returns the notebook with outputs.

    Raises:
        NotebookError: naming the cell that failed, unless it carries the tag raises-exception.
    """
    fresh = nbformat.from_dict(json.loads(json.dumps(normalize(notebook))))
    client = NotebookClient(
        fresh,
        timeout=timeout,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],  # it warns of TCP at every start
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise NotebookError(f"a cell failed:\n{error}") from error
    return fresh


def run(path: Path) -> bool:
    """Execute the notebook at `path` in place and normalize it; returns whether it changed."""
    try:
        return write(execute(read(path), path.parent), path)
    except NotebookError as error:
        raise NotebookError(f"{path}: {error}") from error


def changed(root: Path) -> list[Path]:
    """Notebooks of book/ and solutions/ that git sees as changed, or whose chapter's code is."""
    status = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [line[3:].split(" -> ")[-1].strip('"') for line in status.stdout.splitlines()]
    chapters = {
        parts[2]
        for name in names
        if (parts := Path(name).parts)[:2] == ("src", "handtorch") and len(parts) > 3
    }
    return [
        path
        for path in all_notebooks(root)
        if str(path.relative_to(root)) in names or path.parent.name in chapters
    ]


def all_notebooks(root: Path) -> list[Path]:
    """Every committed notebook that carries outputs, in order."""
    return sorted([*root.glob("book/*/*.ipynb"), *root.glob("solutions/*/*.ipynb")])


def tags(cell: Notebook) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", []))


def to_text(path: Path) -> str:
    """The notebook as MyST Markdown, to be edited and given back to `from_text`."""
    import jupytext

    notebook = normalize(read(path))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.update(_short_form(cell.metadata.pop("nbgrader", {})))
    notebook.metadata["jupytext"] = {"notebook_metadata_filter": "handtorch"}
    return str(jupytext.writes(notebook, fmt="md:myst"))


def from_text(text: str, path: Path) -> Notebook:
    """The notebook that `text` describes; cells unchanged at `path` keep their id and outputs."""
    import jupytext
    from jupytext.combine import combine_inputs_with_outputs

    notebook = jupytext.reads(text, fmt="md:myst")
    for cell in notebook.cells:
        for kind in ("solution", "test"):
            if kind in cell.metadata:
                name, points = cell.metadata.pop(kind), cell.metadata.pop("points", 0)
                cell.metadata["nbgrader"] = _nbgrader_form(kind, name, points)
    if path.is_file():
        old = read(path)
        notebook = combine_inputs_with_outputs(notebook, old, fmt={"extension": ".md"})
        ids = {(cell.cell_type, cell.source): cell.id for cell in old.cells}
        for cell in notebook.cells:
            cell.id = ids.get((cell.cell_type, cell.source), "")
    else:
        for cell in notebook.cells:
            cell.id = ""
    return notebook


def _nbgrader_form(kind: str, name: str, points: int) -> dict[str, Any]:
    """nbgrader's metadata of a cell to fill in ("solution") or a graded one ("test")."""
    graded = kind == "test"
    form = {"grade": graded, "grade_id": name, "locked": graded, "schema_version": 3}
    return {**form, "solution": not graded, "task": False, **({"points": points} if graded else {})}


def _short_form(nbgrader: dict[str, Any]) -> dict[str, Any]:
    """`_nbgrader_form` undone, for the text form of a notebook."""
    if nbgrader.get("grade"):
        return {"test": nbgrader["grade_id"], "points": nbgrader["points"]}
    return {"solution": nbgrader["grade_id"]} if nbgrader.get("solution") else {}


def _stable_id(cell: Notebook, seen: set[str]) -> str:
    """The cell's own id if it has a good one, else its nbgrader name, else a digest of its text."""
    graded = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    digest = hashlib.sha1(cell.source.encode()).hexdigest()[:8]
    for candidate in (graded, cell.get("id", ""), digest):
        if CELL_ID.fullmatch(candidate) and candidate not in seen:
            break
    else:
        candidate = next(c for n in range(2, 999) if (c := f"{digest}-{n}") not in seen)
    seen.add(candidate)
    return str(candidate)


def _normal_outputs(outputs: list[Notebook]) -> list[Notebook]:
    """Outputs without metadata, neighboring streams of one name joined: their cuts are chance."""
    normal: list[Notebook] = []
    for output in outputs:
        if (
            normal
            and output.output_type == "stream" == normal[-1].output_type
            and output.name == normal[-1].name
        ):
            normal[-1].text += output.text
        else:
            normal.append(output)
        if "metadata" in output:
            output.metadata = {}
    return normal


def _with_joined_lines(raw: dict[str, Any]) -> dict[str, Any]:
    """The JSON with `source` and texts as single strings, as nbformat holds them in memory."""
    from nbformat.v4.rwbase import rejoin_lines

    return dict(rejoin_lines(nbformat.from_dict(raw)))
