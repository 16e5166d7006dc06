"""A sandbox of its own for a process that was forked inside a sandbox. Linux only.

The process (`zygote`) has the file system that `sandbox` made: a read-only system without what is
hidden. What its children must not share is made anew for each, by the calls that bubblewrap uses:
namespaces of users, mounts, processes, network and IPC; a /proc with its own processes; an empty
home, scratch folder, /tmp, /dev/shm and terminals; of the folder in which all kernels have theirs
only its own. Then capabilities are given up for good.
"""

import contextlib
import ctypes
import os
import platform
import shutil
import signal
import socket
import struct
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from handtorch_classroom.sandbox import COVERED, HOME, SCRATCH, TEMPORARY, python_folders

#: Of users, mounts, processes, network, IPC, host name, control groups.
NEW_NAMESPACES = 0x10000000 | 0x20000 | 0x20000000 | 0x40000000 | 0x8000000 | 0x4000000 | 0x2000000
READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS, REMOUNT, BIND, RECURSIVE, PRIVATE = (
    *(1, 2, 4, 8, 32, 4096, 16384, 1 << 18),
)
DEATH_SIGNAL, DUMPABLE, BOUNDING, NO_NEW_PRIVILEGES, AMBIENT = 1, 4, 24, 38, 47  # prctl
KEYCTL = {"x86_64": 250, "aarch64": 219}  # number of the system call

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    """Raise the error of a system call."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def end_with_parent() -> None:
    """Let this process be killed when its parent ends."""
    libc.prctl(DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def run_nested(
    job: Callable[[], int],
    *,
    pool: str,
    writable: Sequence[str],
    readable: Sequence[str],
    support: str | None,
    size: int,
) -> int:
    """Run `job` in a sandbox within this one; returns its exit status.

    The caller must be a process forked for this, with one thread. Of it come two more: the first
    of the new namespace of processes, with which the others end, and that which runs `job`.

    Args:
        job: what to do inside.
        pool: the folder that hides what it holds, except
        writable: folders in it that stay, and may be written, and
        readable: folders in it that stay read-only.
        support: a folder whose files are copied into the scratch folder.
        size: bytes that all files of a file system in memory may have.
    """
    user, group = os.getuid(), os.getgid()
    checked(libc.unshare(NEW_NAMESPACES), "unshare")
    libc.prctl(DUMPABLE, 1, 0, 0, 0)  # or its own /proc/self would be closed to it
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    end_with_parent()
    first = os.fork()
    if first:
        return _status_of(first)
    status = 70
    try:
        end_with_parent()
        _mount_own(pool, writable, readable, support, size)
        with contextlib.suppress(OSError):
            _start_loopback()
        forget_keys()
        _give_up_rights()
        end_with_parent()  # which changed rights have undone
        second = os.fork()
        if second:
            status = _reap_until(second)
        else:
            end_with_parent()
            os.setsid()
            os.chdir(SCRATCH)
            status = job()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _mount_own(
    pool: str, writable: Sequence[str], readable: Sequence[str], support: str | None, size: int
) -> None:
    """Replace what a process must not share with those beside it."""
    _mount(None, "/", None, RECURSIVE | PRIVATE)
    kept = {folder: os.open(folder, os.O_PATH) for folder in (*writable, *readable)}
    # An environment may itself lie there; with what is mounted in it: hidden packages stay so.
    python = {path: os.open(path, os.O_PATH) for path in python_folders() if _is_temporary(path)}
    source = None if support is None else os.open(support, os.O_PATH)
    if not _is_temporary(pool):
        _empty(pool, size)
    _empty(TEMPORARY, size)
    _empty("/dev/shm", size)
    Path(SCRATCH).mkdir()
    Path(HOME).mkdir()
    for folder, fd in python.items():  # outer folders first
        if not os.path.isdir(folder):
            Path(folder).mkdir(parents=True)
            _mount(f"/proc/self/fd/{fd}", folder, None, BIND | RECURSIVE)
        os.close(fd)
    for folder, fd in kept.items():
        Path(folder).mkdir(parents=True)
        _mount(f"/proc/self/fd/{fd}", folder, None, BIND)
        if folder in readable:
            _make_read_only(folder)
        os.close(fd)
    if source is not None:
        shutil.copytree(f"/proc/self/fd/{source}", SCRATCH, dirs_exist_ok=True)
        os.close(source)
    options = NO_SETUID | NO_PROGRAMS
    _mount("devpts", "/dev/pts", "devpts", options, "newinstance,ptmxmode=0666,mode=620")
    _mount("proc", "/proc", "proc", NO_SETUID | NO_DEVICES | NO_PROGRAMS)
    for path in COVERED:
        if os.path.exists(path):
            _mount(path, path, None, BIND)
            _make_read_only(path, NO_PROGRAMS)


def _is_temporary(folder: str) -> bool:
    return folder.startswith(f"{TEMPORARY}/")


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: str | None = None
) -> None:
    coded = [None if text is None else text.encode() for text in (source, target, kind, options)]
    checked(libc.mount(*coded[:3], ctypes.c_ulong(flags), coded[3]), f"mount {target}")


def _empty(folder: str, size: int) -> None:
    _mount("tmpfs", folder, "tmpfs", NO_SETUID | NO_DEVICES, f"size={size},mode=0755")


def _make_read_only(folder: str, more: int = 0) -> None:
    flags = REMOUNT | BIND | READ_ONLY | NO_SETUID | NO_DEVICES | more
    _mount(None, folder, None, flags)


def _start_loopback() -> None:
    """Let processes inside reach each other by 127.0.0.1."""
    import fcntl

    up = struct.pack("16sh14x", b"lo", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        fcntl.ioctl(anything, 0x8914, up)


def forget_keys() -> None:
    """Leave the keyring that a session has in common: what one puts there the next could read."""
    number = KEYCTL.get(platform.machine())
    if number is not None:
        libc.syscall(number, 1, None)  # where there are no keyrings, there is nothing to leave


def _give_up_rights() -> None:
    """Have no capabilities, and no way to get any."""
    checked(libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    libc.prctl(AMBIENT, 4, 0, 0, 0)
    for capability in range(64):
        if libc.prctl(BOUNDING, capability, 0, 0, 0) < 0:
            break
    header = struct.pack("Ii", 0x20080522, 0)
    checked(libc.capset(header, bytes(24)), "capset")
    libc.prctl(DUMPABLE, 1, 0, 0, 0)


def _status_of(pid: int) -> int:
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _reap_until(pid: int) -> int:
    """As the first process: wait for all that end, until `pid` does."""
    while True:
        ended, status = os.wait()
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
