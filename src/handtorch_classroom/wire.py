"""Values on their way between the judge and the process that runs a submission.

Plain data of an exact built-in type goes by value, as JSON, numpy arrays and torch tensors too.
Containers keep their identity while a call is under way: both ends have a twin of each, and every
message brings the twins up to date. So a function that changes its argument, or a list that a
callback returned, changes it for the other end as well. Everything else (functions, classes,
instances, iterators) stays where it is, and the other end gets a `Remote` that stands for it.

Nothing is unpickled and no code travels. What arrives is not trusted: what is not as it should be
raises `WireError`. A `Remote` equals only itself, whatever the object says that it stands for.
"""

import base64
import builtins
import operator
import sys
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

Ref = Any  # a value as JSON
State = list[Any]  # a container as JSON: its kind, then what it holds

#: Builtins that both ends have, so that they need no `Remote`.
SHARED_BUILTINS = (
    *("abs", "all", "any", "bool", "bytearray", "bytes", "chr", "complex", "dict", "divmod"),
    *("float", "frozenset", "int", "len", "list", "max", "min", "object", "ord", "range"),
    *("repr", "reversed", "round", "set", "sorted", "str", "sum", "tuple", "zip"),
)
BUILTINS: dict[str, Any] = {name: getattr(builtins, name) for name in SHARED_BUILTINS}
BUILTINS |= {
    name: thing
    for name, thing in vars(builtins).items()
    if isinstance(thing, type) and issubclass(thing, BaseException)
}
BUILTINS |= {"NoneType": type(None), "Counter": Counter, "defaultdict": defaultdict}
_BUILTIN_NAMES = {id(thing): name for name, thing in BUILTINS.items()}

_BINARY = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"),
    *("and", "or", "xor", "lshift", "rshift"),
)
#: What a `Remote` may be asked for by an operator or a builtin function; no comparison is.
OPERATIONS = frozenset(
    f"__{name}__"
    for name in (
        *("call", "len", "iter", "next", "getitem", "setitem", "delitem", "contains", "enter"),
        *("exit", "neg", "abs", "int", "float", "index", "instancecheck"),
        *_BINARY,
        *(f"r{name}" for name in _BINARY),
    )
)
JUDGE, LEARNER = "j", "k"  # the two ends
LARGEST_INT = 2**53  # that JSON holds as a number
LONGEST_NAME = 200
SHADOWED: dict[str, type] = {"list": list, "dict": dict, "set": set}


class WireError(Exception):
    """A message that makes no sense, or a value that cannot be sent."""


