"""In the kernel of a submission: let the judge use what the learner wrote, for one test cell.

The grader runs ``serve()`` in the place of a test cell. The judge, in a process of its own, asks
for the learner's functions by name, calls them, and says when it is done. Nothing here decides
about a mark: whatever the learner's code does to this module, all that it can do is give wrong
answers or none.
"""

import os
import socket
import traceback
from typing import Any

from handtorch_classroom import checks
from handtorch_classroom.memory import largest_storage
from handtorch_classroom.peers import Peer
from handtorch_classroom.wire import LEARNER

ADDRESS = "HANDTORCH_JUDGE"  # environment variable: the path of the judge's socket
LONGEST_TRACE = 20  # frames of the learner's own code


def serve(namespace: dict[str, Any] | None = None) -> None:
    """Serve the judge until it is done with its test cell."""
    from IPython.core.getipython import get_ipython

    if namespace is None:
        namespace = get_ipython().user_ns  # type: ignore[no-untyped-call, union-attr, unused-ignore]
    serve_names(namespace, os.environ[ADDRESS])


def serve_names(names: dict[str, Any], address: str) -> None:
    """Serve what a namespace holds to the judge at `address`."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        peer = Peer(connection, LEARNER, locate)
        peer.offer("known", lambda _, asked: [name for name in asked if name in names])
        peer.offer("get", lambda _, name: names[name])
        peer.offer("set", lambda _, name, value: names.update({name: value}))
        peer.offer("by_hand", _by_hand)
        peer.offer("largest_storage", lambda _, *call: largest_storage(*call))
        try:
            peer.serve()
        finally:
            peer.close()


def _by_hand(_: Any, functions: list[Any], without: list[str]) -> str:
    """What `checks.by_hand` has against functions, "" for nothing."""
    try:
        checks.by_hand(*functions, without=without)
    except checks.CheckFailed as failed:
        return str(failed)
    return ""


def locate(error: BaseException, function: Any) -> tuple[str, list[str]]:
    """Where in the learner's cells an exception comes from: the last line in the cell of the
    function that was called, and all frames.
    """
    found = [
        (frame, label)
        for frame in traceback.extract_tb(error.__traceback__)
        if (label := _cell(frame.filename))
    ]
    entries = []
    for frame, label in found[-LONGEST_TRACE:]:
        place = f"{label}, line {frame.lineno}, in {frame.name}"
        entries.append(f"{place}\n----> {frame.lineno} {(frame.line or '').strip()}")
    if not found:
        return "", []
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    file = getattr(code, "co_filename", found[-1][0].filename)
    last = next((frame for frame, _ in reversed(found) if frame.filename == file), found[-1][0])
    return f"in line {last.lineno}: {(last.line or '').strip()}", entries


def _cell(filename: str) -> str:
    """ "Cell In[3]" for the file name that IPython gave the cell, "" if it is none."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()  # type: ignore[no-untyped-call, unused-ignore]
    if shell is None:
        return "Cell" if filename.startswith("<") else ""
    number = getattr(shell.compile, "_filename_map", {}).get(filename)
    return f"Cell In[{number}]" if number is not None else ""
