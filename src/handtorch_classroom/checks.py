"""What the test cells of an exercise call: cases that explain themselves when they fail.

    case(train_bpe, ["aaab"], 1).gives([("a", "a")], why="(a, a) stands twice, (a, b) once")
    case(train_bpe, ["ab"], -1).raises(ValueError, naming="num_merges")
    require(len(ids) < len(text), "a merge must make the text shorter")
    report()

A failure says what was called, what was expected, what came, why, and, where the wrong value is
one that a known mistake gives, which mistake. Arguments are copied before each call, so a function
that changes them in place is caught and cannot spoil the next case.
"""

import copy
import dis
import linecache
import math
import numbers
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from handtorch_classroom.memory import largest_storage

__all__ = ["CheckFailed", "by_hand", "case", "largest_tensor", "report", "require"]

#: Libraries that would do the exercise for its writer, and this project's own answers.
FORBIDDEN = ("handtorch", "sentencepiece", "tiktoken", "tokenizers", "transformers")
#: Builtins and modules that hide what is called from whoever reads the code.
HIDING = ("__import__", "builtins", "compile", "eval", "exec", "globals", "importlib", "runpy")

LONGEST = 300  # characters of a value that a message shows
READABLE = 160  # characters up to which a message shows the whole value, not the part that differs

#: Where two values differ, as a clause that continues a sentence, and the parts that do.
Difference = tuple[str, Any, Any]

_passed = 0


class CheckFailed(AssertionError):
    """A case that did not hold; the text is written for the person who solves the exercise."""

    def __init__(self, message: str) -> None:
        global _passed
        super().__init__(message)
        _passed = 0  # what passed before the failure belongs to a cell that failed

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback through this file."""
        return str(self).splitlines()


class Case:
    """One call of the learner's function, made once, on copies of the arguments."""

    def __init__(
        self, function: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]
    ) -> None:
        self._function = function
        self._args, self._named = args, named
        self._call = _call_text(function, args, named)

    def gives(
        self,
        want: Any,
        *,
        why: str = "",
        mistakes: Iterable[tuple[Any, str]] = (),
        tolerance: float = 0.0,
    ) -> Any:
        """Check that the call returns `want`; returns what came.

        Args:
            want: the expected value. A list and a tuple count as equal, so do the dict types;
                numbers must be of the same kind (an id is an int, not a float or a bool).
            why: how one finds `want` by hand.
            mistakes: pairs of a wrong value and the mistake that gives exactly it.
            tolerance: largest absolute difference between floats, at most 1e-4.

        Raises:
            CheckFailed: if something else comes, or an exception.
        """
        got = self.value(why=why)
        difference = _difference(got, want, tolerance)
        if difference is None:
            return got
        where, part, wanted = difference
        if len(repr(want)) <= READABLE:
            part, wanted = got, want
        likely = next(
            (s for value, s in mistakes if _difference(got, value, tolerance) is None), ""
        )
        expected, came = _short(wanted), _short(part)  # alike for two large arrays of one shape
        raise CheckFailed(
            _message(
                f"{self._call} is wrong{where}",
                expected=expected if expected != came else "",
                got=came if expected != came else "",
                why=why,
                likely=likely,
            )
        )

    def raises(
        self, error: type[Exception] = ValueError, *, naming: str = "", why: str = ""
    ) -> None:
        """Check that the call raises `error`, with `naming` in its message."""
        try:
            got = self._function(*copy.deepcopy(self._args), **copy.deepcopy(dict(self._named)))
        except error as raised:
            if naming and naming not in str(raised):
                raise CheckFailed(
                    _message(
                        f"{self._call} raises {error.__name__}, but its message is no help",
                        expected=f"a message that names {naming!r}",
                        got=repr(str(raised)),
                        why=why,
                    )
                ) from None
            passed()
        except Exception as other:
            raise CheckFailed(
                _message(
                    f"{self._call} raises the wrong exception",
                    expected=error.__name__,
                    got=_exception_text(other, self._function),
                    why=why,
                )
            ) from None
        else:
            raise CheckFailed(
                _message(
                    f"{self._call} accepts what it should refuse",
                    expected=f"{error.__name__}" + (f" naming {naming!r}" if naming else ""),
                    got=_short(got),
                    why=why,
                )
            )

    def value(self, *, why: str = "") -> Any:
        """What the call returns, for checks that no single value can express.

        Raises:
            CheckFailed: if the function is not written, raises, or changes its arguments.
        """
        args, named = _copied(self._args), _copied(dict(self._named))
        try:
            got = self._function(*args, **named)
        except NotImplementedError:
            raise CheckFailed(f"{_name(self._function)} is not written yet") from None
        except Exception as error:
            raise CheckFailed(
                _message(
                    f"{self._call} stopped", got=_exception_text(error, self._function), why=why
                )
            ) from None
        for before, after in zip(self._args, args):
            if _is_plain(before) and _difference(after, before, 0.0) is not None:
                raise CheckFailed(
                    _message(
                        f"{self._call} changes its argument",
                        expected=f"{_short(before)} left as it is",
                        got=_short(after),
                        likely="work on a copy: the caller still needs what it passed in",
                    )
                )
        passed()
        return got


