"""Kernels that grade: in a sandbox where there is one, with limits, and nothing left behind.

A kernel runs in bubblewrap where that works (`sandbox`). The limits of one process are set inside
it before any code of a submission runs (`main`, which ``python -m handtorch_classroom.kernels``
calls); those of all its processes together are watched from outside (`watching`). Without a
sandbox there are only the limits, which bound an accident; macOS does not enforce the limit of
memory (`memory_is_limited`). `missing_protection` says what a system lacks.

A kernel of this manager ignores the notebook's kernelspec, listens on sockets in a private folder,
and takes the processes that it started along when it ends.
"""

import contextlib
import json
import logging
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.jsonutil import json_clean, json_default
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Enum, Float, Integer, List, Type, Unicode
from traitlets.config import Config

from handtorch_classroom import guard, nesting, warm
from handtorch_classroom import sandbox as sandboxes
from handtorch_classroom.serving import ADDRESS
from handtorch_classroom.watching import Watch

MARK = "HANDTORCH_KERNEL"  # environment variable by which a kernel's processes are known
MEMORY = "HANDTORCH_KERNEL_MEMORY"  # bytes
FILE_SIZE = "HANDTORCH_KERNEL_FILE_SIZE"  # bytes
PROCESSES = "HANDTORCH_KERNEL_PROCESSES"  # only where a sandbox counts its own
MEMORY_GB = 4.0
COLD = "Every kernel starts anew, which takes longer: {problem}."
SWEEPS = 10  # a process may start another while it is being killed

# exit() and quit() would end the kernel at once; sys.exit only ends the cell, with an error.
FIRST_LINES = ["import sys; exit = quit = sys.exit; del sys"]


class PromptClient(AsyncKernelClient):  # type: ignore[misc, unused-ignore]
    """Knows a kernel for ready when it is. Jupyter's own waits for a while in which nothing is
    said, so that no earlier message is taken for one of a cell; nbclient looks at that itself.
    """

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        end = time.monotonic() + (timeout or float("inf"))
        replied = heard = False
        while not (replied and heard):
            if not replied:
                self.kernel_info()
            with contextlib.suppress(Empty):
                await self.shell_channel.get_msg(timeout=1)
                replied = True
            with contextlib.suppress(Empty):
                await self.iopub_channel.get_msg(timeout=1 if replied else 0)
                heard = True
            if not heard:
                replied = False  # what was published before the connection stood is lost
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > end:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

    wait_for_ready = _async_wait_for_ready


