"""Kernels that grade: with limits of memory and file size, and nothing left behind.

The limits are set inside the kernel's process before any code of a submission runs (`main`, which
``python -m handtorch_classroom.kernels`` calls). They are resource limits: they bound an accident,
they are no sandbox. macOS does not enforce the limit of memory (`memory_is_limited`).

A kernel of this manager ignores the notebook's kernelspec, listens on sockets in a private folder,
and takes the processes that it started along when it ends.
"""

import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]
from jupyter_client.jsonutil import json_clean, json_default
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Float, Unicode

MARK = "HANDTORCH_KERNEL"  # environment variable by which a kernel's processes are known
MEMORY = "HANDTORCH_KERNEL_MEMORY"  # bytes
FILE_SIZE = "HANDTORCH_KERNEL_FILE_SIZE"  # bytes
SWEEPS = 10  # a process may start another while it is being killed

# exit() and quit() would end the kernel at once; sys.exit only ends the cell, with an error.
FIRST_LINES = ["import sys; exit = quit = sys.exit; del sys"]


class LimitedKernelManager(AsyncKernelManager):  # type: ignore[misc, unused-ignore]
    """Starts Python kernels whose memory and files are limited."""

    memory_gb = Float(4.0, help="Gigabytes of data that a kernel may hold.").tag(config=True)
    file_gb = Float(0.2, help="Gigabytes that a file written by a kernel may have.").tag(
        config=True
    )
    transport = Unicode("ipc")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._folder = Path(tempfile.mkdtemp(prefix="kernel-"))  # only its owner may enter
        self._mark = secrets.token_hex(8)
        self.connection_file = str(self._folder / "k.json")

    @property
    def kernel_spec(self) -> KernelSpec:
        """The one kernel that there is, whatever a notebook's metadata asks for."""
        environment = {
            MARK: self._mark,
            MEMORY: str(int(self.memory_gb * 1e9)),
            FILE_SIZE: str(int(self.file_gb * 1e9)),
            "IPYTHONDIR": str(self._folder),  # not the start-up files of whoever grades
            "NBGRADER_EXECUTION": os.environ.get("NBGRADER_EXECUTION", "autograde"),
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),  # kernels run side by side
            "PYTHONHASHSEED": "0",  # a mark must not depend on the order of a set
        }
        module = ["-P", "-m", "handtorch_classroom.kernels"]
        return KernelSpec(
            argv=[sys.executable, *module, "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
            env=environment,
        )

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart and self._folder.exists():
            kill_marked(self._mark)
            shutil.rmtree(self._folder, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources


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


def limit(memory: int, file_size: int) -> None:
    """Limit this process and its children: bytes of data, bytes of a file, no core dumps."""
    import resource

    for kind, wanted in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (most, most))


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
    limit(int(os.environ[MEMORY]), int(os.environ[FILE_SIZE]))
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    config = Config()
    config.IPKernelApp.exec_lines = FIRST_LINES
    config.HistoryManager.hist_file = ":memory:"
    config.Session.packer = "handtorch_classroom.kernels.pack"
    IPKernelApp.launch_instance(config=config)


if __name__ == "__main__":
    main()
