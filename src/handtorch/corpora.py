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
from collections.abc import Callable
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
    return [text for _, text in _pinned("docstrings.txt", _docstrings_of)]


def docstring_entries() -> list[tuple[str, str]]:
    """The texts of `docstrings`, each with the qualified name that it documents.

    Returns:
        4,415 pairs such as ``("textwrap.dedent", "Remove any common leading whitespace …")`` in
        the order of `docstrings`. Text that stands at several places of a module has the name of
        the first, outer ones before inner ones.

    Warns:
        CorpusDrift: if this Python lacks some of them.
    """
    pairs = _pinned("docstrings.txt", _docstrings_of)
    return [(_MOVED.get(name := _names(path)[text], name), text) for path, text in pairs]


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
    return [text for _, text in _pinned("functions.txt", _functions_of)]


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
def _pinned(name: str, cut: Callable[[str], list[str]]) -> tuple[tuple[str, str], ...]:
    """The texts that a list of digests names, each after the path of the source file that `cut`
    found it in."""
    texts: list[tuple[str, str]] = []
    missing: list[str] = []
    for line in _data(name).splitlines():
        module, *digests = line.split()
        source = _read(module)
        found = {_digest(text): text for text in cut(source)} if source else {}
        texts += [(module, found[digest]) for digest in digests if digest in found]
        if not found.keys() >= set(digests):
            missing.append(module)
    _warn(missing)
    return tuple(texts)


def _docstrings_of(source: str) -> list[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    return [text for node in nodes if (text := ast.get_docstring(node))]


@cache
def _names(path: str) -> dict[str, str]:
    """For each docstring of a source file, the qualified name of the first thing that has it."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    names: dict[str, str] = {}
    todo: list[tuple[ast.AST, str]] = [(ast.parse(_read(path) or ""), module)]
    for node, name in todo:  # grows as it is read: breadth first, as ast.walk
        if isinstance(node, (ast.Module, *kinds)) and (text := ast.get_docstring(node)):
            names.setdefault(text, name)
        for child in ast.iter_child_nodes(node):
            todo.append((child, f"{name}.{child.name}" if isinstance(child, kinds) else name))
    return names


def _functions_of(source: str) -> list[str]:
    """The functions of a module with their decorators; a function inside one is a part of it."""
    lines = source.splitlines(keepends=True)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    found: list[str] = []
    todo: list[ast.AST] = [ast.parse(source)]
    while todo:
        node = todo.pop(0)
        if isinstance(node, kinds):
            first = min(part.lineno for part in [node, *node.decorator_list])
            found.append("".join(lines[first - 1 : node.end_lineno]))
        else:
            todo += ast.iter_child_nodes(node)
    return found


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
