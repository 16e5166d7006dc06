"""Run notebooks on other machines through Dask: ``make grade SCHEDULER=tcp://host:8786``.

What a machine needs to run one notebook travels with it (`Work`): the notebook with its tests, the
files that stand beside the solutions, the limits. So machines share no folder; they need this
package, of the same state, in their environment. What comes back is the notebook as it ran. The
gradebook is read and written by whoever called ``make grade``, and by nobody else.

Dask runs a notebook again whose worker died. What Dask gives up, or cannot run because every
worker or the scheduler is gone, is run here.
"""

import asyncio
import contextlib
import hashlib
import platform
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import nbformat
from traitlets.config import Config

from handtorch_classroom.apart import Surroundings
from handtorch_classroom.execution import Limits, execute
from handtorch_classroom.kernels import missing_protection
from handtorch_classroom.notebooks import Notebook, NotebookError

CONNECT_SECONDS = 10
WORKER_SECONDS = 30  # to wait for the first worker
LOOK_SECONDS = 5  # between two looks at whether there are workers
EMPTY_SECONDS = 60  # without any worker, before notebooks are run here
IN_FLIGHT = 4  # notebooks that are sent for each thread of a worker
OWN_FOLDERS = ("exercises", "grading", "solutions", "src", "tests")


class Lost(Exception):
    """The cluster cannot run a notebook; the message is a clause that says why."""


@dataclass(frozen=True)
class Work:
    """All that a machine has to be given to run one notebook."""

    notebook: str
    support: dict[str, bytes]  # files by their path in the scratch folder
    tests: Surroundings | None
    limits: Limits
    config: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Done:
    """The notebook as it ran, and what was odd in the run."""

    notebook: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Greeting:
    """What a worker says of itself."""

    package: str
    python: str
    lacks: str  # a sentence on what submissions are not kept from there; "" if there is a sandbox
    refuses: str  # why nothing can be graded there; "" if it can


def run_work(work: Work) -> Done:
    """On a worker: run a notebook in a scratch folder of its own."""
    notebook = nbformat.reads(work.notebook, as_version=4)
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        for name, data in work.support.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        config = _config_here(work.config)
        outcome = execute(notebook, Path(folder), work.limits, config, work.tests)
    return Done(nbformat.writes(notebook), tuple(outcome.notes))


def greet(sections: dict[str, dict[str, Any]]) -> Greeting:
    """On a worker: what it is and has."""
    lacks = refuses = ""
    try:
        lacks = missing_protection(_config_here(sections))
    except RuntimeError as error:
        refuses = str(error)
    return Greeting(package_state(), platform.python_version(), lacks, refuses)


def package_state() -> str:
    """What tells this state of the package from others."""
    found = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        found.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes() + b"\n")
    return found.hexdigest()


def sections_of(config: Config) -> dict[str, dict[str, Any]]:
    """The part of the course's configuration that running a notebook asks for."""
    return {name: dict(config[name]) for name in ("LimitedKernelManager", "SafeExecute")}


def _config_here(sections: dict[str, dict[str, Any]]) -> Config:
    """The configuration on this machine: a checkout that lies here is hidden too."""
    root = Path(__file__).resolve().parents[2]
    own = [str(root / name) for name in OWN_FOLDERS if (root / "nbgrader_config.py").is_file()]
    kernels = dict(sections["LimitedKernelManager"])
    hidden = [*kernels.get("hidden", []), *own]
    kernels["hidden"] = [folder for folder in hidden if Path(folder).exists()]
    return Config({**sections, "LimitedKernelManager": kernels})


@contextlib.asynccontextmanager
async def connected(address: str, config: Config) -> AsyncIterator["Cluster"]:
    """A cluster that is ready to run notebooks.

    Raises:
        NotebookError: if Dask is missing, nobody answers at the address, no worker is there, or
            one of them cannot grade as this machine does.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise NotebookError(
            "SCHEDULER needs the Python package distributed, which is not installed: "
            '.venv/bin/python -m pip install "distributed" (the same release on every machine; '
            "requirements-test.txt names the one that was tried)"
        ) from error
    try:
        client = await Client(address, asynchronous=True, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise NotebookError(f"SCHEDULER={address}: no Dask scheduler answers there") from error
    try:
        cluster = Cluster(client, address)
        await cluster.check(sections_of(config))
        yield cluster
    finally:
        with contextlib.suppress(OSError, TimeoutError):
            await client.close()


class Cluster:
    """The workers of one Dask scheduler."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self.remarks: list[str] = []
        self.room = 1  # notebooks that may be sent at once

    async def check(self, sections: dict[str, dict[str, Any]]) -> None:
        """See that the workers grade as this machine does.

        Raises:
            NotebookError: if they do not.
        """
        try:
            await self._client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except (OSError, TimeoutError) as error:
            raise NotebookError(
                f"SCHEDULER={self._address}: no worker has joined it within {WORKER_SECONDS} s"
            ) from error
        found = await self._client.run(greet, sections, on_error="return")
        for worker, greeting in found.items():
            if not isinstance(greeting, Greeting):
                raise NotebookError(
                    f"the worker {worker} cannot grade, because it lacks this package or has "
                    f"another release of it: {greeting!r}"
                )
            if greeting.package != package_state():
                raise NotebookError(
                    f"the worker {worker} has another state of handtorch_classroom than this "
                    "machine: bring both to the same commit"
                )
            if greeting.refuses:
                raise NotebookError(f"the worker {worker} cannot grade: {greeting.refuses}")
            if greeting.python != platform.python_version():
                here = platform.python_version()
                self.remarks.append(
                    f"The worker {worker} has Python {greeting.python}, this machine {here}."
                )
            if greeting.lacks:
                self.remarks.append(f"On the worker {worker}: {greeting.lacks}")
        threads = await self._client.nthreads()
        self.room = IN_FLIGHT * max(1, sum(threads.values()))

    async def run(self, work: Work) -> tuple[Notebook, tuple[str, ...]]:
        """Run a notebook on some worker; returns it and the clauses about what was odd.

        Raises:
            Lost: if the cluster cannot.
        """
        from distributed import KilledWorker

        future = self._client.submit(run_work, work, key=f"notebook-{uuid4().hex}", pure=False)
        waiting = asyncio.ensure_future(future.result())
        try:
            empty = 0
            while not (await asyncio.wait({waiting}, timeout=LOOK_SECONDS))[0]:
                empty = 0 if await self._has_workers() else empty + LOOK_SECONDS
                if empty >= EMPTY_SECONDS:
                    raise Lost(f"for {EMPTY_SECONDS} s there was no worker")
            done = waiting.result()
        except (KilledWorker, CancelledError, OSError) as error:
            raise Lost(str(error).partition("\n")[0] or type(error).__name__) from error
        finally:
            waiting.cancel()
            future.release()
        return nbformat.reads(done.notebook, as_version=4), done.notes

    async def _has_workers(self) -> bool:
        try:
            return bool(await asyncio.wait_for(self._client.nthreads(), LOOK_SECONDS))
        except (OSError, TimeoutError):
            return False
