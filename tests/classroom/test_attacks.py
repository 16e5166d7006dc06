"""A class of attackers: each file of attacks/ is a submission that tries something, with the mark
that it must get. All are graded in one run; then nothing may be left of them.

An attack says what it tries, then `answers` (whether its other answers are right or wrong),
`marks`, perhaps `says` (what the row must say) and `needs: sandbox`. ``# %% name`` begins a cell:
`first` stands before and `last` behind all others, any other name is that of an answer cell.
"""

import copy
import hashlib
import http.server
import json
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path

import nbformat
import psutil
import pytest

from handtorch_classroom import grading, notebooks, release, sandbox
from tests.classroom.sample_course import REPOSITORY, answer, cell, code, place, text

pytestmark = pytest.mark.slow
ATTACKS = sorted((Path(__file__).parent / "attacks").glob("*.py"))
CHAPTER = "safety"
SANDBOXED = sandbox.find()[0] is not None
TRACE = "handtorch-was-here"

GIVEN = "from handtorch_classroom.checks import by_hand, case, report, require"
RIGHT = {
    "total": "def total(values):\n    result = 0.0\n    for value in values:\n"
    "        result += value\n    return result",
    "double": "def double(array):\n    return 2 * array",
    "counts": "def counts(words):\n    return {word: words.count(word) for word in words}",
    "apply": "def apply(function, values):\n    return [function(value) for value in values]",
    "halve": "def halve(x):\n    return x / 2",
}
WRONG = {
    "total": "def total(values):\n    return 0",
    "double": "def double(array):\n    return array",
    "counts": "def counts(words):\n    return {}",
    "apply": "def apply(function, values):\n    return values",
    "halve": "def halve(x):\n    return x",
}
TESTS = {
    "total": """by_hand(total, without=["fsum"])
case(total, [1.0, 2.0]).gives(3.0)
### BEGIN HIDDEN TESTS
secret = 1234.5
want = [secret, 2 * secret]
assert abs(total(want) - 3703.5) < 1e-9
np.testing.assert_allclose(total([secret]), secret)
require(bool(np.allclose(total(want), 3703.5)), "the sum of two secrets is wrong")
### END HIDDEN TESTS
report()""",
    "double": """case(double, np.arange(3.0)).gives(np.array([0.0, 2.0, 4.0]))
### BEGIN HIDDEN TESTS
wanted = np.array([10.0, -4.0])
np.testing.assert_array_equal(double(np.array([5.0, -2.0])), wanted)
assert np.array_equal(double(np.array([5.0, -2.0])), wanted)
### END HIDDEN TESTS
report()""",
    "counts": """case(counts, ["a", "b", "a"]).gives({"a": 2, "b": 1})
### BEGIN HIDDEN TESTS
came = counts(["x", "y", "x", "x"])
assert came == {"x": 3, "y": 1} and came["x"] == 3 and sorted(came.items())[0] == ("x", 3)
### END HIDDEN TESTS
report()""",
    "apply": """case(apply, abs, [-1, 2]).gives([1, 2])
### BEGIN HIDDEN TESTS
secret_factor = 17
case(apply, lambda value: secret_factor * value, [1, 2, 3]).gives([17, 34, 51])
### END HIDDEN TESTS
report()""",
    "halve": """case(halve, torch.tensor([1.0, 2.0, 4.0])).gives(torch.tensor([0.5, 1.0, 2.0]))
### BEGIN HIDDEN TESTS
torch.testing.assert_close(halve(torch.ones(2, 2)), torch.full((2, 2), 0.5))
assert torch.allclose(halve(torch.ones(3)), torch.full((3,), 0.5))
### END HIDDEN TESTS
report()""",
}
POINTS = {"total": 3, "double": 2, "counts": 2, "apply": 3, "halve": 4}
EXERCISES = {"trusted": ("total", "double", "counts", "apply"), "tensors": ("halve",)}


