"""Which notebooks are there to be graded: the learner's own, or those of a class.

A class is laid out as nbgrader lays it out: <folder>/<student>/<chapter>/<exercise>.ipynb. Every
student gets a row for every exercise of the chapters that somebody handed in, and one for each
thing that is no exercise. The folder is only read.
"""

import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.utils import parse_utc

from handtorch_classroom import notebooks
from handtorch_classroom.notebooks import Notebook, NotebookError
from handtorch_classroom.release import chapters
from handtorch_classroom.report import Row
from handtorch_classroom.submissions import LARGEST, tidy

TIMESTAMP = "timestamp.txt"
LONGEST_ID = 128  # characters that nbgrader's gradebook has for a student's id
YOU = "you"  # the student that a learner is to her own gradebook


@dataclass(frozen=True)
class Handed:
    """A notebook to be graded: `path` need not exist, and `note` says why if that is known."""

    student: str
    chapter: str
    exercise: str
    path: Path
    note: str = ""

    @property
    def name(self) -> str:
        """Chapter and exercise."""
        return f"{self.chapter}/{self.exercise}"


def exercises_of(root: Path, chapter: str) -> list[str]:
    """The exercises of a chapter, in order."""
    return sorted(path.stem for path in (root / "solutions" / chapter).glob("*.ipynb"))


def collect_own(root: Path, student: str) -> list[Handed]:
    """The learner's own notebooks: all that stands in exercises/.

    Raises:
        NotebookError: if there are no exercises.
    """
    found = [
        Handed(student, chapter, exercise, root / "exercises" / chapter / f"{exercise}.ipynb")
        for chapter in chapters(root)
        for exercise in exercises_of(root, chapter)
    ]
    if not found:
        raise NotebookError(f"{root / 'solutions'}: no exercises to grade")
    return found


def collect(root: Path, folder: Path) -> tuple[list[Handed], list[Row]]:
    """The notebooks of a class, and rows for what is no exercise.

    Raises:
        NotebookError: if the folder is not laid out as a class.
    """
    known = chapters(root)
    found = _students(root, folder, known)
    students = [student for student in found if not _no_id(student.name)]
    there = {path.name for student in students for path in _folders(student)}
    graded = [chapter for chapter in known if chapter in there] or known
    handed = [
        Handed(student.name, chapter, name, path, _note(path))
        for student in students
        for chapter in graded
        for name in exercises_of(root, chapter)
        for path in [student / chapter / f"{name}.ipynb"]
    ]
    unknown = [row for student in students for row in _unknown(root, student, known)]
    for student in found:
        if problem := _no_id(student.name):
            name = student.name.encode("utf-8", "replace").decode()
            note = f"the folder's name {problem}, so nothing in it was graded"
            unknown.append(Row(name, "", "", 0.0, 0.0, (note,)))
    return handed, unknown


def _no_id(name: str) -> str:
    """Why no gradebook takes a name for the id of a student; "" if it does."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "is not UTF-8"
    return f"is longer than {LONGEST_ID} characters" if len(name) > LONGEST_ID else ""


def _students(root: Path, folder: Path, known: Sequence[str]) -> list[Path]:
    """The students' folders of a class."""
    layout = f"lay it out as {folder.name}/<student>/<chapter>/<exercise>.ipynb"
    if not folder.is_dir():
        raise NotebookError(f"{folder}: no such folder")
    here = root / "grading"
    if folder != here / "submitted" and (folder in [here, *here.parents] or here in folder.parents):
        raise NotebookError(f"{folder}: would be mixed up with what is written to {here}")
    students = _folders(folder)
    if not students:
        raise NotebookError(f"{folder}: holds no student's folder; {layout}")
    if all(student.name in known for student in students):
        raise NotebookError(f"{folder}: holds chapters, not students; {layout}")
    return students


def _folders(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))


def _note(path: Path) -> str:
    """Why a notebook is not there, where there is more to say than that."""
    if path.exists() or not path.parent.is_dir():
        return ""
    deeper = sorted(path.parent.glob(f"*/{path.name}"))
    if deeper:
        return f"no notebook was handed in (one in the folder {deeper[0].parent.name} is not read)"
    return ""


def _unknown(root: Path, student: Path, known: Sequence[str]) -> list[Row]:
    rows = []
    for path in sorted(student.iterdir()):
        if path.name.startswith("."):
            continue
        if path.name not in known or not path.is_dir():
            what = (
                "there is no chapter of this name" if path.is_dir() else "lies beside the chapters"
            )
            rows.append(
                Row(student.name, path.name, "", 0.0, 0.0, (f"{what}, so it was not graded",))
            )
            continue
        names = exercises_of(root, path.name)
        for extra in sorted(path.glob("*.ipynb")):
            if extra.stem not in names:
                note = "there is no exercise of this name, so it was not graded"
                rows.append(Row(student.name, path.name, extra.stem, 0.0, 0.0, (note,)))
    return rows


def is_untouched(submitted: Notebook, release: Path) -> bool:
    """Whether a notebook has just the cells of the release, whatever their outputs."""
    return bool(submitted.cells) and _sources(submitted) == _sources(notebooks.read(release))


def _sources(notebook: Notebook) -> list[tuple[str, str]]:
    return [(cell.cell_type, tidy(cell.source)) for cell in notebook.cells if cell.source.strip()]


def stage(target: Path, handed: Sequence[Handed]) -> str:
    """Copy what one student handed in for a chapter to where nbgrader looks for it.

    Only notebooks of exercises are copied, and only regular files: helper modules of a student do
    not run with the grader's rights. Returns the text of the student's timestamp.txt, "" if none;
    it is copied if it holds a time.
    """
    source = handed[0].path.parent
    stamp = source / TIMESTAMP
    text = stamp.read_text("utf-8", "replace")[:100].strip() if _is_small_file(stamp, 1000) else ""
    if source.resolve() == target.resolve():
        return text
    target.mkdir(parents=True, exist_ok=True)
    for one in handed:
        copy = target / one.path.name
        copy.unlink(missing_ok=True)
        if _is_small_file(one.path, LARGEST):
            shutil.copyfile(one.path, copy)
    (target / TIMESTAMP).unlink(missing_ok=True)
    if time_of(text) is not None:
        (target / TIMESTAMP).write_text(text, encoding="utf-8")
    return text


def time_of(stamp: str) -> datetime | None:
    """nbgrader's timestamp.txt as a time in UTC; None if it holds none."""
    try:
        return parse_utc(stamp) if stamp else None  # type: ignore[no-any-return, unused-ignore]
    except Exception:  # whatever dateutil makes of what somebody wrote
        return None


def _is_small_file(path: Path, largest: int) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size <= largest