class LimitedKernelManager(AsyncKernelManager):  # type: ignore[misc, unused-ignore]
    """Starts Python kernels whose memory and files are limited."""

    memory_gb = Float(MEMORY_GB, help="Gigabytes of data that a kernel may hold.").tag(config=True)
    file_gb = Float(0.2, help="Gigabytes that a file written by a kernel may have.").tag(
        config=True
    )
    processes = Integer(64, help="Processes that a kernel may have started, itself included.").tag(
        config=True
    )
    sandbox = Enum(
        ["auto", "off", "required"],
        "auto",
        help="Whether kernels run in bubblewrap: where it works, never, or else not at all.",
    ).tag(config=True)
    warm = Enum(
        ["auto", "off"],
        "auto",
        help="Whether kernels in a sandbox are forked from a process that has imported libraries.",
    ).tag(config=True)
    hidden = List(Unicode(), help="Folders that are not seen from inside the sandbox.").tag(
        config=True
    )
    transport = Unicode("ipc")
    client_class = Unicode("handtorch_classroom.kernels.PromptClient")
    client_factory = Type(klass=AsyncKernelClient)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._sandbox = chosen(self.sandbox)
        self.zygote = forker(self._sandbox, self.warm, self.hidden)
        place = None if self.zygote is None else self.zygote.pool
        self._folder = Path(tempfile.mkdtemp(prefix="kernel-", dir=place))  # its owner may enter
        self.shared = self._folder / "shared"  # the part of it that a sandboxed kernel sees
        self.shared.mkdir()
        self._mark = secrets.token_hex(8)
        self.connection_file = str(self.shared / "k.json")
        self.judge: Path | None = None  # the address where test cells are judged apart
        self.libraries: list[str] = []  # that a forked kernel is to find imported
        self._support: Path | None = None
        self._watch: Watch | None = None

    @property
    def kernel_spec(self) -> KernelSpec:
        """The one kernel that there is, whatever a notebook's metadata asks for."""
        environment = self._environment
        command = [sys.executable, "-P", "-m", "handtorch_classroom.kernels"]
        command += ["-f", "{connection_file}"]
        if self._sandbox is not None:
            command = self._sandbox.command(
                command,
                shared=self.shared,
                support=self._support,
                shown=self._shown,
                environment=environment,
                scratch_bytes=self._scratch_bytes,
                hidden=[Path(folder) for folder in self.hidden],
            )
        return KernelSpec(
            argv=command,
            display_name="Python 3",
            language="python",
            env=environment,
            interrupt_mode="signal" if self._sandbox is None else "message",
            metadata={"kernel_provisioner": {"provisioner_name": warm.NAME}} if self.zygote else {},
        )

    @property
    def _environment(self) -> dict[str, str]:
        environment = {
            MARK: self._mark,
            MEMORY: str(int(self.memory_gb * 1e9)),
            FILE_SIZE: str(int(self.file_gb * 1e9)),
            "IPYTHONDIR": str(self.shared),  # not the start-up files of whoever grades
            "NBGRADER_EXECUTION": os.environ.get("NBGRADER_EXECUTION", "autograde"),
            **always(),
        }
        if self.judge is not None:
            environment[ADDRESS] = str(self.judge)
        if self._sandbox is not None:
            environment |= {
                PROCESSES: str(self.processes),
                "IPYTHONDIR": f"{sandboxes.TEMPORARY}/ipython",
            }
        return environment

    @property
    def _shown(self) -> list[Path]:
        return [self.judge.parent] if self.judge is not None else []

    @property
    def _scratch_bytes(self) -> int:
        return int(2 * self.file_gb * 1e9)

    def order(self) -> dict[str, Any]:
        """What a zygote is to do for this kernel to be forked."""
        return {
            "job": "kernel",
            "program": "handtorch_classroom.kernels",
            "arguments": ["-f", self.connection_file],
            "environment": {**sandboxes.variables_inside(), **self._environment},
            "libraries": self.libraries,
            "nested": nested(
                self.zygote,
                writable=[self.shared],
                readable=self._shown,
                support=self._support,
                size=self._scratch_bytes,
            ),
        }

    @property
    def pid(self) -> int | None:
        """The first of the kernel's processes, if it runs."""
        return getattr(self.provisioner, "pid", None)

    @property
    def stopped_because(self) -> str:
        """Why the kernel was ended from outside, a clause; "" if it was not."""
        return "" if self._watch is None else self._watch.reason

    async def _async_pre_start_kernel(self, **kw: Any) -> Any:
        folder = Path(kw.get("cwd") or ".").resolve()
        if self._sandbox is not None and self._support is None:
            self._support = sandboxes.stage_support(folder, self._folder / "support")
            kw["cwd"] = str(self._folder)
        return await super()._async_pre_start_kernel(**kw)

    pre_start_kernel = _async_pre_start_kernel

    async def _async_post_start_kernel(self, **kw: Any) -> None:
        await super()._async_post_start_kernel(**kw)
        self._watch = Watch(
            self.pid,
            self.shared,
            processes=self.processes,
            memory=int(self.memory_gb * 1e9),
            files=self._scratch_bytes,
        )

    post_start_kernel = _async_post_start_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if self._watch is not None:
            self._watch.end()
        if not restart and self._folder.exists():
            if self._sandbox is None:  # with a sandbox, its processes have ended
                kill_marked(self._mark)
            shutil.rmtree(self._folder, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources


def chosen(switch: str) -> sandboxes.Sandbox | None:
    """The sandbox that kernels run in under this setting of `LimitedKernelManager.sandbox`.

    Raises:
        RuntimeError: if one is required and there is none.
    """
    if switch == "off":
        return None
    found, problem = sandboxes.find()
    if found is None and switch == "required":
        raise RuntimeError(f"no sandbox: {problem}")
    return found


def always() -> dict[str, str]:
    """Environment variables that matter when a kernel starts, the same for each."""
    return {
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),  # kernels run side by side
        "PYTHONHASHSEED": "0",  # a mark must not depend on the order of a set
    }