def make_course(root):
    """Two exercises, and limits that an attack meets soon."""
    config = (REPOSITORY / "nbgrader_config.py").read_text(encoding="utf-8")
    limits = "timeout = 4", "notebook_timeout = 60"
    config += "".join(f"\nc.SafeExecute.{line}" for line in limits)
    config += "\nc.LimitedKernelManager.memory_gb = 1.0\nc.LimitedKernelManager.file_gb = 0.02"
    config += "\nc.LimitedKernelManager.processes = 16\n"
    (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
    for exercise, names in EXERCISES.items():
        library = "import torch" if exercise == "tensors" else "import numpy as np"
        cells = [text("# An exercise"), code(f"{library}\n{GIVEN}")]
        for name in names:
            head, _, body = RIGHT[name].partition("\n")
            body = f"    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
            cells.append(code(f"{head}\n{body}", name))
            cells.append(code(TESTS[name], f"{name}-tests", POINTS[name]))
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebooks.write(notebook, root / "solutions" / CHAPTER / f"{exercise}.ipynb")
    release.release_all(root)
    return root


class Attack:
    """One file of attacks/."""

    def __init__(self, path):
        self.name = path.stem
        source = path.read_text(encoding="utf-8")
        head, self.body = re.fullmatch(r'"""(.*?)"""\n(.*)', source, re.DOTALL).groups()
        self.what = head.splitlines()[0]
        said = dict(re.findall(r"(?m)^(\w+): (.*)$", head))
        self.exercise, self.marks = said["exercise"], float(said["marks"])
        self.says, self.right = said.get("says", ""), said["answers"] == "right"
        self.can_run = SANDBOXED or said.get("needs") != "sandbox"

    def submission(self, blank, replaced):
        """The notebook that the attacker hands in."""
        body = self.body
        for name, value in replaced.items():
            body = body.replace(f"@{name}@", str(value))
        notebook = copy.deepcopy(blank)
        for name in EXERCISES[self.exercise]:
            answer(notebook, name, (RIGHT if self.right else WRONG)[name])
        parts = re.split(r"(?m)^# %% (\w+)\n", body)
        for name, source in zip(parts[1::2], parts[2::2]):
            if name in ("first", "last"):
                notebook.cells.insert(0 if name == "first" else len(notebook.cells), code(source))
            else:
                answer(notebook, name, source)
        return notebook


ALL = [Attack(path) for path in ATTACKS]


def blank_of(course, exercise):
    return notebooks.read(course / "exercises" / CHAPTER / f"{exercise}.ipynb")


def damaged(course, folder):
    """Files that are no sound notebook, with the marks that they must get."""
    right = blank_of(course, "trusted")
    for name in EXERCISES["trusted"]:
        answer(right, name, RIGHT[name])

    def changed(change):
        notebook = copy.deepcopy(right)
        change(notebook)
        return json.dumps(notebook).encode()

    def double_everything(notebook):
        notebook.cells += copy.deepcopy(notebook.cells)

    def turn_around(notebook):
        notebook.cells.reverse()

    def claim_points(notebook):
        for name in EXERCISES["trusted"]:
            answer(notebook, name, WRONG[name])
            cell(notebook, f"{name}-tests").metadata.nbgrader.points = 1000
            cell(notebook, f"{name}-tests").source = "pass"

    def delete_tests(notebook):
        for name in EXERCISES["trusted"]:
            del notebook.cells[place(notebook, f"{name}-tests")]

    def huge_outputs(notebook):
        output = nbformat.v4.new_output("stream", text="x" * 30_000_000)
        notebook.cells[1].outputs = [output]

    def odd_cells(notebook):
        notebook.cells[1:1] = [None, 5, [], {"cell_type": ["code"]}, {"metadata": "x"}]

    files = {
        "damaged-doubled": (changed(double_everything), 10),
        "damaged-turned": (changed(turn_around), None),
        "damaged-points": (changed(claim_points), 0),
        "damaged-deleted": (changed(delete_tests), 10),
        "damaged-outputs": (changed(huge_outputs), 10),
        "damaged-odd-cells": (changed(odd_cells), 10),
        "damaged-cut": (changed(lambda notebook: None)[:-50], 0),
        "damaged-latin": (json.dumps({"cells": "é"}, ensure_ascii=False).encode("latin-1"), 0),
        "damaged-deep": (b"[" * 200_000, 0),
        "damaged-zero": (b"", 0),
        "damaged-nul": (bytes(1000), 0),
        "damaged-large": (b" " * 50_000_001, 0),
    }
    for student, (data, _) in files.items():
        path = folder / student / CHAPTER / "trusted.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    make = {
        "damaged-fifo": os.mkfifo,
        "damaged-link": lambda path: path.symlink_to(
            course / "solutions" / CHAPTER / "trusted.ipynb"
        ),
        "damaged-folder": Path.mkdir,
    }
    for student, action in make.items():
        path = folder / student / CHAPTER / "trusted.ipynb"
        path.parent.mkdir(parents=True)
        action(path)
    return {**{name: marks for name, (_, marks) in files.items()}, **dict.fromkeys(make, 0)}


