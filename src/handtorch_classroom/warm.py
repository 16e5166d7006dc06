"""Kernels that start warm: forked from a process that has imported what is slow to import.

`WarmProvisioner` is what Jupyter starts such a kernel with, from any program: the kernelspec
"handtorch-warm" names it. `Zygote` is this program's end of the process that forks (`zygote`);
there is one for each way in which a process may have been started, and it ends with this program.

Linux only: elsewhere, and where anything is in the way, a kernel starts as it always did, and the
log says so, once.
"""

import asyncio
import atexit
import contextlib
import functools
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import List, Unicode

from handtorch_classroom.sandbox import Sandbox

NAME = "handtorch-warm"
LIBRARIES = ("numpy", "torch", "matplotlib")  # words of `zygote.LIBRARIES`, for kernels at large
WORDS = {
    "numpy": r"\bnumpy\b",
    "torch": r"\btorch\b",
    "optim": r"\btorch\.optim\b|\boptim\.",
    "autograd": r"\bautograd\b|\.backward\(",
    "matplotlib": r"\bmatplotlib\b",
}
CLASSROOM = "handtorch_classroom.kernels handtorch_classroom.judging handtorch_classroom.serving"
#: Variables that are looked at when Python starts or a library is imported.
EARLY = re.compile(
    r"PYTHON|OMP_|MKL_|OPENBLAS_|BLIS_|KMP_|GOMP_|NUMEXPR|NPY_|NUMPY|TORCH|PYTORCH|ATEN|CUDA|TRITON"
    r"|MPL|LD_|MALLOC_|GLIBC_|LC_|LANG|TZ$|HOME$|XDG_|IPYTHON|DEBUGPY|PYDEVD"
)
MOST = 3  # zygotes at a time
START_SECONDS = 60.0


class NoZygote(Exception):
    """Nothing can be forked; the message is a clause that says why."""


class Zygote:
    """This program's end of a process that forks kernels."""

    def __init__(
        self,
        python: str,
        flags: Sequence[str],
        environment: Mapping[str, str],
        sandbox: Sandbox | None = None,
        hidden: Sequence[str] = (),
    ) -> None:
        """Begin to start it, in a sandbox if there is one; what came of that `problem` says."""
        self.owner = os.getpid()
        self.pool = Path(tempfile.mkdtemp(prefix="warm-"))  # only its owner may enter
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        inner = [python, *flags, "-m", "handtorch_classroom.zygote", str(theirs.fileno())]
        settings: dict[str, Any] = {"env": dict(environment), "cwd": "/"}
        if sandbox is None:
            inner += ["", ""]
        else:
            inner = sandbox.command(
                [*inner, str(self.pool), CLASSROOM],
                shared=self.pool,
                environment=environment,
                hidden=[Path(folder) for folder in hidden],
                nests=True,
            )
            settings = {"env": {}, "cwd": "/", "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(
            inner, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, **settings
        )
        theirs.close()
        mine.settimeout(START_SECONDS)
        self._control, self._lock = mine, threading.Lock()

    @functools.cached_property
    def problem(self) -> str:
        """Why it cannot be used, a clause; "" if it can."""
        try:
            said = self._control.recv(4096).decode()
        except OSError as error:
            said = f"it does not answer ({type(error).__name__})"
        return "" if said == "ready" else said or "it ended"

    def is_alive(self) -> bool:
        """Whether it can still be used, by this process."""
        return self._process.poll() is None and self.owner == os.getpid()

    def prepare(self, libraries: Iterable[str]) -> None:
        """Let it import libraries, of `zygote.LIBRARIES`, while nobody waits for them."""
        with self._lock, contextlib.suppress(OSError):
            if not self.problem:
                self._control.send(json.dumps({"libraries": list(libraries)}).encode())

    def fork(self, order: Mapping[str, Any], streams: Sequence[int]) -> "Forked":
        """Fork a process that does `order`, with `streams` as its standard ones.

        Raises:
            NoZygote: if this does not work.
        """
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with self._lock:
                if self.problem:
                    raise NoZygote(self.problem)
                data = json.dumps(order).encode()
                socket.send_fds(self._control, [data], [theirs.fileno(), *streams])
            theirs.close()
            mine.settimeout(START_SECONDS)
            return Forked(json.loads(mine.recv(4096))["pid"], mine)
        except (OSError, ValueError) as error:
            mine.close()
            raise NoZygote(f"it does not fork ({error})") from error
        finally:
            theirs.close()

    def end(self) -> None:
        """End it, and all that it has forked."""
        self._control.close()
        if self.owner == os.getpid():
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            shutil.rmtree(self.pool, ignore_errors=True)


