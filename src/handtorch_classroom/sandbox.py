"""The sandbox that submissions run in, where the system offers one: bubblewrap on Linux.

Inside there is no network, no other user's process, a read-only system, Python with its packages,
an empty home, and a scratch folder in memory that is gone afterwards. Of this project there are the
few modules that a test cell needs; solutions, tests, gradebook, other submissions and the reference
modules are not there at all, nor are libraries that would do an exercise for its writer.

`find` tries a sandbox out before it is relied on: an installed program need not work, in a
container without user namespaces for instance.
"""

import functools
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "handtorch_classroom"
MODULES = (  # of this package
    *("__init__", "checks", "forbidden", "guard", "judging", "kernels", "memory", "nesting"),
    *("peers", "sandbox", "serving", "streams", "warm", "watching", "wire", "zygote"),
)
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/fonts")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/etc/passwd", "/etc/group")
#: Settings of the whole machine: a superuser's process may write them, whatever its namespaces.
COVERED = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")
HIDDEN_PACKAGES = ("handtorch", "sentencepiece", "tiktoken", "tokenizers", "transformers")
CLASSROOM = "/classroom"  # where the modules lie inside
TEMPORARY = "/tmp"  # empty at the start, in memory; in it lie
HOME = f"{TEMPORARY}/home"
SCRATCH = f"{TEMPORARY}/scratch"  # the folder that a submission starts in
NOBODY = "65534"
PROBE_SECONDS = 20


@dataclass(frozen=True)
class Sandbox:
    """A sandbox that was tried and works."""

    program: str

    def command(
        self,
        inner: Sequence[str],
        *,
        shared: Path,
        support: Path | None = None,
        shown: Sequence[Path] = (),
        environment: Mapping[str, str] | None = None,
        scratch_bytes: int = 100_000_000,
        hidden: Sequence[Path] = (),
        nests: bool = False,
    ) -> list[str]:
        """The command that runs `inner` inside.

        Args:
            inner: program and arguments; the program must lie in Python's own folders.
            shared: the one folder that is the same, and writable, inside and outside.
            support: files to be found in the scratch folder, copied there by `fill_scratch`.
            shown: further folders, which are read-only inside.
            environment: the variables that there are, besides a few that always are.
            scratch_bytes: how much all files in the scratch folder may hold together.
            hidden: folders that must not be seen, wherever they lie.
            nests: whether `inner` is our own and makes sandboxes within this one (`nesting`): it
                sees the system's processes, whose numbers the grader knows.
        """
        variables = {**variables_inside(), **(environment or {})}
        apart = ["--unshare-user", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
        whole = ["--unshare-all", "--die-with-parent"]
        command = [self.program, *(apart if nests else whole), "--new-session"]
        command += ["--hostname", "sandbox", "--cap-drop", "ALL", "--clearenv"]
        command += ["--uid", NOBODY, "--gid", NOBODY]
        for name, value in variables.items():
            command += ["--setenv", name, value]
        size = ["--size", str(scratch_bytes)]
        command += ["--bind", "/proc", "/proc"] if nests else ["--proc", "/proc"]
        for path in () if nests else COVERED:
            command += ["--ro-bind-try", path, path]
        command += ["--dev", "/dev", *size, "--tmpfs", "/dev/shm"]
        command += ["--remount-ro", "/dev", *size, "--tmpfs", TEMPORARY]
        command += ["--dir", HOME, "--dir", SCRATCH]
        command += [*_system(), *_python(), *_modules(), *_masks([*_packages(), *hidden])]
        if support is not None:
            command += ["--ro-bind", str(support), "/support"]
        for folder in shown:
            command += ["--ro-bind", str(folder), str(folder)]
        command += ["--bind", str(shared), str(shared), "--remount-ro", "/", "--chdir", SCRATCH]
        return [*command, "--", *inner]


def variables_inside() -> dict[str, str]:
    """The environment variables that there always are inside."""
    return {
        "HOME": HOME,
        "LANG": "C.UTF-8",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": CLASSROOM,
        "TMPDIR": TEMPORARY,
    }


def find() -> tuple[Sandbox | None, str]:
    """The sandbox of this system, or None and a clause that says why there is none."""
    program = shutil.which("bwrap")
    if program is not None:
        return _tried(program)
    if platform.system() == "Linux":
        return None, "bubblewrap is not installed"
    return None, "bubblewrap runs on Linux only"


@functools.cache
def _tried(program: str) -> tuple[Sandbox | None, str]:
    """The sandbox, if a Python with this project's modules can be started in it."""
    import tempfile

    sandbox = Sandbox(program)
    proof = f"import {PACKAGE}.zygote, os; print(os.getcwd())"
    with tempfile.TemporaryDirectory(prefix="sandbox-") as folder:
        command = sandbox.command([sys.executable, "-c", proof], shared=Path(folder))
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PROBE_SECONDS,
                env={},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return None, f"bubblewrap does not work here ({type(error).__name__})"
    if done.returncode or done.stdout.strip() != SCRATCH:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        return None, f"bubblewrap does not work here ({said[:150]})"
    return sandbox, ""


def stage_support(folder: Path, target: Path) -> Path:
    """Copy what stands beside a notebook, without notebooks and links, to be shown inside."""
    target.mkdir()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.suffix in (".ipynb", ".html", ".db"):
            continue
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return target


def fill_scratch() -> None:
    """Inside: put the supporting files into the scratch folder, where they may be changed."""
    if Path("/support").is_dir() and Path.cwd() == Path(SCRATCH):
        shutil.copytree("/support", SCRATCH, dirs_exist_ok=True)


def limit(memory: int, file_size: int, processes: int | None = None) -> None:
    """Limit this process and its children: bytes of data, bytes of a file, no core dumps.

    Threads count as processes, so their limit is generous here and `watching` does the rest.
    """
    import resource

    limits = [
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CORE, 0),
    ]
    if processes is not None:
        limits.append((resource.RLIMIT_NPROC, 10 * processes))
    for kind, wanted in limits:
        _, hard = resource.getrlimit(kind)
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (most, most))


