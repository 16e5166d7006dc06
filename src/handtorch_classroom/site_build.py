"""Build the site: the table of contents from what exists, then Jupyter Book, warnings as errors.

The site has two editions, built side by side: English in ``_build/html``, Chinese in its folder
``zh/``. Nothing is built when nothing changed since the last good build. A build that failed leaves
its pages to look at, and is followed by a full one: Sphinx reports a warning only when it reads the
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
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from handtorch_classroom.chinese import CONFIGURATION, LANGUAGE, SEARCH_BAR, WORDS
from handtorch_classroom.syllabus import PARTS, Chapter, SyllabusError, chapters_in_the_book

COMMAND = ("build", ".", "-W", "-n", "--keep-going", "-q")
PACKAGES = ("jupyter-book", "sphinx", "sphinx-book-theme", "myst-nb")
TOC_HEADER = """\
# Made by `make book` from the syllabi and from the notebooks that exist: do not edit.
"""
FRONT = ("book/notation", "book/questions", "book/practice", "book/interview")
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
        english, chinese = editions = (_english(root), _chinese(root))
        with ThreadPoolExecutor(len(editions)) as pool:
            builds = [pool.submit(edition.build) for edition in editions]
        errors = []
        for build in builds:
            try:
                build.result()
            except SiteError as error:
                errors.append(str(error))
        if errors:
            raise SiteError(_one_message(errors))
        published = english.output / "zh"
        if builds[1].result() or not published.is_dir():
            _publish(chinese.output, published)
        return english.output


@dataclass(frozen=True)
class _Edition:
    """The site in one language: where it is built, what else it is made from, and how."""

    root: Path
    folder: Path
    inputs: tuple[Path, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def output(self) -> Path:
        return self.folder / "html"

    def build(self) -> bool:
        """Build what changed; returns whether anything had.

        Raises:
            SiteError: as `build_site` does.
        """
        record = self.folder / "site.json"
        before, now = _read_record(record), _fingerprint(self.root, self.inputs)
        if before == now and (self.output / "index.html").is_file():
            return False
        record.unlink(missing_ok=True)
        if _needs_full_build(before, now):
            shutil.rmtree(self.output, ignore_errors=True)
            shutil.rmtree(self.folder / ".doctrees", ignore_errors=True)
        run_jupyter_book(self.root, *self.options)
        record.write_text(json.dumps(now, indent=1), encoding="utf-8")
        return True


def _english(root: Path) -> _Edition:
    return _Edition(root, root / "_build")


def _chinese(root: Path) -> _Edition:
    """The Chinese edition, with its configuration and table of contents written."""
    folder = root / "_build" / "zh"
    (folder / "_build").mkdir(parents=True, exist_ok=True)
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    settings = config["sphinx"]["config"]
    settings.update(CONFIGURATION)
    settings.setdefault("html_theme_options", {})["search_bar_text"] = SEARCH_BAR
    files = {"_config.yml": _yaml(config), "_toc.yml": table_of_contents(root, chinese=True)}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    paths = tuple(folder / name for name in files)
    translations = tuple(root.glob(f"locale/{LANGUAGE}/**/*.po"))
    options = ("--path-output", folder, "--config", paths[0], "--toc", paths[1])
    return _Edition(root, folder / "_build", paths + translations, tuple(map(str, options)))


def _publish(built: Path, published: Path) -> None:
    """Copy the Chinese edition into the site, without what it takes from the English one."""
    new = published.with_name("zh.new")
    for old in (new, published):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(built, new, ignore=shutil.ignore_patterns("mathjax"))
    new.rename(published)


def _one_message(errors: list[str]) -> str:
    """What went wrong in either edition, said once where both say it."""
    english, *others = errors
    lines = english.splitlines()
    new = [line for other in others for line in other.splitlines()[1:] if line not in lines]
    count = sum(bool(WARNING.search(line)) for line in lines[1:] + new)
    if count and new:
        lines[0] = f"The site was not built: {count} warnings."
    return "\n".join(lines + new)


def run_jupyter_book(root: Path, *options: str) -> None:
    """Run the command; every warning, also one that Sphinx would let pass, is a `SiteError`."""
    code = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-P", "-c", code]  # -P: no module from the repository's root
    result = subprocess.run(
        [*command, *COMMAND, *options],
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


def table_of_contents(root: Path, chinese: bool = False) -> str:
    """The text of ``_toc.yml``: every page, exercise and solution that exists, in book order.

    Its captions are in English; for the Chinese edition, in Chinese.

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
    return TOC_HEADER + _yaml(_in_chinese(toc) if chinese else toc)


def _in_chinese(toc: Any) -> Any:
    """The table of contents with its captions and its own titles translated."""
    if isinstance(toc, list):
        return [_in_chinese(entry) for entry in toc]
    if not isinstance(toc, dict):
        return toc
    return {
        key: WORDS[value] if key in ("caption", "title") else _in_chinese(value)
        for key, value in toc.items()
    }


def _yaml(data: Any) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


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


def _fingerprint(root: Path, more: Iterable[Path] = ()) -> dict[str, str]:
    """What an edition is made from: file → digest, package → version."""
    prints = {f"package {name}": version(name) for name in PACKAGES}
    prints["python"] = sys.version.split()[0]
    for path in sorted([*_inputs(root), *more]):
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
    return not all(key.endswith((".md", ".ipynb", ".po")) for key in changed)
