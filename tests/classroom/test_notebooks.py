"""Notebooks as files: one normal form, the same bytes on every run, clear errors."""

import json

import nbformat
import pytest

from handtorch_classroom import notebooks
from handtorch_classroom.notebooks import NotebookError
from tests.conftest import ROOT

COMMITTED = notebooks.all_notebooks(ROOT)


@pytest.mark.parametrize("path", COMMITTED, ids=lambda p: f"{p.parts[-3]}/{p.parts[-2]}/{p.stem}")
def test_committed_notebooks_are_normal_and_hold_no_traceback_or_path(path):
    assert notebooks.defects(path) == []


@pytest.mark.parametrize("path", COMMITTED, ids=lambda p: f"{p.parts[-3]}/{p.parts[-2]}/{p.stem}")
def test_committed_notebooks_were_run_from_top_to_bottom(path):
    code = [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


def messy():
    """A notebook as an editor leaves it: no ids, timings, a path in the metadata, odd spaces."""
    code = nbformat.v4.new_code_cell("x = 1   \nx\n\n")
    code.execution_count = 7
    code.metadata = {"execution": {"iopub": "10:00"}, "collapsed": False, "tags": ["a"]}
    code.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="one "),
        nbformat.v4.new_output("stream", name="stdout", text="two"),
        nbformat.v4.new_output("execute_result", data={"text/plain": "1"}, execution_count=7),
    ]
    cells = [nbformat.v4.new_markdown_cell("# Title "), code, nbformat.v4.new_code_cell("  ")]
    metadata = {"widgets": {"state": 1}, "kernelspec": {"name": "other", "display_name": "o"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def test_normal_form_keeps_what_matters_and_drops_what_varies():
    normal = notebooks.normalize(messy())
    assert [cell.source for cell in normal.cells] == ["# Title", "x = 1\nx"]
    assert normal.cells[1].metadata == {"tags": ["a"]}
    assert normal.cells[1].outputs[0].text == "one two"
    assert normal.cells[1].execution_count == normal.cells[1].outputs[1].execution_count == 1
    assert normal.metadata.kernelspec.name == "python3"
    assert "widgets" not in normal.metadata


def test_normal_form_is_stable_and_ids_do_not_depend_on_chance():
    first, second = messy(), messy()
    for cell in first.cells:
        cell.id = ""
    for cell in second.cells:
        cell.id = ""
    once = notebooks.dumps(notebooks.normalize(first))
    assert once == notebooks.dumps(notebooks.normalize(second))
    assert once == notebooks.dumps(notebooks.normalize(nbformat.reads(once, as_version=4)))


@pytest.mark.filterwarnings("ignore:Non-unique cell id")
def test_two_cells_with_one_text_get_two_ids():
    cells = [nbformat.v4.new_code_cell("x", id="same") for _ in range(3)]
    normal = notebooks.normalize(nbformat.v4.new_notebook(cells=cells))
    assert len({cell.id for cell in normal.cells}) == 3


def test_running_twice_gives_the_same_bytes(tmp_path):
    path = tmp_path / "n.ipynb"
    source = "import sys\nprint('out')\nprint('err', file=sys.stderr)\n{'b': 1, 'a': [1.5]}"
    cells = [nbformat.v4.new_code_cell(source)]
    notebooks.write(nbformat.v4.new_notebook(cells=cells), path)
    assert notebooks.run(path) is True
    assert notebooks.run(path) is False
    assert notebooks.defects(path) == []


def test_a_failing_cell_is_named_and_the_file_stays_as_it_was(tmp_path):
    path = tmp_path / "n.ipynb"
    notebooks.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    with pytest.raises(NotebookError, match="ZeroDivisionError"):
        notebooks.run(path)
    assert path.read_bytes() == before


def test_defects_name_tracebacks_and_machine_paths(tmp_path):
    path = tmp_path / "n.ipynb"
    code = nbformat.v4.new_code_cell("x")
    code.execution_count = 1
    home = "/" + "home/somebody"
    code.outputs = [
        nbformat.v4.new_output("error", ename="NameError", evalue="x", traceback=[]),
        nbformat.v4.new_output("stream", name="stdout", text=f"{home}/book"),
    ]
    notebooks.write(nbformat.v4.new_notebook(cells=[code]), path)
    assert len(notebooks.defects(path)) == 2
    raw = json.loads(path.read_text())
    path.write_text(json.dumps(raw))
    assert any("not normalized" in defect for defect in notebooks.defects(path))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such notebook"),
        (b"", "not a notebook"),
        (b"{not json", "not a notebook"),
        (b"\xff\xfe\x00", "not a notebook"),
        (b"[]", "not a notebook"),
        (b'{"nbformat": 3, "cells": []}', "not a notebook of format 4"),
        (b'{"nbformat": 4, "cells": 7}', "not a notebook of format 4"),
    ],
)
def test_what_is_no_notebook_is_said_in_one_sentence(tmp_path, content, says):
    path = tmp_path / "odd.ipynb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NotebookError, match=says) as caught:
        notebooks.read(path)
    assert "odd.ipynb" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_text_and_back_keeps_cells_ids_outputs_and_grading(tmp_path):
    path = tmp_path / "n.ipynb"
    graded = nbformat.v4.new_code_cell("assert x", id="check-x")
    graded.metadata = {"nbgrader": notebooks._nbgrader_form("test", "check-x", 3)}
    solution = nbformat.v4.new_code_cell("x = 1\nprint(x)", id="write-x")
    solution.metadata = {"nbgrader": notebooks._nbgrader_form("solution", "write-x", 0)}
    prose = nbformat.v4.new_markdown_cell("# 标题\n\n$a_b$", id="prose")
    about = {"handtorch": {"difficulty": 2, "minutes": 30, "questions": ["q"]}}
    notebook = nbformat.v4.new_notebook(cells=[prose, solution, graded], metadata=about)
    notebooks.write(notebook, path)
    notebooks.run(path)
    again = notebooks.from_text(notebooks.to_text(path), path)
    assert notebooks.dumps(notebooks.normalize(again)) == path.read_text(encoding="utf-8")