class Forked:
    """A process that a zygote has forked, with the methods of a Popen that Jupyter uses."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status
        status.setblocking(False)

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""
        if self.returncode is None:
            try:
                said = self._status.recv(4096)
                self.returncode = json.loads(said)["ended"] if said else -signal.SIGKILL
            except BlockingIOError:
                return None
            except OSError:
                self.returncode = -signal.SIGKILL
            self._status.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: if it goes on for longer than `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("a forked process", timeout or 0)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, with its processes in a sandbox."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


_zygotes: dict[tuple[Any, ...], Zygote] = {}
_lock = threading.Lock()
_said: list[str] = []


def zygote(
    python: str,
    flags: Sequence[str],
    environment: Mapping[str, str],
    sandbox: Sandbox | None = None,
    hidden: Sequence[str] = (),
) -> Zygote:
    """The zygote whose children are as if they had been started like this; made if need be.

    Raises:
        NoZygote: if there can be none.
    """
    if not sys.platform.startswith("linux"):
        raise NoZygote("processes that hold such libraries cannot be forked on this system")
    early = {name: value for name, value in environment.items() if EARLY.match(name)}
    key = (python, tuple(flags), tuple(sorted(early.items())), sandbox, tuple(hidden))
    with _lock:
        found = _zygotes.get(key)
        if found is None or not found.is_alive():
            for other in [k for k, z in _zygotes.items() if z.owner != os.getpid()]:
                del _zygotes[other]  # of a process that this one was forked from
            if len(_zygotes) >= MOST and found is None:
                raise NoZygote(f"{MOST} processes to fork from are there already")
            found = _zygotes[key] = Zygote(python, flags, environment, sandbox, hidden)
    return found


def end_all() -> None:
    """End all zygotes of this process."""
    with _lock:
        for one in _zygotes.values():
            one.end()
        _zygotes.clear()


atexit.register(end_all)


def libraries_in(sources: Iterable[str]) -> list[str]:
    """Which of `zygote.LIBRARIES` these cells use."""
    text = "\n".join(sources)
    return [name for name, words in WORDS.items() if re.search(words, text)]


class WarmProvisioner(LocalProvisioner):  # type: ignore[misc, unused-ignore]
    """Starts kernels by forking; any that it cannot fork, as Jupyter's own provisioner does."""

    libraries = List(
        Unicode(), list(LIBRARIES), help="What kernels are to find imported: any of these words."
    ).tag(config=True)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel, or start one with `cmd`."""
        try:
            names = ("stdin", "stdout", "stderr")
            streams = [_stream(kwargs.get(name), number) for number, name in enumerate(names)]
            try:
                forked = await asyncio.to_thread(self._fork, cmd, streams, kwargs)
            finally:
                for stream in streams:
                    os.close(stream)
        except NoZygote as problem:
            say_once(f"Kernels start cold: {problem}.", self.log.warning)
            return await super().launch_kernel(cmd, **kwargs)
        self.process: Any = forked
        self.pid = self.pgid = forked.pid
        self.cwd = kwargs.get("cwd", os.getcwd())
        return self.connection_info

    def _fork(self, cmd: list[str], streams: list[int], kwargs: dict[str, Any]) -> Forked:
        manager: Any = self.parent
        own: Zygote | None = getattr(manager, "zygote", None)
        if own is not None:  # a kernel that grades knows how
            return own.fork(manager.order(), streams)
        flags, arguments = _taken_apart(cmd)
        environment = dict(kwargs.get("env") or os.environ)
        order = {
            "job": "ipykernel",
            "program": importlib.util.find_spec("ipykernel_launcher").origin,  # type: ignore[union-attr]
            "arguments": arguments,
            "environment": environment,
            "cwd": str(kwargs.get("cwd") or os.getcwd()),
            "libraries": list(self.libraries),
        }
        return zygote(cmd[0], flags, environment).fork(order, streams)


def register() -> None:
    """Let Jupyter find the provisioner in this process, also where it was not installed."""
    from importlib.metadata import EntryPoint

    factory = KernelProvisionerFactory.instance()
    if NAME not in factory.provisioners:
        place = f"{__name__}:{WarmProvisioner.__name__}"
        entry = EntryPoint(NAME, place, KernelProvisionerFactory.GROUP_NAME)
        factory.provisioners[NAME] = entry


def install_kernelspec(prefix: str = sys.prefix) -> Path:
    """Offer warm kernels to the Jupyter programs of an environment; returns the folder."""
    from jupyter_client.kernelspec import KernelSpecManager

    about = {
        "argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3 (warm start)",
        "language": "python",
        "metadata": {"debugger": True, "kernel_provisioner": {"provisioner_name": NAME}},
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kernel.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
        manager = KernelSpecManager()
        return Path(manager.install_kernel_spec(folder, NAME, prefix=prefix))


def say_once(sentence: str, say: Any) -> None:
    """Say something that need not be said again."""
    if sentence not in _said:
        _said.append(sentence)
        say(sentence)


def said() -> list[str]:
    """What was said by `say_once` so far."""
    return list(_said)


def _taken_apart(cmd: list[str]) -> tuple[list[str], list[str]]:
    """A kernel's command as flags of Python and arguments of ipykernel."""
    if "-m" not in cmd or cmd[cmd.index("-m") + 1 : cmd.index("-m") + 2] != ["ipykernel_launcher"]:
        raise NoZygote("a kernelspec does not start ipykernel_launcher")
    place = cmd.index("-m")
    return cmd[1:place], cmd[place + 2 :]


def _stream(wanted: Any, number: int) -> int:
    """A standard stream of a kernel, from what Popen is told of it; to be closed."""
    if wanted is None and number:
        return os.dup(number)
    if wanted is None or (isinstance(wanted, int) and wanted < 0):
        return os.open(os.devnull, os.O_RDWR)
    return os.dup(wanted if isinstance(wanted, int) else wanted.fileno())
