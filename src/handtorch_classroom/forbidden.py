"""Read in the text of a submission what the functions of an exercise use, and whether they may.

This is the half of `checks.by_hand` that a running submission cannot change: it reads the cells as
they were handed in. It follows names from a function to everything in the notebook that defines
them, and so finds a library behind an alias, a wrapper, or an attribute set later. What a program
computes at run time it does not know; where that could hide a forbidden name, it says so.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from handtorch_classroom.checks import FORBIDDEN, HIDING

#: Ways to a name that is not written down; refused where an exercise forbids names of its own.
DETOURS = ("__dict__", "__getattribute__", "attrgetter", "methodcaller", "ops", "vars")
#: Functions that change their first argument.
CHANGERS = ("__setattr__", "setattr", "update_wrapper", "wraps")
UNREAD = "code that does not stand in a cell"

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
Found = tuple[str, str]  # the function that uses something, and what


def find(sources: Iterable[str], names: Iterable[str], without: Iterable[str]) -> Found | None:
    """What the code behind `names` uses and must not: (function, name), or None.

    Args:
        sources: the cells of a submission.
        names: the functions and classes that the exercise asks for.
        without: names that this exercise forbids besides the libraries.
    """
    book = _definitions(sources)
    waiting = [(name, name) for name in names]
    seen: set[str] = set()
    further = frozenset(without)
    for asked, _ in waiting:
        if asked not in book:
            return asked, UNREAD
    while waiting:
        user, name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        for node in book.get(name, ()):
            used = _used(node, book, further)
            if used:
                return user, used
            waiting += [(user, other) for other in _names(node) if other in book]
    return None


def _definitions(sources: Iterable[str]) -> dict[str, list[ast.AST]]:
    """What defines or changes each name at the top of a cell."""
    book: dict[str, list[ast.AST]] = {}
    kept: set[str] = set()
    for source in sources:
        try:
            tree = ast.parse(re.sub(r"(?m)^(\s*)[%!?].*$", r"\1pass", source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # such a cell does not run
        for statement in _statements(tree.body):
            kept |= _kept(statement)
            for name in _bound(statement):
                if isinstance(statement, DEFINITIONS) and name not in kept:
                    book.pop(name, None)  # what it was before, nobody has any more
                book.setdefault(name, []).append(statement)
    return book


def _kept(statement: ast.stmt) -> set[str]:
    """The names whose values a statement may give further names to: all that it does not call."""
    if isinstance(statement, DEFINITIONS):
        parts: list[ast.AST] = [*statement.decorator_list]
        if not isinstance(statement, ast.ClassDef):
            parts.append(statement.args)
    else:
        parts = [statement]
    inner = [node for part in parts for node in ast.walk(part)]
    called = {id(node.func) for node in inner if isinstance(node, ast.Call)}
    loaded = [node for node in inner if isinstance(node, ast.Name) and id(node) not in called]
    return {node.id for node in loaded if isinstance(node.ctx, ast.Load)}


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a cell, those inside of if, for, try and with too."""
    for statement in body:
        yield statement
        if isinstance(statement, DEFINITIONS):
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from _statements(handler.body)


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, DEFINITIONS):
        yield statement.name
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            yield alias.asname or alias.name.split(".")[0]
    elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)):
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, (ast.Attribute, ast.Subscript)) and _changes(node, statement):
                inner: ast.AST = node
                while isinstance(inner, (ast.Attribute, ast.Subscript)):
                    inner = inner.value
                if isinstance(inner, ast.Name):
                    yield inner.id
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            by = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if by in CHANGERS and call.args and isinstance(call.args[0], ast.Name):
                yield call.args[0].id


def _changes(node: ast.Attribute | ast.Subscript, statement: ast.stmt) -> bool:
    return isinstance(node.ctx, ast.Store) and not isinstance(statement, ast.Expr)


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _used(node: ast.AST, book: dict[str, list[ast.AST]], further: frozenset[str]) -> str:
    """The first thing in a definition that is not allowed, or ""."""
    texts = {id(part.value) for part in ast.walk(node) if isinstance(part, ast.Expr)}  # docstrings
    for part in ast.walk(node):
        if isinstance(part, (ast.Import, ast.ImportFrom)):
            found = _imported(part, further)
        elif isinstance(part, ast.Name):
            found = _name(part.id, book, further)
        elif isinstance(part, ast.Attribute):
            hidden = bool(further) and part.attr in DETOURS
            found = part.attr if part.attr in further or hidden else ""
        else:
            found = "" if id(part) in texts else _text(part, further)
            found = found or (_call(part, further) if isinstance(part, ast.Call) else "")
        if found:
            return found
    return ""


def _text(node: ast.AST, further: frozenset[str]) -> str:
    text = folded(node) or ""
    return text if text in further or text.split(".")[0] in FORBIDDEN else ""


def _imported(node: ast.Import | ast.ImportFrom, further: frozenset[str]) -> str:
    modules = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        if further & set(modules):
            return min(further & set(modules))
        modules = [node.module or ""]
    for module in modules:
        root = module.split(".")[0]
        classroom = module == "handtorch_classroom.checks"
        if root in FORBIDDEN or (root in HIDING and not classroom):
            return module
    return ""


def _name(name: str, book: dict[str, list[ast.AST]], further: frozenset[str]) -> str:
    if name in further or (name in HIDING and name not in book):
        return name
    return name if further and name == "vars" and name not in book else ""


def _call(call: ast.Call, further: frozenset[str]) -> str:
    """A getattr whose name is computed, where names are forbidden."""
    is_getattr = isinstance(call.func, ast.Name) and call.func.id == "getattr"
    if further and is_getattr and len(call.args) > 1 and folded(call.args[1]) is None:
        return "getattr with a name that is computed"
    return ""


def folded(node: ast.AST) -> str | None:
    """The text that an expression of constants gives: "a" + "b", f"{'a'}b", "".join(["a", "b"])."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    parts: list[str | None] = []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [folded(node.left), folded(node.right)]
    elif isinstance(node, ast.JoinedStr):
        inner = [p.value if isinstance(p, ast.FormattedValue) else p for p in node.values]
        parts = [folded(part) for part in inner]
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "join"
        and len(node.args) == 1
        and isinstance(node.args[0], (ast.List, ast.Tuple))
        and (glue := folded(node.func.value)) is not None
    ):
        parts = [folded(part) for part in node.args[0].elts]
        return None if None in parts else glue.join(part or "" for part in parts)
    else:
        return None
    return None if None in parts or not parts else "".join(part or "" for part in parts)