def case(function: Callable[..., Any], *args: Any, **named: Any) -> Case:
    """A call to be checked: ``case(f, x).gives(y)``, ``.raises(ValueError)`` or ``.value()``."""
    return Case(function, args, named)


def require(condition: Any, message: str, likely: str = "") -> None:
    """Check that `condition` is true.

    Raises:
        CheckFailed: with `message` and the likely mistake otherwise.
    """
    if condition is not True and not (isinstance(condition, np.bool_) and bool(condition)):
        raise CheckFailed(_message(message, likely=likely))
    passed()


def largest_tensor(function: Callable[..., Any], *args: Any, **named: Any) -> int:
    """How many bytes the largest tensor takes that a call of a learner's function makes.

    Example: ``require(largest_tensor(attend, q, k, v) < 4 * T * T, "the scores are never whole")``

    Raises:
        CheckFailed: if the function is not written or raises.
    """
    measured = 0

    def measure(*args: Any, **named: Any) -> Any:
        nonlocal measured
        measured, result = _largest_storage(function, args, named)
        return result

    measure.__qualname__ = _name(function)
    case(measure, *args, **named).value()
    return measured


def report() -> None:
    """End a test cell: says how many checks passed since the last report.

    Raises:
        CheckFailed: if there were none, for a cell that checks nothing must not give marks.
    """
    global _passed
    count, _passed = _passed, 0
    if not count:
        raise CheckFailed("this cell checked nothing")
    print(f"{count} {'check' if count == 1 else 'checks'} passed")


def by_hand(*functions: Any, without: Iterable[str] = ()) -> None:
    """Check that functions, and all of the learner's code that they call, use no forbidden name.

    Args:
        functions: functions or classes that the learner wrote.
        without: further names that the statement forbids, such as ``"multi_head_attention"``.

    Raises:
        CheckFailed: naming the function and the name it uses.
    """
    further = frozenset(without)
    seen: set[int] = set()
    for function in functions:
        refuse(_forbidden_use(function, further, seen))
    passed()


def refuse(found: tuple[str, str] | None) -> None:
    """Fail if something was found: a function, and the name that it uses and must not."""
    if found:
        user, used = found
        raise CheckFailed(
            _message(
                f"{user} uses {used}, which the rules do not allow",
                likely="the exercise is to write this by hand; see the rules at the top",
            )
        )


#: The judge puts its own here: the call runs in another process, and is measured there.
_largest_storage = largest_storage


def _forbidden_use(thing: Any, further: frozenset[str], seen: set[int]) -> tuple[str, str] | None:
    """The first (function, forbidden name) in `thing` or in the code it refers to."""
    thing = getattr(thing, "__wrapped__", getattr(thing, "__func__", thing))
    if id(thing) in seen:
        return None
    seen.add(id(thing))
    if isinstance(thing, type):
        inner = [getattr(member, "fget", member) for member in vars(thing).values()]
        found = (_forbidden_use(member, further, seen) for member in inner)
        return next((use for use in found if use), None)
    if not isinstance(thing, FunctionType):
        return None
    reached = [*(thing.__defaults__ or ()), *(cell.cell_contents for cell in _cells(thing))]
    for kind, name in _names(thing.__code__):
        if name in further or (kind != "attribute" and name.split(".")[0] in FORBIDDEN):
            return thing.__name__, name
        if kind in ("global", "import") and name.split(".")[0] in HIDING:
            return thing.__name__, name
        if kind == "global" and name in thing.__globals__:
            reached.append(thing.__globals__[name])
    for other in reached:
        origin = other.__name__ if isinstance(other, ModuleType) else _origin(other)
        if origin.split(".")[0] in FORBIDDEN:
            return thing.__name__, origin
        if getattr(other, "__name__", "") in further:
            return thing.__name__, str(other.__name__)
        if _origin(other) == thing.__module__ and (
            found_inside := _forbidden_use(other, further, seen)
        ):
            return found_inside
    return None


