"""The zygote: a process that has imported what is slow to import, and forks kernels and judges.

It runs no code of a learner and takes orders from one process alone, through the socket that it was
started with; when that process ends, it ends too, and what it forked with it. `warm` is the other
end. In a sandbox, each child gets one of its own (`nesting`).

It never runs an operation of a library that it imports, so there is nothing to fork but modules: no
thread (`fork` ends those that OpenBLAS keeps), no event loop, no ZeroMQ context, no random numbers
drawn. `make_new` is what a child changes so that it is like a process that has just been started.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from typing import Any

from handtorch_classroom import nesting

Order = dict[str, Any]
MESSAGE = 1 << 20  # bytes of an order at most
#: What every kernel needs. Not matplotlib.pyplot, nor matplotlib_inline: they choose how to draw
#: when they are imported, which a kernel does for itself.
BASE = (
    "ipykernel.kernelapp ipykernel.ipkernel ipykernel.debugger debugpy.server.api psutil sqlite3 "
    "IPython.core.completerlib IPython.core.debugger IPython.core.oinspect "
    "IPython.extensions.storemagic tornado.platform.asyncio comm fractions decimal statistics"
)
#: By the word that a notebook has where it needs them.
LIBRARIES = {
    "numpy": "numpy numpy.testing numpy.random numpy.linalg numpy.fft numpy.ma",
    "torch": "numpy torch torch.nn torch.nn.functional torch.testing torch.utils.data",
    "optim": "torch torch.optim torch._dynamo",
    "autograd": "torch torch.fx.experimental.symbolic_shapes",  # which the first gradient imports
    "matplotlib": (
        "matplotlib matplotlib.figure matplotlib.axes matplotlib.backends.backend_agg "
        "matplotlib.style PIL.PngImagePlugin"
    ),
}
INLINE = "module://matplotlib_inline.backend_inline"


class Zygote:
    """Takes orders from a socket until its other end is closed."""

    def __init__(self, control: socket.socket, base: str, pool: str = "") -> None:
        """`pool` is the folder that holds those of nested children, if there are to be any."""
        self._control = control
        self._control.send(_problem(pool).encode() or b"ready")
        self._children: dict[int, socket.socket] = {}  # and whom to tell of their end
        self._awake, self._wake = os.pipe()
        before = dict(os.environ)
        self._load(base)
        self._set_by_imports = {k: v for k, v in os.environ.items() if k not in before}

    def run(self) -> None:
        """Serve."""
        for end in (self._awake, self._wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            ends: list[Any] = [self._control, self._awake]
            ready, _, _ = select.select(ends, [], [])
            if self._awake in ready:
                os.read(self._awake, 4096)
                self._reap()
            if self._control in ready and not self._take():
                self._end()

    def _take(self) -> bool:
        """Do what is ordered; False if nobody is there to order anything."""
        try:
            data, fds, _, _ = socket.recv_fds(self._control, MESSAGE, 4)
        except OSError:
            return False
        if not data:
            return False
        order: Order = json.loads(data)
        for library in order.get("libraries", ()):
            self._load(LIBRARIES.get(library, ""))
        if fds:
            status = socket.socket(fileno=fds[0])
            self._fork(order, status, fds[1:])
        return True

    def _fork(self, order: Order, status: socket.socket, streams: list[int]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads that fork ends
            pid = os.fork()
        if pid == 0:
            code = 70
            order["environment"] = {**self._set_by_imports, **order["environment"]}
            try:
                self._become_child(status, streams)
                code = child(order)
            finally:
                os._exit(code)
        for stream in streams:
            os.close(stream)
        self._children[pid] = status
        with contextlib.suppress(OSError):
            status.send(json.dumps({"pid": pid}).encode())

    def _become_child(self, status: socket.socket, streams: list[int]) -> None:
        """Let go of all that is the zygote's."""
        nesting.end_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        for target, stream in enumerate(streams):
            os.dup2(stream, target)
        for held in (self._control, status, *self._children.values()):
            held.detach()
        self._children.clear()
        os.closerange(3, 1 << 16)

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            told = self._children.pop(pid, None)
            if told is not None:
                with contextlib.suppress(OSError):
                    code = os.waitstatus_to_exitcode(status)
                    told.send(json.dumps({"ended": code}).encode())
                told.close()

    def _load(self, names: str) -> None:
        for name in names.split():
            if name not in sys.modules:
                with contextlib.suppress(ImportError):  # the kernel will say so, if it matters
                    importlib.import_module(name)
        gc.collect()
        gc.freeze()  # what is there now need not be looked at, and copied, in every child

    def _end(self) -> None:
        for pid in self._children:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
        os._exit(0)