def _system() -> Iterator[str]:
    for path in SYSTEM:
        if os.path.islink(path) and not os.readlink(path).startswith("/"):
            yield from ("--symlink", os.readlink(path), path)
        elif os.path.isdir(path):
            yield from ("--ro-bind", path, path)
    for path in SYSTEM_FILES:
        yield from ("--ro-bind-try", path, path)


def python_folders() -> list[str]:
    """Where Python and its packages lie, outer folders first."""
    packages = [path for path in sys.path if path.endswith("-packages") and os.path.isdir(path)]
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, *packages}
    folders |= {os.path.realpath(folder) for folder in folders}
    folders.add(str(Path(os.path.realpath(sys.executable)).parent))
    return sorted(folder for folder in folders if not f"{folder}/".startswith("/usr/"))


def _python() -> Iterator[str]:
    for folder in python_folders():
        yield from ("--ro-bind", folder, folder)


def _modules() -> Iterator[str]:
    here = Path(__file__).parent
    for name in MODULES:
        path = here / f"{name}.py"
        if path.is_file():
            yield from ("--ro-bind", str(path), f"{CLASSROOM}/{PACKAGE}/{name}.py")


@functools.cache
def _packages() -> tuple[Path, ...]:
    """The folders of packages that no submission may use, and of this one: a part is shown."""
    found = []
    for name in (*HIDDEN_PACKAGES, PACKAGE):
        spec = importlib.util.find_spec(name)
        places = spec.submodule_search_locations if spec is not None else None
        found += [Path(place) for place in places or ()]
    return tuple(found)


def _masks(hidden: Sequence[Path]) -> Iterator[str]:
    """Empty folders over what must not be seen although it lies in a folder that is shown."""
    shown = [Path(folder) for folder in ("/usr", *python_folders())]
    for path in dict.fromkeys([*hidden, *(path.resolve() for path in hidden)]):
        if path.is_dir() and any(folder in path.parents for folder in shown):
            yield from ("--tmpfs", str(path), "--remount-ro", str(path))
