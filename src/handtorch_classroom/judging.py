"""The judge: runs test cells in a process of its own, against functions in another one.

The grader writes what to do as lines of JSON to the standard input: ``{"do": "given", …}`` runs a
cell of the exercise that is neither an answer nor a test, ``{"do": "test", …}`` a test cell, of
which it gets the verdict as a line on the standard output. The names that answer cells define
stand for what the submission's process has under them (`serving`); everything else that a test
uses, the helpers of `checks` and what it compares with included, is the judge's own.
"""

import io
import json
import os
import select
import socket
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from handtorch_classroom import checks, forbidden
from handtorch_classroom.memory import largest_storage
from handtorch_classroom.peers import Gone, Peer
from handtorch_classroom.sandbox import limit
from handtorch_classroom.wire import JUDGE, Remote

MOST_PRINTED = 100_000  # characters kept of what a test prints
PATIENCE = 0.05  # seconds between two looks whether a test was stopped
UNFINISHED = "the test cell did not run to its end"


class Judge:
    """Holds what given cells and test cells define, and judges one test cell after the other."""

    def __init__(self, address: str) -> None:
        """Listen at `address` for the process of a submission."""
        Path(address).unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(address)
        self._server.listen(8)
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._peer: Peer | None = None
        self._binding: Binding | None = None
        self._written: list[str] = []
        self._number = self._stopped = -1  # of the test under way, and of the last to be stopped
        self._by_hand_here = checks.by_hand
        checks.by_hand = self._by_hand
        checks._largest_storage = self._largest_storage

    def given(self, source: str) -> None:
        """Run a cell that comes with the exercise; what is wrong with it, the tests will tell."""
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            try:
                exec(compile(source, "<given>", "exec"), self._names)
            except BaseException:
                traceback.print_exc()

    def get_ready(self, number: int, written: Sequence[str]) -> None:
        """Expect test `number`: whoever knocked before does not belong to it.

        Args:
            number: by which the test can be stopped.
            written: the sources of the submission's own cells.
        """
        self._number, self._written = number, list(written)
        while select.select([self._server], [], [], 0)[0]:
            self._server.accept()[0].close()

    def test(self, source: str, answers: Sequence[str]) -> dict[str, Any]:
        """Judge a test cell, which uses `answers` of the submission. Returns the verdict."""
        printed = io.StringIO()
        verdict: dict[str, Any] = {"verdict": self._number, "passed": True}
        with redirect_stdout(printed), redirect_stderr(printed):
            try:
                code = compile(source, f"<test {self._number}>", "exec")
                self._peer = Peer(self._connect(), JUDGE)
                self._binding = Binding(self._peer, self._names, answers)
                exec(code, self._names)
                self._binding.sync()
            except BaseException as error:
                verdict |= {"passed": False, **_described(error)}
        if self._peer is not None:
            self._peer.close()
        self._peer = self._binding = None
        checks.forget()
        return {**verdict, "printed": printed.getvalue()[:MOST_PRINTED]}

    def stop(self, number: int) -> None:
        """Stop a test, because the process of the submission does not take part (any more)."""
        self._stopped = number
        if self._number == number and self._peer is not None:
            self._peer.close()

    def _connect(self) -> socket.socket:
        while self._stopped != self._number:
            if select.select([self._server], [], [], PATIENCE)[0]:
                return self._server.accept()[0]
        raise Gone(UNFINISHED)

    def _by_hand(self, *functions: Any, without: Iterable[str] = ()) -> None:
        """`checks.by_hand` from both sides: the text of the submission, read here, and its code,
        looked at where it runs.
        """
        here = [function for function in functions if not isinstance(function, Remote)]
        there = [function for function in functions if isinstance(function, Remote)]
        without = list(without)
        if here:
            self._by_hand_here(*here, without=without)
        if there and self._binding is not None:
            said = self._binding.peer.request("by_hand", None, there, without)
            if said:
                raise checks.CheckFailed(str(said))
            names = self._binding.names_of(there)
            checks.refuse(forbidden.find(self._written, names, without))
        checks.passed()

    def _largest_storage(
        self, function: Any, args: Sequence[Any], named: Mapping[str, Any]
    ) -> tuple[int, Any]:
        """`memory.largest_storage`, measured where the function runs."""
        if self._binding is None or not isinstance(function, Remote):
            return largest_storage(function, args, named)
        size, result = self._binding.peer.request(
            "largest_storage", None, function, list(args), dict(named)
        )
        return int(size), result


class Binding:
    """Keeps the names that the exercise asks for the same in both processes."""

    def __init__(self, peer: Peer, names: dict[str, Any], answers: Sequence[str]) -> None:
        self.peer, self._names = peer, names
        self._bound: dict[str, Any] = {}
        known = set(peer.request("known", None, list(answers)))
        for name in answers:
            names.pop(name, None)
            if name in known:
                names[name] = self._bound[name] = peer.request("get", None, name)
        peer.before = self.sync

    def sync(self) -> None:
        """Put what a test assigned to such a name into the submission's process."""
        for name, bound in list(self._bound.items()):
            now = self._names.get(name)
            if now is not bound:
                self._bound[name] = now
                self.peer.request("set", None, name, now)

    def names_of(self, functions: Sequence[Any]) -> list[str]:
        """Under which names the exercise asks for these functions."""
        return [name for name, bound in self._bound.items() if any(bound is f for f in functions)]


def _described(error: BaseException) -> dict[str, Any]:
    """An exception as an output of a notebook has it, with the learner's frames alone."""
    name = "TestDidNotFinish" if isinstance(error, Gone) else type(error).__name__
    last = "".join(traceback.format_exception_only(error)).strip()
    trace = [*getattr(error, "handtorch_trace", []), last]
    if isinstance(error, checks.CheckFailed):
        trace = str(error).splitlines()
    text = UNFINISHED if isinstance(error, Gone) else str(error)
    return {"ename": name, "evalue": text, "traceback": trace}


def main(address: str, memory: int) -> None:
    """Do what comes as lines on the standard input until it ends."""
    limit(memory, 0)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing but verdicts goes to the grader
    judge = Judge(address)
    orders: SimpleQueue[dict[str, Any] | None] = SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            order = json.loads(line)
            if order["do"] == "stop":
                judge.stop(order["number"])
            else:
                orders.put(order)
        os._exit(0)  # the grader has ended

    def say(what: dict[str, Any]) -> None:
        out.write(json.dumps(what) + "\n")
        out.flush()

    threading.Thread(target=listen, daemon=True).start()
    while (order := orders.get()) is not None:
        if order["do"] == "given":
            judge.given(order["source"])
        else:
            judge.get_ready(order["number"], order["written"])
            say({"ready": order["number"]})
            say(judge.test(order["source"], order["answers"]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