def forker(
    sandbox: sandboxes.Sandbox | None, switch: str, hidden: Sequence[str]
) -> warm.Zygote | None:
    """What kernels and judges in a sandbox are forked from; None if each starts by itself.

    Without a sandbox nothing is forked: a kernel's processes are then known by the environment
    that they were started with.
    """
    if sandbox is None or switch == "off":
        return None
    try:
        found = warm.zygote(sys.executable, ["-P"], always(), sandbox, hidden)
        if found.problem:
            raise warm.NoZygote(found.problem)
    except warm.NoZygote as problem:
        warm.say_once(COLD.format(problem=problem), logging.getLogger("traitlets").warning)
        return None
    warm.register()
    return found


def nested(
    zygote: warm.Zygote | None,
    *,
    writable: Sequence[Path],
    readable: Sequence[Path] = (),
    support: Path | None = None,
    size: int,
) -> dict[str, Any]:
    """The sandbox of a forked process, as `nesting.run_nested` wants to know it."""
    return {
        "pool": str(zygote.pool) if zygote is not None else "",
        "writable": list(map(str, writable)),
        "readable": list(map(str, readable)),
        "support": None if support is None else str(support),
        "size": size,
    }


def forker_of(settings: Any) -> tuple[warm.Zygote | None, str]:
    """What kernels are forked from under a configuration of `LimitedKernelManager`, and a sentence
    if they could be forked and are not.
    """
    sandbox = chosen(str(settings.get("sandbox", "auto")))
    switch = str(settings.get("warm", "auto"))
    found = forker(sandbox, switch, settings.get("hidden", []))
    if found is not None or sandbox is None or switch == "off":
        return found, ""
    return None, next((said for said in warm.said() if said.startswith(COLD[:20])), "")


def missing_protection(config: Config) -> str:
    """One sentence on what submissions are not kept from here; "" if there is a sandbox.

    Raises:
        RuntimeError: if a sandbox is required and there is none.
    """
    switch = str(config.LimitedKernelManager.get("sandbox", "auto"))
    if chosen(switch) is not None:
        return ""
    why = "it is switched off" if switch == "off" else sandboxes.find()[1]
    memory = "" if memory_is_limited() else ", and this system does not limit their memory"
    return (
        f"Submissions run without a sandbox ({why}): they can read your files, write where you "
        f"may write and use the network{memory}."
    )


def kill_marked(mark: str) -> int:
    """Kill every process whose environment carries the mark; returns how many there were.

    A process that cleared its environment and left its group is not found.
    """
    killed = 0
    for _ in range(SWEEPS):
        found = [process for process in psutil.process_iter() if _carries(process, mark)]
        if not found:
            break
        for process in found:
            try:
                process.send_signal(signal.SIGKILL)
                killed += 1
            except psutil.Error:
                pass  # it ended by itself
        psutil.wait_procs(found, timeout=0.1)
    return killed


def _carries(process: psutil.Process, mark: str) -> bool:
    try:
        return bool(
            process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE
        )
    except (psutil.Error, OSError):
        return False  # another user's, or gone


def memory_is_limited() -> bool:
    """Whether this system holds a process to its limit of memory (Linux does, macOS does not)."""
    return sys.platform.startswith("linux")


def pack(message: Any) -> bytes:
    """A message as JSON. Jupyter's own packer fails on lone surrogates, which a tokenizer's tests
    may well print, and the reply would never come.
    """
    try:
        return json.dumps(message, default=json_default, allow_nan=False).encode()
    except (TypeError, ValueError):
        return json.dumps(json_clean(message), default=json_default, allow_nan=False).encode()


def main() -> None:
    """The kernel's process: set the limits, then be an IPython kernel."""
    processes = int(os.environ.get(PROCESSES, 0)) or None
    sandboxes.limit(int(os.environ[MEMORY]), int(os.environ[FILE_SIZE]), processes)
    sandboxes.fill_scratch()
    nesting.forget_keys()
    guard.refuse_imports()
    from ipykernel.kernelapp import IPKernelApp

    config = Config()
    config.IPKernelApp.exec_lines = FIRST_LINES
    config.IPKernelApp.outstream_class = "handtorch_classroom.streams.BoundedStream"
    config.HistoryManager.hist_file = ":memory:"
    config.Session.packer = "handtorch_classroom.kernels.pack"
    IPKernelApp.launch_instance(config=config)


if __name__ == "__main__":
    main()