class Remote:
    """Stands for an object of the other end; `Values` makes subclasses for what it can do."""

    __slots__ = ("_about", "_ask", "_handle")
    _about: dict[str, Any]
    _ask: Callable[..., Any]
    _handle: int

    def __getattr__(self, name: str) -> Any:
        about = self._about
        if name in ("__name__", "__qualname__") and about.get(name[2:-2]):
            return about[name[2:-2]]
        if name.startswith("_"):
            raise AttributeError(f"{about['type']!r} object has no attribute {name!r}")
        if name in about["methods"]:
            return lambda *args, **named: self._ask("method", self, name, *args, **named)
        return self._ask("getattr", self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("setattr", self, name, value)

    def __repr__(self) -> str:
        return str(self._ask("repr", self))

    def __copy__(self) -> "Remote":
        return self

    def __deepcopy__(self, memo: Any) -> "Remote":
        return self

    def __reduce__(self) -> Any:
        raise TypeError(f"{self._about['type']} cannot be pickled here")


def _operation(name: str) -> Callable[..., Any]:
    def operate(self: Remote, *args: Any, **named: Any) -> Any:
        return self._ask("operate", self, name, *args, **named)

    operate.__name__ = name
    return operate


@cache
def _remote_class(type_name: str, can: frozenset[str]) -> type[Remote]:
    members: dict[str, Any] = {name: _operation(name) for name in can}
    return type(type_name, (Remote,), {"__slots__": (), **members})


@cache
def _shadow_class(type_name: str, base: type, overridden: frozenset[str]) -> type:
    """A container that does what it is asked by itself, and tells the other end what it was."""
    members: dict[str, Any] = {"_shadows": base}
    for name in overridden:
        members[name] = _shadow_iter if name == "__iter__" else _shadow_method(base, name)
    return type(type_name, (base,), {"__hash__": object.__hash__, **members})


def _shadow_method(base: type, name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any) -> Any:
        self._remote._ask("touch", self._remote, name, *args)
        return getattr(base, name)(self, *args)

    return method


def _shadow_iter(self: Any) -> Iterator[Any]:
    other = self._remote._ask("operate", self._remote, "__iter__")
    for item in self._shadows.__iter__(self):
        other._ask("touch", other, "__next__")
        yield item


class Values:
    """Packs and unpacks the values of one end; safe to be used by threads."""

    def __init__(self, side: str, ask: Callable[..., Any]) -> None:
        """`side` is JUDGE or LEARNER; `ask` calls the other end."""
        self._side, self._ask = side, ask
        self._lock = threading.RLock()
        self._exported: list[Any] = []
        self._handles: dict[int, int] = {}
        self._remotes: dict[int, Remote] = {}
        self.forget()

    def forget(self) -> None:
        """End the twinship of all containers: no call is under way any more."""
        with self._lock:
            self._twins: dict[str, Any] = {}
            self._keys: dict[int, str] = {}
            self._seen: dict[str, Any] = {}  # what each held when both ends were the same

    def pack(self, value: Any) -> dict[str, Any]:
        """A value as JSON, with the changes of all containers that both ends know."""
        with self._lock:
            packed, changed, done = self._ref(value), {}, 0
            while done < len(self._twins):  # states name further containers
                for key, twin in list(self._twins.items())[done:]:
                    held = _held(twin)
                    if key not in self._seen or not _is_same(held, self._seen[key]):
                        self._seen[key], changed[key] = held, self._state(twin)
                    done += 1
            return {"value": packed, "state": changed}

    def unpack(self, message: dict[str, Any]) -> Any:
        """The value of a message, after bringing the containers up to date.

        Raises:
            WireError: if the message is not one of `pack`.
        """
        with self._lock:
            try:
                changed = message["state"]
                for key, state in changed.items():
                    if key not in self._twins:
                        if key.startswith(self._side):
                            raise WireError(f"no container is called {key!r}")
                        self._twin(self._empty(state), key)
                for key, state in changed.items():
                    self._fill(self._twins[key], state)
                for key in changed:
                    self._seen[key] = _held(self._twins[key])
                return self._value(message["value"])
            except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                raise WireError(f"a message makes no sense: {error!r}") from error

    def _is_container(self, value: Any) -> bool:
        """Whether both ends get a twin of it.

        Of the judge's own kinds of list, dict and set the other end gets shadows. Of a learner's
        own kinds only a dict is taken for what it holds.
        """
        kind = type(value)
        if kind in (list, set, deque, bytearray, np.ndarray) or isinstance(value, dict):
            return True
        if isinstance(value, (list, set)):
            return self._side == JUDGE or hasattr(kind, "_shadows")
        return _is_tensor(value)

    def _twin(self, container: Any, key: str = "") -> str:
        known = self._keys.get(id(container))
        if known is None:
            known = key or f"{self._side}{len(self._twins)}"
            self._twins[known] = container  # holds it, so its id stays its own
            self._keys[id(container)] = known
        return known

    def _ref(self, value: Any) -> Ref:
        kind = type(value)
        if value is None or kind in (bool, str, float):
            return value
        if kind is int:
            return value if -LARGEST_INT < value < LARGEST_INT else ["int", hex(value)]
        if kind in (tuple, frozenset):
            return [kind.__name__, [self._ref(part) for part in value]]
        if kind is bytes:
            return ["bytes", base64.b64encode(value).decode()]
        if kind is complex:
            return ["complex", value.real, value.imag]
        if kind in (range, slice):
            return [kind.__name__, self._ref((value.start, value.stop, value.step))]
        if isinstance(value, np.generic) and kind.__module__ == "numpy":
            return ["scalar", _array_state(np.asarray(value))]
        if self._is_container(value):
            return ["twin", self._twin(value)]
        if id(value) in _BUILTIN_NAMES:
            return ["builtin", _BUILTIN_NAMES[id(value)]]
        if isinstance(value, Remote):
            return ["yours", object.__getattribute__(value, "_handle")]
        if isinstance(value, type(sys)):
            raise WireError(f"the module {value.__name__} cannot be passed")
        return ["mine", *self._export(value)]

    def _export(self, value: Any) -> tuple[int, dict[str, Any]]:
        handle = self._handles.get(id(value))
        if handle is None:
            handle = self._handles[id(value)] = len(self._exported)
            self._exported.append(value)
        return handle, _about(value)

    def _value(self, ref: Ref) -> Any:
        if ref is None or type(ref) in (bool, str, float, int):
            return ref
        tag, *parts = ref
        if tag == "int":
            return int(parts[0], 16)
        if tag in ("tuple", "frozenset"):
            return BUILTINS[tag](self._value(part) for part in parts[0])
        if tag == "bytes":
            return base64.b64decode(parts[0])
        if tag == "complex":
            return complex(*parts)
        if tag in ("range", "slice"):
            return (range if tag == "range" else slice)(*self._value(parts[0]))
        if tag == "scalar":
            return _array(parts[0])[()]
        if tag == "twin":
            return self._twins[parts[0]]
        if tag == "builtin":
            return BUILTINS[parts[0]]
        if tag == "yours":
            return self._exported[_natural(parts[0])]
        if tag == "mine":
            return self._remote(_natural(parts[0]), parts[1])
        raise WireError(f"no value is called {tag!r}")

    def _remote(self, handle: int, about: dict[str, Any]) -> Remote:
        remote = self._remotes.get(handle)
        if remote is None:
            names = {key: str(about[key])[:LONGEST_NAME] for key in ("type", "name", "qualname")}
            methods = frozenset(str(name) for name in about["methods"])
            kind = _remote_class(names["type"], OPERATIONS & frozenset(about["can"]))
            remote = object.__new__(kind)
            object.__setattr__(remote, "_about", {**names, "methods": methods})
            object.__setattr__(remote, "_ask", self._ask)
            object.__setattr__(remote, "_handle", handle)
            self._remotes[handle] = remote
        return remote

    def _state(self, value: Any) -> State:
        kind = type(value)
        if kind is list:
            return ["list", [self._ref(part) for part in value]]
        if kind is set:
            return ["set", [self._ref(part) for part in value]]
        if kind is deque:
            return ["deque", [self._ref(part) for part in value], value.maxlen]
        if kind is bytearray:
            return ["bytearray", base64.b64encode(value).decode()]
        if kind is np.ndarray:
            return _array_state(value)
        if _is_tensor(value):
            return _tensor_state(value)
        known = kind in (dict, Counter, OrderedDict, defaultdict)
        base = _base(value)
        parts: Any = dict.items(value) if base is dict else base.__iter__(value)
        refs = (
            [[self._ref(part) for part in pair] for pair in parts]
            if base is dict
            else ([self._ref(part) for part in parts])
        )
        if self._side == JUDGE and not known:
            return self._shadow_state(value, base, refs)
        factory = self._ref(value.default_factory) if kind is defaultdict else None
        return [kind.__name__ if known else base.__name__, refs, factory]

    def _shadow_state(self, value: Any, base: type, refs: list[Ref]) -> State:
        overridden = [
            name
            for kind in type(value).__mro__[: type(value).__mro__.index(base)]
            for name in vars(kind)
            if name in OPERATIONS and name in dir(base)
        ]
        return ["shadow", refs, base.__name__, *self._export(value), overridden]

    def _empty(self, state: State) -> Any:
        kind = state[0]
        if kind in ("array", "tensor"):
            return _array(state) if kind == "array" else _tensor(state)
        if kind == "deque":
            return deque(maxlen=state[2])
        if kind == "defaultdict":
            return defaultdict(self._value(state[2]))
        if kind == "shadow":
            if self._side == JUDGE:
                raise WireError("the judge takes no shadows")
            base = SHADOWED[state[2]]
            names = frozenset(state[5]) & OPERATIONS
            shadow = _shadow_class(str(state[4]["type"]), base, names)()
            shadow._remote = self._remote(_natural(state[3]), state[4])
            return shadow
        plain: dict[str, Callable[[], Any]] = {
            "list": list,
            "set": set,
            "dict": dict,
            "bytearray": bytearray,
            "Counter": Counter,
            "OrderedDict": OrderedDict,
        }
        return plain[kind]()

    def _fill(self, twin: Any, state: State) -> None:
        kind = state[0]
        if kind == "array":
            _copy_into(twin, _array(state))
        elif kind == "tensor":
            _copy_into(twin, _tensor(state))
        elif kind == "bytearray":
            twin[:] = base64.b64decode(state[1])
        elif isinstance(twin, list):
            list.__setitem__(twin, slice(None), [self._value(part) for part in state[1]])
        elif isinstance(twin, set):
            set.clear(twin)
            set.update(twin, [self._value(part) for part in state[1]])
        elif isinstance(twin, deque):
            parts = [self._value(part) for part in state[1]]
            twin.clear()
            twin.extend(parts)
        elif isinstance(twin, dict):
            items = [(self._value(pair[0]), self._value(pair[1])) for pair in state[1]]
            base: Any = OrderedDict if type(twin) is OrderedDict else dict
            base.clear(twin)
            for key, part in items:
                base.__setitem__(twin, key, part)
        else:
            raise WireError(f"{type(twin).__name__} cannot become {kind!r}")


def _base(value: Any) -> Any:
    """The built-in kind that a list, dict or set of any kind is."""
    return next(kind for kind in SHADOWED.values() if isinstance(value, kind))


def _held(container: Any) -> Any:
    """What a container holds: a tuple of its parts, or the bytes of its numbers."""
    kind = type(container)
    if kind is list or kind is set or kind is deque:
        return tuple(container)
    if kind is dict:
        return (*container, *container.values())
    if kind is bytearray:
        return bytes(container)
    if kind is np.ndarray:
        return [container.dtype.str, container.shape, container.tobytes()]
    if _is_tensor(container):
        plain = _plain(container)
        return [container.dtype, container.requires_grad, plain.shape, plain.tobytes()]
    base = _base(container)
    parts = tuple(base.__iter__(container))
    if base is not dict:
        return parts
    return (*parts, *dict.values(container), getattr(container, "default_factory", None))


def _is_same(held: Any, before: Any) -> bool:
    """Whether a container holds what it held: the very same parts, as changes within a part are
    the part's own. Far cheaper than to compare what is sent, and no ``__eq__`` is asked.
    """
    if type(held) is not tuple:
        return bool(held == before)
    return len(held) == len(before) and all(map(operator.is_, held, before))


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and type(value) in (torch.Tensor, torch.nn.Parameter)


def _about(value: Any) -> dict[str, Any]:
    """What the other end has to know of an object to stand for it."""
    kind = type(value)
    is_function = callable(value) and hasattr(value, "__name__")
    methods = [] if is_function else [name for name in dir(kind) if _is_method(kind, name)]
    return {
        "type": kind.__name__,
        "name": str(getattr(value, "__name__", "")),
        "qualname": str(getattr(value, "__qualname__", "")),
        "methods": methods,
        "can": [name for name in sorted(OPERATIONS) if hasattr(kind, name)],
    }


def _is_method(kind: type, name: str) -> bool:
    return not name.startswith("_") and callable(getattr(kind, name, None))


def _natural(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise WireError(f"{number!r} is no handle")
    return number


def _array_state(array: Any) -> State:
    if array.dtype.kind not in "biufcSU":
        raise WireError(f"an array of {array.dtype} cannot be passed")
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return ["array", array.dtype.str, list(array.shape), data]


def _array(state: State) -> Any:
    kind = np.dtype(str(state[1]))
    if kind.kind not in "biufcSU":
        raise WireError(f"an array of {kind} cannot be taken")
    return np.frombuffer(base64.b64decode(state[3]), kind).reshape(state[2]).copy()


def _tensor_state(tensor: Any) -> State:
    name = str(tensor.dtype).removeprefix("torch.")
    return ["tensor", name, bool(tensor.requires_grad), _array_state(_plain(tensor))]


def _plain(tensor: Any) -> Any:
    """The numbers of a tensor as an array; of bfloat16, which numpy does not know, the bits."""
    import torch

    plain = tensor.detach().cpu().resolve_conj().contiguous()
    return (plain.view(torch.int16) if plain.dtype == torch.bfloat16 else plain).numpy()


def _tensor(state: State) -> Any:
    import torch

    tensor = torch.from_numpy(_array(state[3]))
    if state[1] == "bfloat16":
        tensor = tensor.view(torch.bfloat16)
    floats = tensor.is_floating_point() or tensor.is_complex()
    return tensor.requires_grad_(bool(state[2]) and floats)


def _copy_into(twin: Any, new: Any) -> None:
    """Bring an array or a tensor up to date, in place where nothing but its numbers changed."""
    if twin is new:
        return
    if tuple(twin.shape) != tuple(new.shape) or twin.dtype != new.dtype:
        raise WireError("an array cannot change its shape or type on the way")
    if isinstance(twin, np.ndarray):
        twin[...] = new
    else:
        twin.detach().copy_(new.detach())
