"""Real text that is on every machine, the same on each: no download, no file of somebody else's.

English comes from the docstrings of Python's standard library, code from its source files,
Chinese from the wording of this book's own syllabus. Python's text drifts from release to
release, and a page must print the same numbers under each of them, so only what stood unchanged
from Python 3.7 to 3.13 is taken: ``data/docstrings.txt`` and ``data/sources.txt`` list it by
digest. Where a distribution has cut a piece out, the text is shorter and a warning says so.

What this leaves out: cleaning, shuffling, any language but these two.
"""

import ast
import hashlib
import sysconfig
import warnings
from functools import cache
from importlib import resources
from pathlib import Path


class CorpusDrift(UserWarning):
    """This Python's standard library lacks text that the book's numbers were measured on."""


def docstrings() -> list[str]:
    """Docstrings of the standard library, unchanged from Python 3.7 to 3.13.

    Returns:
        4,500 texts and more in a fixed order, 0.88 million characters, all but a few ASCII.

    Warns:
        CorpusDrift: if this Python lacks some of them.
    """
    return list(_docstrings())


def chinese() -> list[str]:
    """The Chinese wording of the book's syllabus: questions, exercises and titles.

    Returns:
        1,341 lines, 45 thousand characters, with some English terms in them.
    """
    return _data("chinese.txt").splitlines()


def sources() -> list[str]:
    """Source files of the standard library, unchanged from Python 3.7 to 3.13.

    Returns:
        About 130 files in a fixed order, 1.4 million characters of Python.

    Warns:
        CorpusDrift: if this Python lacks some of them.
    """
    texts, missing = [], []
    for line in _data("sources.txt").splitlines():
        name, digest = line.split()
        text = _read(name)
        if text is not None and _digest(text) == digest:
            texts.append(text)
        else:
            missing.append(name)
    _warn(missing)
    return texts


def all_sources(max_bytes: int) -> str:
    """The first `max_bytes` of all source text of *this* Python's standard library.

    It differs from one Python release to the next: for measuring speed, not for printed numbers.

    Args:
        max_bytes: how many bytes of UTF-8 at most, at least 0.

    Raises:
        ValueError: if `max_bytes` is negative.
    """
    if max_bytes < 0:
        raise ValueError(f"max_bytes is {max_bytes}; it must be 0 or more")
    parts, size = [], 0
    for path in sorted(_library().rglob("*.py")):
        if size >= max_bytes:
            break
        if "site-packages" not in path.parts:
            text = path.read_bytes().decode("utf-8", errors="replace")
            parts.append(text)
            size += len(text.encode("utf-8"))
    return "".join(parts).encode("utf-8")[:max_bytes].decode("utf-8", errors="ignore")


@cache
def _docstrings() -> tuple[str, ...]:
    texts: list[str] = []
    missing: list[str] = []
    for line in _data("docstrings.txt").splitlines():
        name, *digests = line.split()
        source = _read(name)
        found = {_digest(text): text for text in _docstrings_of(source)} if source else {}
        texts += [found[digest] for digest in digests if digest in found]
        if not found.keys() >= set(digests):
            missing.append(name)
    _warn(missing)
    return tuple(texts)


def _docstrings_of(source: str) -> list[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    return [text for node in nodes if (text := ast.get_docstring(node))]


def _read(name: str) -> str | None:
    path = _library() / name
    if not path.is_file():
        return None
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def _digest(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _library() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def _data(name: str) -> str:
    return resources.files("handtorch").joinpath("data", name).read_text(encoding="utf-8")


def _warn(missing: list[str]) -> None:
    if missing:
        message = (
            f"{len(missing)} modules of this Python's standard library differ from the ones the "
            f"book was measured on, for example {missing[0]}: printed numbers may differ a little"
        )
        warnings.warn(message, CorpusDrift, stacklevel=3)