def _names(code: CodeType) -> list[tuple[str, str]]:
    """What a function's code, its inner functions included, refers to: (kind, name).

    A short string is of the kind "text": it may be what ``getattr`` looks for.
    """
    names = []
    for instruction in dis.get_instructions(code):
        value = instruction.argval
        if isinstance(value, CodeType):
            names += _names(value)
        elif instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.append(("global", str(value)))
        elif instruction.opname == "IMPORT_NAME":
            names.append(("import", str(value)))
        elif instruction.opname.startswith(("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM")):
            names.append(("attribute", str(value)))
        elif instruction.opname in ("LOAD_CONST", "RETURN_CONST") and isinstance(value, str):
            names.append(("text", value))
    return names


def _cells(function: FunctionType) -> list[Any]:
    """The closure's cells that hold something: a name not yet assigned has an empty one."""
    return [cell for cell in function.__closure__ or () if cell != CellType()]


def _origin(thing: Any) -> str:
    origin = getattr(thing, "__module__", None) or type(thing).__module__
    return origin if isinstance(origin, str) else ""


def _difference(got: Any, want: Any, tolerance: float) -> Difference | None:
    """Where `got` differs from `want`; None if it does not.

    Only exact built-in types of `got` are trusted: an object with an ``__eq__`` of its own could
    agree with anything.
    """
    if isinstance(want, np.ndarray) or type(want).__module__ == "torch":
        where = _array_difference(got, want, tolerance)
        return None if where is None else (where, got, want)
    if isinstance(want, (list, tuple)):
        return _list_difference(got, want, tolerance)
    if isinstance(want, Mapping):
        return _dict_difference(got, want, tolerance)
    if _equal(got, want, tolerance):
        return None
    kinds = (set, frozenset) if isinstance(want, (set, frozenset)) else (type(want),)
    number = isinstance(want, float) and isinstance(got, (int, float)) and got is not True
    if type(got) in kinds or number:
        return "", got, want
    return f": {_type(want)} was expected, not {_type(got)}", got, want


def _equal(got: Any, want: Any, tolerance: float) -> bool:
    """Whether two values without parts are the same, in value and in kind."""
    if isinstance(want, (set, frozenset)):
        return type(got) in (set, frozenset) and set(got) == want
    if isinstance(want, float):
        if isinstance(got, bool) or type(got).__module__ not in ("builtins", "numpy"):
            return False
        if not isinstance(got, numbers.Real):
            return False
        value = float(got)
        same = math.isnan(value) and math.isnan(want)
        return same or math.isclose(value, want, rel_tol=1e-9, abs_tol=tolerance)
    if isinstance(want, int) and not isinstance(want, bool) and isinstance(got, np.integer):
        return int(got) == want
    return type(got) is type(want) and bool(got == want)


def _list_difference(got: Any, want: Sequence[Any], tolerance: float) -> Difference | None:
    if type(got) not in (list, tuple):
        return f": {_type(want)} was expected, not {_type(got)}", got, want
    for index, (mine, theirs) in enumerate(zip(got, want)):
        if inner := _difference(mine, theirs, tolerance):
            return f", first at position {index}{inner[0]}", inner[1], inner[2]
    if len(got) != len(want):
        return f": its length is {len(got)}, not {len(want)}", got, want
    return None


def _dict_difference(got: Any, want: Mapping[Any, Any], tolerance: float) -> Difference | None:
    if not isinstance(got, dict):
        return f": dict was expected, not {_type(got)}", got, want
    mine = {key: dict.__getitem__(got, key) for key in dict.keys(got)}
    for key in want:
        if key not in mine:
            return f": the key {_short(key)} is missing", got, want
        if inner := _difference(mine[key], want[key], tolerance):
            return f", first at the key {_short(key)}{inner[0]}", inner[1], inner[2]
    extra = [key for key in mine if key not in want]
    if extra:
        return f": the key {_short(extra[0])} should not be there", got, want
    return None