def _problem(pool: str) -> str:
    """What keeps a child from having a sandbox of its own, "" for nothing."""
    if not pool:
        return ""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 70
        os.dup2(write, 2)
        try:
            folders: dict[str, Any] = {"writable": (), "readable": (), "support": None}
            code = nesting.run_nested(lambda: 0, pool=pool, size=1 << 20, **folders)
        finally:
            os._exit(code)
    os.close(write)
    with open(read, encoding="utf-8", errors="replace") as pipe:
        said = pipe.read().strip().splitlines()
    _, status = os.waitpid(pid, 0)
    return (said or ["no reason given"])[-1][:200] if status else ""


def child(order: Order) -> int:
    """In a forked process: do the order, in a sandbox within the sandbox if it asks for one."""

    def job() -> int:
        make_new(order)
        return _exit_code(lambda: JOBS[order["job"]](order["arguments"]))

    if order.get("nested"):
        return nesting.run_nested(job, **order["nested"])
    os.chdir(order["cwd"])
    return job()


def make_new(order: Order) -> None:
    """Leave nothing in this process by which it could be told from a started one."""
    environment = order["environment"]
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [order["program"], *order["arguments"]]
    paths = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:0] = [path for path in paths if path not in sys.path]
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].seed()
    if "multiprocessing.process" in sys.modules:
        current = sys.modules["multiprocessing.process"].current_process()
        current._config.pop("tempdir", None)
        current.authkey = os.urandom(32)
    if "tempfile" in sys.modules:
        sys.modules["tempfile"].tempdir = None  # type: ignore[attr-defined]
    if "time" in sys.modules and "TZ" in environment:
        sys.modules["time"].tzset()


def _exit_code(action: Callable[[], None]) -> int:
    """Run as the main program of a process would; returns its exit status."""
    import atexit

    code = 0
    try:
        action()
    except SystemExit as request:
        code = 0 if request.code is None else 1
        code = request.code if isinstance(request.code, int) else code
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 1
    with contextlib.suppress(BaseException):
        _join_threads()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def _join_threads() -> None:
    """As at the end of a program: wait for threads that are no daemons."""
    import threading

    threading._shutdown()  # type: ignore[attr-defined]


def _ipython_kernel(arguments: list[str]) -> None:
    from ipykernel.kernelapp import launch_new_instance

    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    launch_new_instance()


def _limited_kernel(arguments: list[str]) -> None:
    from handtorch_classroom import kernels

    kernels.main()


def _judge(arguments: list[str]) -> None:
    from handtorch_classroom import judging

    if "matplotlib" in sys.modules:  # which would draw for a notebook
        sys.modules["matplotlib"].use("agg")
    judging.main(arguments[0], int(arguments[1]))


def _program(arguments: list[str]) -> None:
    """A file, as Python would run it: with this a test looks around."""
    runpy.run_path(arguments[0], run_name="__main__")


JOBS: dict[str, Callable[[list[str]], None]] = {
    "ipykernel": _ipython_kernel,
    "judge": _judge,
    "kernel": _limited_kernel,
    "program": _program,
}


def main(fd: int, pool: str, base: str) -> None:
    """Be a zygote for whoever has the other end of this socket."""
    sys.path[:] = [path for path in sys.path if path not in ("", "/")]
    if not pool:  # ipykernel, when imported, looks for whom to end with; a sandbox ends as a whole
        os.environ["JPY_PARENT_PID"] = str(os.getpid())
    os.environ.setdefault("MPLBACKEND", INLINE)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # a warning that is for debuggers
    Zygote(socket.socket(fileno=fd), f"{BASE} {base}", pool).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:4])