def fingerprint(*roots):
    """What all files under some folders are, grading/ excepted."""
    found = {}
    for root in roots:
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root).parts
            if "grading" in inside or not path.is_file() or path.is_symlink():
                continue
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def traces():
    """Where the attack that writes everywhere has left something."""
    roots = map(Path, ("/", "/tmp", "/var/tmp", "/etc", "/usr", "/root", "/home", "/dev/shm"))
    roots = [*roots, Path.home(), Path.cwd(), Path(tempfile.gettempdir())]
    return [path for root in roots if (path := root / TRACE).exists()]


def sleepers(mark):
    """The processes that the attack which outlives its kernel has started."""
    found = psutil.process_iter(["cmdline"])
    return [p for p in found if f"sleep({mark})" in " ".join(p.info["cmdline"] or [])]


class Graded:
    """What is known after the one run."""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    course = make_course(tmp_path_factory.mktemp("course"))
    folder = tmp_path_factory.mktemp("class")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        replaced = {"ROOT": course, "CLASS": folder, "PORT": server.server_address[1]}
        replaced["MARK"] = 10_000_000 + os.getpid()
        for attack in ALL:
            if attack.can_run:
                notebook = attack.submission(blank_of(course, attack.exercise), replaced)
                path = folder / attack.name / CHAPTER / f"{attack.exercise}.ipynb"
                path.parent.mkdir(parents=True)
                path.write_text(json.dumps(notebook), encoding="utf-8")
        result = Graded()
        result.damaged = damaged(course, folder)
        before = fingerprint(course, folder)
        there = psutil.Process().children(recursive=True)  # servers of other tests' processes
        own = tempfile.mkdtemp(
            prefix="ht-"
        )  # others may be grading meanwhile; sockets want it short
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tempfile, "tempdir", own)
            result.report = grading.grade(course, folder)
        server.shutdown()
    result.changed = set(before.items()) ^ set(fingerprint(course, folder).items())
    result.new_places = os.listdir(own)
    shutil.rmtree(own)
    now = psutil.Process().children(recursive=True)
    result.left = [*(p for p in now if p not in there), *sleepers(replaced["MARK"])]
    result.course = course
    return result


class Answering(http.server.BaseHTTPRequestHandler):
    """A server that knows the answer."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"3.0")

    def log_message(self, *args):
        pass


def row(graded, student, exercise):
    rows = graded.report.rows
    (found,) = [r for r in rows if (r.student, r.exercise) == (student, exercise)]
    return found


def test_there_are_enough_attacks():
    assert len([attack for attack in ALL if not attack.name.startswith("control")]) >= 40


@pytest.mark.parametrize("attack", ALL, ids=[attack.name for attack in ALL])
def test_an_attack_gets_the_mark_that_it_deserves(graded, attack):
    if not attack.can_run:
        pytest.skip("no sandbox here")
    got = row(graded, attack.name, attack.exercise)
    assert got.score == attack.marks, f"{attack.what} {got.what_happened} {got.problems}"
    everything = f"{got.what_happened} {got.problems}"
    assert attack.says.casefold() in everything.casefold()


def test_damaged_files_get_what_can_be_read_of_them(graded):
    for student, marks in graded.damaged.items():
        got = row(graded, student, "trusted")
        assert got.score is not None
        assert marks is None or got.score == marks, f"{student}: {got.what_happened}"


def test_the_grader_did_not_fail(graded):
    assert graded.report.errors == []


def test_no_process_is_left(graded):
    assert [p for p in graded.left if p.status() != psutil.STATUS_ZOMBIE] == []


def test_no_file_has_changed(graded):
    assert graded.changed == set()
    assert graded.new_places == []
    assert not SANDBOXED or traces() == []


def test_feedback_shows_no_hidden_test(graded):
    pages = list((graded.course / "grading" / "feedback").rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        html = re.sub(r"<[^>]*>", "", page.read_text(encoding="utf-8"))
        assert "3703.5" not in html, page
        assert "secret_factor" not in html, page