def _array_difference(got: Any, want: Any, tolerance: float) -> str | None:
    """Where two numpy arrays or torch tensors differ: kind, shape, values."""
    if type(got) is not type(want):
        return f": {_type(want)} was expected, not {_type(got)}"
    if tuple(got.shape) != tuple(want.shape):
        return f": its shape is {tuple(got.shape)}, not {tuple(want.shape)}"
    mine, theirs = _as_numpy(got), _as_numpy(want)
    exact = hasattr(want, "is_floating_point") and want.is_floating_point()
    if mine.dtype.kind != theirs.dtype.kind or (exact and got.dtype != want.dtype):
        return f": its dtype is {got.dtype}, not {want.dtype}"
    if mine.dtype.kind not in "fc":
        near = mine == theirs
        return None if near.all() else _first_place(mine, theirs, near)
    near = np.isclose(mine, theirs, rtol=tolerance, atol=tolerance, equal_nan=True)
    if near.all():
        return None
    return _worst_place(mine, theirs, near)


def _worst_place(mine: Any, theirs: Any, near: Any) -> str:
    """Where two arrays of floats differ most: an infinity or NaN on one side counts as most."""
    with np.errstate(invalid="ignore"):
        distance = np.where(near, 0.0, np.nan_to_num(np.abs(mine - theirs), nan=np.inf))
    place = np.unravel_index(int(distance.argmax()), distance.shape)
    came = f"{mine[place]:.5g} came for {theirs[place]:.5g}"
    return f": {_share(near)} differ, most{_at(place)}, where {came}"


def _first_place(mine: Any, theirs: Any, near: Any) -> str:
    """Where two arrays of whole numbers, truth values or texts differ first."""
    place = np.unravel_index(int((~near).argmax()), near.shape)
    came = f"{mine[place]} came for {theirs[place]}"
    return f": {_share(near)} differ, first{_at(place)}, where {came}"


def _share(near: Any) -> str:
    return f"{int((~near).sum())} of {near.size} values"


def _at(place: Sequence[Any]) -> str:
    return f" at [{', '.join(str(int(index)) for index in place)}]" if place else ""


def _as_numpy(array: Any) -> Any:
    if hasattr(array, "detach"):
        array = array.detach().cpu()
        array = array.double() if array.is_floating_point() else array  # numpy has no bfloat16
    return np.asarray(array)


def passed() -> None:
    """Count a check that held."""
    global _passed
    _passed += 1


def forget() -> None:
    """Begin to count anew."""
    global _passed
    _passed = 0


def _message(what: str, **parts: str) -> str:
    lines = [what] + [f"  {name:<9} {text}" for name, text in parts.items() if text]
    return "\n".join(lines)


def _exception_text(error: Exception, function: Any) -> str:
    """The exception and the learner's line that it came from."""
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    if where := str(getattr(error, "handtorch_where", "")):  # it came from another process
        return f"{text}, {where}"
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if code is not None and frame.filename == code.co_filename:
            line = linecache.getline(frame.filename, frame.lineno or 0).strip()
            return f"{text}, in line {frame.lineno}: {line}" if line else text
    return text


def _call_text(function: Any, args: Sequence[Any], named: Mapping[str, Any]) -> str:
    shown = [_short(arg, 60) for arg in args]
    shown += [f"{name}={_short(value, 60)}" for name, value in named.items()]
    return f"{_name(function)}({', '.join(shown)})"


def _name(function: Any) -> str:
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    return str(name).rpartition("<locals>.")[2] if name else type(function).__name__


def _short(value: Any, longest: int = LONGEST) -> str:
    if shape := _shape_of_large(value, longest):
        return f"{_type(value)} of shape {shape}"
    try:
        text = repr(value)
        if "\n" in text:
            text = " ".join(text.split())  # arrays, alone or in a list
    except Exception as error:
        return f"<{_type(value)} whose repr raises {type(error).__name__}>"
    return text if len(text) <= longest else f"{text[: longest - 20]} … ({len(text):,} characters)"


def _shape_of_large(value: Any, longest: int) -> str:
    """The shape of an array whose numbers nobody would read, else ""."""
    if not isinstance(value, np.ndarray) and type(value).__module__ != "torch":
        return ""
    shape = tuple(getattr(value, "shape", ()))
    return str(shape) if math.prod(shape) > longest // 10 else ""


def _type(value: Any) -> str:
    return type(value).__name__


def _is_plain(value: Any) -> bool:
    return isinstance(value, (list, dict, set, tuple, str, np.ndarray)) or (
        type(value).__module__ == "torch"
    )


def _copied(value: Any) -> Any:
    """A deep copy where one can be made: functions and generators stand for themselves."""
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(_copied(part) for part in value)
    try:
        return copy.deepcopy(value)
    except Exception:
        return value
