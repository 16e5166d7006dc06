"""The sandbox: what is seen inside, what is not, and what is said where there is none."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from traitlets.config import Config

from handtorch_classroom import kernels, sandbox
from handtorch_classroom.watching import Watch, family

REPOSITORY = Path(__file__).parents[2]
FOUND, WHY_NOT = sandbox.find()
needs_sandbox = pytest.mark.skipif(FOUND is None, reason=f"no sandbox here: {WHY_NOT}")

LOOK = """
import importlib.util, json, os, socket, sys

def outcome(action):
    try:
        return repr(action())
    except Exception as error:
        return type(error).__name__

def connect():
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2)

def fill():
    with open(os.environ["TMPDIR"] + "/big", "wb") as file:
        for _ in range(20):
            file.write(bytes(10**6))

root = sys.argv[2]
print(json.dumps({
    "root": outcome(lambda: sorted(os.listdir(root))),
    "home": outcome(lambda: os.listdir(os.environ["HOME"])),
    "scratch": outcome(lambda: sorted(os.listdir("."))),
    "write": outcome(lambda: open("mine.txt", "w").write("x")),
    "write elsewhere": [outcome(lambda p=p: open(p, "w")) for p in ("/x", "/usr/x", "/dev/x")],
    "write much": outcome(fill),
    "network": outcome(connect),
    "processes": outcome(lambda: len([p for p in os.listdir("/proc") if p.isdigit()])),
    "handtorch": outcome(lambda: __import__("handtorch.tokenizer")),
    "tokenizers": outcome(lambda: __import__("tokenizers").Tokenizer),
    "numpy": outcome(lambda: __import__("numpy").ones(2).sum()),
    "checks": outcome(lambda: __import__("handtorch_classroom.checks").checks.__name__),
    "grading": outcome(lambda: __import__("handtorch_classroom.grading")),
    "environment": sorted(os.environ),
}))
"""


@pytest.fixture
def port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@needs_sandbox
def test_inside_there_is_python_a_scratch_folder_and_nothing_else(tmp_path, port, monkeypatch):
    monkeypatch.setenv("SECRET", "42")
    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / "data.txt").write_text("1 2 3")
    (beside / "solution.ipynb").write_text("{}")
    (beside / "link.txt").symlink_to(REPOSITORY / "README.md")
    support = sandbox.stage_support(beside, tmp_path / "support")
    shared = tmp_path / "shared"
    shared.mkdir()
    fill = "from handtorch_classroom.sandbox import fill_scratch; fill_scratch()"
    command = FOUND.command(
        [sys.executable, "-c", fill + LOOK, str(port), str(REPOSITORY)],
        shared=shared,
        support=support,
        scratch_bytes=5_000_000,
    )
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["root"] in ("FileNotFoundError", "['.venv']")
    assert seen["home"] == "[]"
    assert seen["scratch"] == "['data.txt']"
    assert seen["write"] == "1"
    assert seen["write elsewhere"] == ["OSError"] * 3
    assert seen["write much"] == "OSError"
    assert seen["network"] in ("ConnectionRefusedError", "OSError")
    assert int(seen["processes"]) <= 3
    assert seen["handtorch"] == "ModuleNotFoundError"
    assert seen["tokenizers"] == "AttributeError"
    assert seen["numpy"] == "np.float64(2.0)"
    assert seen["checks"] == "'handtorch_classroom.checks'"
    assert seen["grading"] == "ModuleNotFoundError"
    assert "SECRET" not in seen["environment"]


def test_a_program_that_does_not_work_is_no_sandbox(tmp_path, monkeypatch):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert sandbox.find() == (
        None,
        "bubblewrap does not work here (No permissions to create new namespace)",
    )
    said = kernels.missing_protection(Config())
    assert said.startswith("Submissions run without a sandbox (bubblewrap does not work here")
    assert "\n" not in said


def test_the_switch(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    config = Config()
    assert "bubblewrap" in kernels.missing_protection(config)
    config.LimitedKernelManager.sandbox = "off"
    assert "it is switched off" in kernels.missing_protection(config)
    assert kernels.chosen("off") is None
    config.LimitedKernelManager.sandbox = "required"
    with pytest.raises(RuntimeError, match="no sandbox: bubblewrap"):
        kernels.missing_protection(config)


@needs_sandbox
def test_with_a_sandbox_nothing_is_missing():
    assert kernels.missing_protection(Config()) == ""


needs_proc = pytest.mark.skipif(
    not Path(f"/proc/self/task/{os.getpid()}/children").exists(), reason="Linux only"
)


def watched(source, folder, **limits):
    """Run Python under a watch; returns why it was ended."""
    limits = {"processes": 20, "memory": 10**10, "files": 10**8, **limits}
    with subprocess.Popen([sys.executable, "-c", source], cwd=folder) as process:
        watch = Watch(process.pid, folder, **limits)
        end = time.monotonic() + 30
        while not watch.reason and time.monotonic() < end:
            time.sleep(0.05)
        watch.end()
        process.kill()
        return watch.reason


@needs_proc
def test_too_many_processes_are_ended(tmp_path):
    before = set(family(os.getpid()))  # other tests may have left a server of processes running
    fork = "import os, time\nfor _ in range(40):\n    if not os.fork(): time.sleep(60)\n"
    assert watched(fork + "time.sleep(60)", tmp_path) == "started more than 20 processes"
    assert set(family(os.getpid())) <= before


@needs_proc
def test_memory_counts_for_all_processes_together(tmp_path):
    hold = "import os, time\nfor _ in range(3):\n    if not os.fork(): break\nx = b'x' * 10**8\n"
    reason = watched(hold + "time.sleep(60)", tmp_path, memory=250_000_000)
    assert "more memory than is allowed" in reason


@needs_proc
def test_files_count_together(tmp_path):
    write = "import time\nfor i in range(4):\n    open(f'{i}', 'wb').write(b'x' * 10**6)\n"
    reason = watched(write + "time.sleep(60)", tmp_path, files=3_000_000)
    assert "wrote more into files" in reason
