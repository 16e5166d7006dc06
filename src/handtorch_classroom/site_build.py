"""Build the site: the table of contents from what exists, then Jupyter Book, warnings as errors.

Nothing is built when nothing changed since the last good build. A build that failed leaves its
pages to look at, and is followed by a full one: Sphinx reports a warning only when it reads the
page anew, so a second run would otherwise pass.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from handtorch_classroom.syllabus import PARTS, Chapter, SyllabusError, chapters_in_the_book

COMMAND = ("build", ".", "-W", "-n", "--keep-going", "-q")
PACKAGES = ("jupyter-book", "sphinx", "sphinx-book-theme", "myst-nb")
TOC_HEADER = """\
# Made by `make book` from the syllabi and from the notebooks that exist: do not edit.
"""
FRONT = ("book/notation", "book/questions")
BACK = ("book/kill_table", "book/references")
WARNING = re.compile(r"(WARNING|ERROR|CRITICAL): ")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class SiteError(Exception):
    """The site was not built; the message is one sentence, followed by the warnings, if any."""


def build_site(root: Path) -> Path:
    """Build the site of the repository `root` and return its folder, ``root/_build/html``.

    Raises:
        SiteError: if there is no book, or if the build gave a warning or an error.
    """
    if not (root / "_config.yml").is_file():
        raise SiteError(f"{root} holds no book: it has no _config.yml.")
    with _one_at_a_time(root / "_build"):
        write_toc(root)
        output, record = root / "_build" / "html", root / "_build" / "site.json"
        before, now = _read_record(record), _fingerprint(root)
        if before == now and (output / "index.html").is_file():
            return output
        record.unlink(missing_ok=True)
        if _needs_full_build(before, now):
            shutil.rmtree(output, ignore_errors=True)
            shutil.rmtree(root / "_build" / ".doctrees", ignore_errors=True)
        _run_jupyter_book(root)
        record.write_text(json.dumps(now, indent=1), encoding="utf-8")
        return output


def _run_jupyter_book(root: Path) -> None:
    """Run the command; every warning, also one that Sphinx would let pass, is a `SiteError`."""
    code = "from jupyter_book.cli.main import main; main()"
    result = subprocess.run(
        [sys.executable, "-P", "-c", code, *COMMAND],  # -P: no module from the repository's root
        cwd=root,
        env={**os.environ, "PYTHONUTF8": "1"},
        text=True,
        encoding="utf-8",
        errors="replace",
        capture_output=True,
    )
    log = _readable(f"{result.stdout}\n{result.stderr}", root)
    if warnings := [line.strip() for line in log.splitlines() if WARNING.search(line)]:
        noun = "warning" if len(warnings) == 1 else "warnings"
        raise SiteError(f"The site was not built: {len(warnings)} {noun}.\n" + "\n".join(warnings))
    if result.returncode != 0:
        path = root / "_build" / "site.log"
        path.write_text(log, encoding="utf-8")
        reason = log.strip().split("\nThe above exception was the direct cause")[0].strip()
        raise SiteError(
            f"The site was not built: jupyter-book failed; see {path}.\n{reason[-800:]}"
        )


def _readable(log: str, root: Path) -> str:
    """The log without colors, with paths from the root and places in notebooks in words."""

    def place(match: re.Match[str]) -> str:
        cell, line = divmod(int(match[1]), 10_000)  # as myst-nb counts
        return f".ipynb, cell {cell}, line {line}:"

    plain = ANSI.sub("", log).replace(f"{root.resolve()}{os.sep}", "")
    return re.sub(r"\.ipynb:(\d{5,}):", place, plain)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let a second build wait for the first: both would write the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def table_of_contents(root: Path) -> str:
    """The text of ``_toc.yml``: every page, exercise and solution that exists, in book order.

    Raises:
        SiteError: if a syllabus is invalid.
    """
    try:
        chapters = {chapter.name: chapter for chapter in chapters_in_the_book(root)}
    except SyllabusError as error:
        raise SiteError(f"The site was not built: {error}") from error
    parts: list[dict[str, Any]] = [{"chapters": [{"file": file} for file in FRONT]}]
    for caption, names in PARTS:
        entries = [_chapter_entry(root, chapters[name]) for name in names if name in chapters]
        if entries:
            parts.append({"caption": caption, "chapters": entries})
    back = [file for file in BACK if (root / f"{file}.md").is_file()]
    parts.append({"caption": "Evidence", "chapters": [{"file": file} for file in back]})
    toc = {"format": "jb-book", "root": "book/intro", "parts": parts}
    return TOC_HEADER + yaml.safe_dump(toc, sort_keys=False, allow_unicode=True)


def write_toc(root: Path) -> bool:
    """Bring ``_toc.yml`` up to date; returns whether it changed."""
    path, text = root / "_toc.yml", table_of_contents(root)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def _chapter_entry(root: Path, chapter: Chapter) -> dict[str, Any]:
    sections: list[dict[str, Any]] = []
    for page in chapter.pages:
        if (root / f"book/{chapter.name}/{page.name}.ipynb").is_file():
            sections.append({"file": f"book/{chapter.name}/{page.name}"})
    for page in chapter.pages:  # the exercises in teaching order
        for exercise in chapter.exercises_on(page.name):
            file = f"{chapter.name}/{exercise.id}"
            if (root / f"exercises/{file}.ipynb").is_file():
                entry: dict[str, Any] = {"file": f"exercises/{file}"}
                if (root / f"solutions/{file}.ipynb").is_file():
                    entry["sections"] = [{"file": f"solutions/{file}", "title": "Solution"}]
                sections.append(entry)
    entry = {"file": f"book/{chapter.name}/index"}
    return {**entry, "sections": sections} if sections else entry


def _inputs(root: Path) -> Iterator[Path]:
    yield from (root / "_config.yml", root / "_toc.yml")
    for pattern in ("book/**/*", "exercises/*/*.ipynb", "solutions/*/*.ipynb"):
        yield from (p for p in root.glob(pattern) if ".ipynb_checkpoints" not in p.parts)
    yield from Path(__file__).parent.glob("*.py")


def _fingerprint(root: Path) -> dict[str, str]:
    """What the site is made from: file → digest, package → version."""
    prints = {f"package {name}": version(name) for name in PACKAGES}
    prints["python"] = sys.version.split()[0]
    for path in sorted(_inputs(root)):
        if path.is_file():
            prints[path.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return prints


def _read_record(path: Path) -> dict[str, str]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _needs_full_build(before: dict[str, str], now: dict[str, str]) -> bool:
    """Whether more than pages changed: Sphinx does not see a change in what makes the pages."""
    changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    return not all(key.endswith((".md", ".ipynb")) for key in changed)
