"""Real text that is on every machine, the same on each: no download, no file of somebody else's.

English comes from the docstrings of Python's standard library, code from its functions,
Chinese from the wording of this book's own syllabus. Python's text drifts from release to
release, and a page must print the same numbers under each of them, so only what stood unchanged
for years, up to Python 3.13, is taken: ``data/docstrings.txt`` and ``data/functions.txt`` list it
by digest. Where a distribution has cut a piece out, the text is shorter and a warning says so.

What this leaves out: cleaning, shuffling, any language but these two.
"""

import ast
import hashlib
import sysconfig
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path

# Since Python 3.13 this text stands only at the second of its two places.
_MOVED = {"queue._PySimpleQueue.get": "queue.Queue.get"}


class CorpusDrift(UserWarning):
    """This Python's standard library lacks text that the book's numbers were measured on."""


def docstrings() -> list[str]:
    """Docstrings of the standard library, unchanged from Python 3.7 to 3.13.

    Returns:
        4,415 texts in a fixed order, 0.88 million characters, nearly all of them ASCII.

    Warns:
        CorpusDrift: if this Python lacks some of them.
    """
    return [text for _, text in docstring_entries()]


def docstring_entries() -> list[tuple[str, str]]:
    """The texts of `docstrings`, each with the qualified name that it documents.

    Returns:
        4,415 pairs such as ``("textwrap.dedent", "Remove any common leading whitespace …")`` in
        the order of `docstrings`. Text that stands at several places of a module has the name of
        the first, outer ones before inner ones.

    Warns:
        CorpusDrift: if this Python lacks some of them.
    """
    return [(_MOVED.get(name, name), text) for name, text in _pinned("docstrings.txt", _docstrings)]


def chinese() -> list[str]:
    """The Chinese wording of the book's syllabus: questions, exercises and titles.

    Returns:
        1,341 lines, 45 thousand characters, with some English terms in them.
    """
    return _data("chinese.txt").splitlines()


def functions() -> list[str]:
    """Functions and methods of the standard library, unchanged from Python 3.8 to 3.13.

    Returns:
        2,279 pieces of Python in a fixed order, with their comments and docstrings,
        1.6 million characters.

    Warns:
        CorpusDrift: if this Python lacks some of them.
    """
    return [text for _, text in _pinned("functions.txt", _functions)]


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
def _pinned(
    name: str, cut: Callable[[str, str], Iterable[tuple[str, str]]]
) -> tuple[tuple[str, str], ...]:
    """The texts that a list of digests names, each after the name that `cut` gave it: `cut` takes
    the source of a file and the name of its module.
    """
    texts: list[tuple[str, str]] = []
    missing: list[str] = []
    for line in _data(name).splitlines():
        path, *digests = line.split()
        source = _read(path)
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        found: dict[str, tuple[str, str]] = {}
        for named, text in cut(source, module) if source else ():
            found.setdefault(_digest(text), (named, text))
        texts += [found[digest] for digest in digests if digest in found]
        if not found.keys() >= set(digests):
            missing.append(path)
    _warn(missing)
    return tuple(texts)


def _docstrings(source: str, module: str) -> Iterator[tuple[str, str]]:
    """Docstrings with the names of what they document, outer ones before inner ones."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    todo: list[tuple[ast.AST, str]] = [(ast.parse(source), module)]
    for node, name in todo:  # grows as it is read: breadth first
        if isinstance(node, (ast.Module, *kinds)) and (text := ast.get_docstring(node)):
            yield name, text
        for part in ("body", "handlers", "orelse", "finalbody", "cases"):  # no expression has any
            for child in getattr(node, part, []):
                todo.append((child, f"{name}.{child.name}" if isinstance(child, kinds) else name))


def _functions(source: str, module: str) -> Iterator[tuple[str, str]]:
    """The functions of a module with their decorators; a function inside one is a part of it."""
    lines = source.splitlines(keepends=True)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    todo: list[ast.AST] = [ast.parse(source)]
    while todo:
        node = todo.pop(0)
        if isinstance(node, kinds):
            first = min(part.lineno for part in [node, *node.decorator_list])
            yield module, "".join(lines[first - 1 : node.end_lineno])
        else:
            todo += ast.iter_child_nodes(node)


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
