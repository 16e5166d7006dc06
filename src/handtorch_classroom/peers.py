"""Calls between the judge and the process that runs a submission, in both directions at once.

A call that comes while its thread waits for an answer runs in that thread, as if both processes
were one: what a learner's function calls back runs where it was called. What `perform` may do for
the other end is what the two ends differ in: a submission must do everything the judge asks for,
the judge only what the objects offer that a test passed on.
"""

import contextlib
import itertools
import json
import socket
import struct
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from handtorch_classroom.wire import BUILTINS, JUDGE, LEARNER, OPERATIONS, Remote, Values, WireError

LARGEST_MESSAGE = 64_000_000  # bytes
LONGEST_TEXT = 2_000  # characters of an exception's text
#: Attributes without an underscore that lead from an object to the frames of its owner.
INNARDS = ("ag_", "co_", "cr_", "f_", "func_", "gi_", "tb_")

Message = dict[str, Any]
Locate = Callable[[BaseException, Any], tuple[str, list[str]]]


class Gone(ConnectionError):
    """The other end is not there any more."""


class Peer:
    """One end of a connection."""

    def __init__(self, connection: socket.socket, side: str, locate: Locate | None = None) -> None:
        """`locate` finds the line, and the traceback, of an exception in a learner's code."""
        self.values = Values(side, self.request)
        self._side, self._connection, self._locate = side, connection, locate
        self._ids = itertools.count(1)
        self._send_lock = threading.Lock()
        self._waiting: dict[int, SimpleQueue[Message | None]] = {}
        self._serving = threading.local()
        self._calls: SimpleQueue[Message | None] = SimpleQueue()  # for whoever calls `serve`
        self._gone = False
        self.before: Callable[[], None] | None = None  # is called before each request
        self._handlers: dict[str, Callable[..., Any]] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def offer(self, name: str, handler: Callable[..., Any]) -> None:
        """Let the other end ask for `name`, which is no operation on an object."""
        self._handlers[name] = handler

    def request(self, op: str, target: Any = None, /, *args: Any, **named: Any) -> Any:
        """Have the other end do something, and return or raise what comes of it.

        Raises:
            Gone: if the other end is not there.
        """
        if self.before is not None:
            self.before()
        number, answers = next(self._ids), SimpleQueue[Message | None]()
        parent = getattr(self._serving, "call", None)
        fresh = not self._waiting and parent is None and self._side == JUDGE
        if fresh:
            self.values.forget()
        self._waiting[number] = answers
        if self._gone:
            answers.put(None)
        try:
            packed = self.values.pack([target, args, named])
            self._send({"call": number, "parent": parent, "fresh": fresh, "op": op, **packed})
            while True:
                message = answers.get()
                if message is None:
                    raise Gone("the process that runs the submission has ended")
                if "reply" in message:
                    return self._outcome(message)
                self._answer(message)
        finally:
            del self._waiting[number]

    def serve(self) -> None:
        """Do what the other end asks for, in this thread, until it says that it is done."""
        with contextlib.suppress(Gone):
            while (message := self._calls.get()) is not None:
                self._answer(message)

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):  # the other end was faster
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _outcome(self, message: Message) -> Any:
        value = self.values.unpack(message)
        if message["reply"] == "value":
            return value
        raise self._exception(value)

    def _answer(self, message: Message) -> None:
        outer = getattr(self._serving, "call", None)
        self._serving.call = message.get("call")
        interrupt = target = None
        try:
            if message.get("fresh") and self._side == LEARNER:
                self.values.forget()
            target, args, named = self.values.unpack(message)
            result = self._perform(str(message.get("op")), target, *args, **named)
            reply = {"reply": "value", **self.values.pack(result)}
        except BaseException as error:
            reply = {"reply": "error", **self._error(error, target)}
            interrupt = error if isinstance(error, KeyboardInterrupt) else None
        finally:
            self._serving.call = outer
        self._send({"to": message.get("call"), **reply})
        if interrupt is not None:
            raise interrupt

    def _perform(self, op: str, target: Any, *args: Any, **named: Any) -> Any:
        if op in self._handlers:
            return self._handlers[op](target, *args, **named)
        if self._side == JUDGE and not _is_open(target):
            raise WireError(f"a {type(target).__name__} is not to be asked")
        if op == "repr":
            return repr(target)
        if op in ("operate", "touch"):
            result = self._operate(target, *args, **named)
            return result if op == "operate" else None
        name = args[0]
        if type(name) is not str or name.startswith(("_", *INNARDS)):
            raise AttributeError(f"{type(target).__name__!r} object has no attribute {name!r}")
        if op == "method":
            return getattr(target, name)(*args[1:], **named)
        if op == "getattr":
            return getattr(target, name)
        if op == "setattr":
            return setattr(target, name, args[1])
        raise WireError(f"nothing is called {op!r}")

    def _operate(self, target: Any, name: Any, *args: Any, **named: Any) -> Any:
        if name not in OPERATIONS:
            raise WireError(f"no operation is called {name!r}")
        if name == "__call__":
            return target(*args, **named)
        if name == "__iter__":
            return _Iterator(iter(target))
        if name == "__instancecheck__":
            return isinstance(args[0], target)
        return getattr(type(target), name)(target, *args)

    def _error(self, error: BaseException, target: Any) -> Message:
        """An exception as a message: its kind, text, place, and which of the other end's it was."""
        base = next(k.__name__ for k in type(error).__mro__ if BUILTINS.get(k.__name__) is k)
        texts = [_text(error)]
        plain = all(type(part) in (str, int, float, bool, type(None)) for part in error.args)
        where, trace = self._locate(error, target) if self._locate else ("", [])
        about = [base, type(error).__name__, list(error.args) if plain else texts, where, trace]
        own = getattr(error, "_handtorch_remote", None)
        if own is None and self._side == JUDGE:
            own = error
        try:
            return self.values.pack([*about, own])
        except Exception:  # the text of its arguments cannot be sent
            return self.values.pack([*about[:2], texts, "", [], None])

    def _exception(self, about: Any) -> BaseException:
        """The exception of a message; an own one that has come back is itself."""
        try:
            base, name, args, where, trace, own = about
            if isinstance(own, BaseException):
                return own
            kind = BUILTINS[str(base)]
            if name != base:
                kind = type(str(name)[:100], (kind,), {})
            error = _made(kind, args)
        except Exception as problem:
            error = WireError(f"an exception makes no sense: {problem!r}")
            where, trace, own = "", [], None
        error.handtorch_where = str(where)  # type: ignore[attr-defined]
        error.handtorch_trace = [str(entry) for entry in trace]  # type: ignore[attr-defined]
        if isinstance(own, Remote):
            error._handtorch_remote = own  # type: ignore[attr-defined]
        return error

    def _send(self, message: Message) -> None:
        data = json.dumps(message).encode()
        if len(data) > LARGEST_MESSAGE:
            raise WireError("a value is too large to be passed")
        with self._send_lock:
            try:
                self._connection.sendall(struct.pack("!Q", len(data)) + data)
            except OSError as error:
                raise Gone("the process that runs the submission has ended") from error

    def _read(self) -> None:
        """Take messages to the threads that they are for, until the connection ends."""
        try:
            with self._connection.makefile("rb") as stream:
                while len(head := stream.read(8)) == 8:
                    (length,) = struct.unpack("!Q", head)
                    if length > LARGEST_MESSAGE:
                        break
                    self._take(json.loads(stream.read(length)))
        except (OSError, ValueError, TypeError, KeyError, RecursionError, MemoryError):
            pass  # what sends nonsense is gone
        self._gone = True
        for answers in [*self._waiting.values(), self._calls]:
            answers.put(None)

    def _take(self, message: Message) -> None:
        if "to" in message:
            answers = self._waiting.get(message["to"])
            if answers is not None:
                answers.put(message)
            return
        parent = self._waiting.get(message.get("parent") or 0)
        if parent is not None:
            parent.put(message)
        elif self._side == LEARNER:
            self._calls.put(message)
        else:
            threading.Thread(target=self._answer, args=(message,), daemon=True).start()


class _Iterator:
    """An iterator of the other end; a class of its own, so that no frame can be reached by it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> "_Iterator":
        return self

    def __next__(self) -> Any:
        return next(self._inner)


def _made(kind: type[BaseException], args: list[Any]) -> BaseException:
    """An exception; of a kind that wants other arguments, one that has the text all the same."""
    try:
        return kind(*args)
    except TypeError:
        text = str(args[0])
        skip = {"__init__": lambda self, *_: None, "__str__": lambda self: text}
        made: type[BaseException] = type(kind.__name__, (kind,), skip)
        return made(text)


def _is_open(target: Any) -> bool:
    """Whether a submission may ask something of it: a test's own object, function or generator,
    but no frame or the like.
    """
    own = type(target).__module__ != "builtins"
    return own or callable(target) or hasattr(target, "__next__")


def _text(error: BaseException) -> str:
    try:
        return str(error)[:LONGEST_TEXT]
    except Exception:
        return ""
