"""Warm kernels: like started ones in everything but the time, and nothing of one is in the next."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from handtorch_classroom import kernels, sandbox, warm
from handtorch_classroom.warm import NAME, NoZygote, Zygote, libraries_in, zygote

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kernels start cold here"),
]
needs_sandbox = pytest.mark.skipif(sandbox.find()[0] is None, reason="no sandbox here")
COLD: dict = {}
WARM = {"kernel_provisioner": {"provisioner_name": NAME}}
ENVIRONMENT = {**os.environ, "PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "2"}


@contextmanager
def kernel(metadata, cwd, environment=ENVIRONMENT):
    """A function that runs code in a new kernel and returns what it prints."""
    warm.register()
    manager = KernelManager(transport="ipc", connection_file=str(cwd / "k.json"))
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager._kernel_spec = KernelSpec(argv=argv, language="python", metadata=metadata)
    os.makedirs(cwd, exist_ok=True)
    manager.start_kernel(cwd=str(cwd), env=dict(environment))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=120)

    def run(code):
        texts = []

        def keep(message):
            content = message["content"]
            texts.append(content.get("text") or "\n".join(content.get("traceback", [])))

        client.execute_interactive(code, output_hook=keep, timeout=120)
        return "".join(texts)

    run.manager = manager
    try:
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run_in(metadata, folder, code, **options):
    with kernel(metadata, folder, **options) as run:
        return run(code)


SPOIL = """
import asyncio, builtins, decimal, gc, locale, logging, os, random, signal, sys, threading, warnings
import matplotlib, numpy, torch
open("mine.py", "w").write("secret = 42")
import mine
torch.set_default_dtype(torch.float64); torch.set_num_threads(1); torch.set_grad_enabled(False)
torch.set_printoptions(precision=2); torch.use_deterministic_algorithms(True)
torch.manual_seed(0); numpy.random.seed(0); random.seed(0)
numpy.set_printoptions(precision=2); numpy.seterr(all="raise")
decimal.getcontext().prec = 3; sys.setrecursionlimit(5000); gc.set_threshold(1)
os.environ["MINE"] = "1"; os.environ.pop("HOME", None); os.umask(0)
os.makedirs("sub"); os.chdir("sub")
sys.path.insert(0, "/mine"); sys.argv.append("mine"); builtins.mine = 1; numpy.mine = 1
signal.signal(signal.SIGUSR1, lambda *_: None); signal.signal(signal.SIGTERM, signal.SIG_IGN)
warnings.simplefilter("error"); logging.getLogger().setLevel(1)
locale.setlocale(locale.LC_ALL, "C")
sys.excepthook = sys.displayhook = print; sys.settrace(None)
matplotlib.rcParams["font.size"] = 99
threading.Thread(target=threading.Event().wait, daemon=True).start()
kept = os.open(os.devnull, os.O_RDONLY)
"""

LOOK = """
import asyncio, builtins, decimal, gc, json, locale, logging, multiprocessing
import os, random, resource, signal, sys, tempfile, threading, warnings
before = sorted(name for name in sys.modules if name == "mine")
import matplotlib, numpy, torch
def short(value): return json.dumps(value, default=repr, sort_keys=True)
volatile = {"JPY_SESSION_NAME", "JPY_PARENT_PID", "COLUMNS", "LINES"}
environment = {name: value for name, value in os.environ.items() if name not in volatile}
print(json.dumps({
    "same": {
        "modules": before, "cwd": os.path.basename(os.getcwd()), "files": sorted(os.listdir(".")),
        "dtype": str(torch.get_default_dtype()), "threads of torch": torch.get_num_threads(),
        "threads between": torch.get_num_interop_threads(),
        "gradients": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "torch prints": repr(torch.tensor(1 / 3)), "numpy prints": repr(numpy.array(1 / 3)),
        "numpy errors": numpy.geterr(), "decimals": decimal.getcontext().prec,
        "recursion": sys.getrecursionlimit(), "collection": gc.get_threshold(),
        "environment": environment, "umask": os.umask(0o22),
        "path": sys.path, "argv": sys.argv[:1],
        "builtins": hasattr(builtins, "mine"), "patched": hasattr(numpy, "mine"),
        "signals": {s.name: str(signal.getsignal(s)).split(" at ")[0] for s in signal.Signals},
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "errors": [f for f in warnings.filters if f[0] == "error"],
        "level": logging.getLogger().level,
        "locale": locale.setlocale(locale.LC_ALL), "hook": sys.excepthook.__module__,
        "font": matplotlib.rcParams["font.size"], "backend": matplotlib.get_backend().lower(),
        "running": sorted({t.name.partition("-")[0] for t in threading.enumerate()}),
        "hash": hash("hash"), "flags": str(sys.flags),
        "main": sorted(vars(sys.modules["__main__"]))[:9],
        "limits": [resource.getrlimit(n) for n in range(16)],
        "policy": repr(asyncio.get_event_loop_policy())[:40],
        "temporary": tempfile.gettempdir(), "method": multiprocessing.get_start_method(),
        "niceness": os.nice(0), "group leader": os.getpgrp() == os.getpid(),
        "session": os.getsid(0) == os.getpid(),
        "blas": repr((numpy.ones((200, 200)) @ numpy.ones((200, 200))).sum()),
    },
    "fresh": {
        "python": random.random(), "numpy": numpy.random.rand(), "torch": torch.rand(1).item(),
        "seed": torch.initial_seed(), "key": multiprocessing.current_process().authkey.hex(),
        "name": next(tempfile._get_candidate_names()), "pid": os.getpid(),
        "generator": numpy.random.default_rng().random(),
    },
    "open": len(os.listdir("/proc/self/fd")),
}, default=repr))
"""


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """What a cold kernel sees, and two warm ones, the second after one that spoilt all it could."""
    folder = tmp_path_factory.mktemp("k")
    found = [json.loads(run_in(COLD, folder / "here", LOOK))]
    found.append(json.loads(run_in(WARM, folder / "here", LOOK)))
    assert run_in(WARM, folder / "spoilt", SPOIL) == ""
    found.append(json.loads(run_in(WARM, folder / "here", LOOK)))
    return found


@pytest.mark.parametrize("kind", [1, 2], ids=["first", "after-one-that-spoilt-everything"])
def test_a_warm_kernel_is_in_the_state_of_a_started_one(states, kind):
    cold, now = states[0]["same"], states[kind]["same"]
    assert set(now) == set(cold)
    differing = {name: (cold[name], now[name]) for name in cold if now[name] != cold[name]}
    assert differing == {}
    assert states[kind]["open"] <= states[0]["open"] + 2


def test_chance_is_new_in_each_kernel(states):
    for name in states[0]["fresh"]:
        values = [state["fresh"][name] for state in states]
        assert len(set(values)) == len(values), name


WORK = """
import asyncio, os, sys, time, threading
import numpy, torch
from torch.utils.data import DataLoader
torch.set_num_threads(2); torch.manual_seed(1)
x = torch.rand(300, 300, requires_grad=True)
loss = torch.nn.functional.softmax(x @ x, -1).square().sum(); loss.backward()
a = numpy.arange(90000.0).reshape(300, 300) % 7
loaded = torch.cat(list(DataLoader(torch.arange(20), batch_size=4, num_workers=2)))
async def both(): return await asyncio.gather(asyncio.sleep(0.01, 1), asyncio.to_thread(lambda: 2))
values = await both()
layer = torch.nn.Linear(30, 30); optimizer = torch.optim.AdamW(layer.parameters())
layer(torch.ones(30)).sum().backward(); optimizer.step()
print(x.grad.sum().item(), loss.item(), (a @ a).sum(), loaded.tolist() == list(range(20)), values,
      layer.weight.sum().item())
"""


def test_what_uses_threads_and_processes_computes_the_same(tmp_path):
    cold = run_in(COLD, tmp_path / "cold", WORK)
    assert "True [1, 2]" in cold, cold
    with ThreadPoolExecutor(3) as pool:
        places = [tmp_path / f"w{number}" for number in range(6)]
        came = list(pool.map(lambda place: run_in(WARM, place, WORK), places))
    assert came == [cold] * 6


def test_the_libraries_are_there_and_others_can_be_imported(tmp_path):
    code = "import sys; print('torch' in sys.modules); import wave; print(wave.__name__)"
    assert run_in(WARM, tmp_path, code) == "True\nwave\n"
    assert libraries_in(["import torch.nn as nn", "import numpy as np"]) == ["numpy", "torch"]
    assert libraries_in(["x = 1"]) == []


def test_interrupt_restart_and_death(tmp_path):
    with kernel(WARM, tmp_path) as run:
        manager = run.manager
        first = int(run("import os; print(os.getpid())"))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(run, "import time\ntime.sleep(100)")
            time.sleep(1)
            manager.interrupt_kernel()
            assert "KeyboardInterrupt" in waiting.result(60)
        assert manager.is_alive()
        os.kill(first, signal.SIGKILL)
        end = time.monotonic() + 30
        while manager.is_alive() and time.monotonic() < end:
            time.sleep(0.05)
        assert not manager.is_alive()
        manager.start_kernel(cwd=str(tmp_path), env=dict(ENVIRONMENT))
        assert manager.is_alive()


def test_kernels_end_with_the_program_that_has_started_them(tmp_path):
    program = f"""
import os, pathlib, sys
from tests.classroom.test_warm import WARM, kernel
with kernel(WARM, pathlib.Path({str(tmp_path)!r})) as run:
    print(run("import os; print(os.getpid(), os.getppid())"), flush=True)
    os._exit(0)
"""
    here = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=here)
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2, done.stderr
    end = time.monotonic() + 30
    while any(map(is_running, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(is_running, pids))


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_where_nothing_can_be_forked_kernels_start_cold_and_it_is_said_once(
    tmp_path, monkeypatch, caplog
):
    def refuse(*_, **__):
        raise NoZygote("fork is not to be had")

    monkeypatch.setattr(warm, "zygote", refuse)
    monkeypatch.setattr(warm, "_said", [])
    loud = []
    monkeypatch.setattr(warm, "say_once", lambda text, say: loud.append(text))
    for number in range(2):
        assert run_in(WARM, tmp_path / str(number), "print(1 + 1)") == "2\n"
    assert set(loud) == {"Kernels start cold: fork is not to be had."}
    monkeypatch.undo()
    said = []
    for _ in range(2):
        warm.say_once("a sentence of this test", said.append)
    assert said == ["a sentence of this test"]


def test_another_hash_seed_means_another_zygote(monkeypatch):
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "1", "MINE": "1"}
    one = zygote(sys.executable, [], environment)
    assert zygote(sys.executable, [], {**environment, "MINE": "2"}) is one
    monkeypatch.setattr(warm, "MOST", len(warm._zygotes))
    with pytest.raises(NoZygote, match="are there already"):
        zygote(sys.executable, [], {**environment, "PYTHONHASHSEED": "2"})
    warm.end_all()
    assert not one.is_alive()


def test_a_zygote_that_does_not_start_is_no_zygote(tmp_path):
    broken = Zygote("/bin/false", [], {})
    assert broken.problem
    with pytest.raises(NoZygote):
        broken.fork({}, [0, 1, 2])
    broken.end()


def test_nested_namespaces_that_are_refused_leave_cold_kernels(monkeypatch):
    class Refusing(sandbox.Sandbox):
        def command(self, inner, **settings):
            return [sys.executable, "-c", REFUSED, inner[-3]]

    monkeypatch.setattr(warm, "_said", [])
    assert kernels.forker(Refusing("bwrap"), "auto", []) is None
    assert warm.said() == [kernels.COLD.format(problem="unshare: Operation not permitted")]
    assert kernels.forker(Refusing("bwrap"), "off", []) is None


REFUSED = """
import socket, sys
socket.socket(fileno=int(sys.argv[1])).send(b"unshare: Operation not permitted")
"""


LOOK_AROUND = """
import json, os, sys, time
shared, other = sys.argv[1].rpartition("/")[0], sys.argv[2]
open(shared + "/mine", "w").write("x"); open("scratch", "w").write("x")
open("/dev/shm/mine", "w").write("x"); open(os.path.expanduser("~/mine"), "w").write("x")
while not os.path.exists(shared + "/go"):
    time.sleep(0.01)
def listed(path):
    try:
        return sorted(os.listdir(path))
    except OSError:
        return None
seen = {path: listed(path) for path in (".", "/dev/shm", os.path.expanduser("~"), other, shared)}
seen["pool"] = listed(os.path.dirname(shared))
seen["processes"] = [int(p) for p in os.listdir("/proc") if p.isdigit()]
seen["descriptors"] = [int(f) for f in os.listdir("/proc/self/fd")]
seen["torch"] = "torch" in sys.modules
seen["environment"] = sorted(os.environ)
json.dump(seen, open(shared + "/seen.json", "w"))
"""


@needs_sandbox
def test_two_that_are_forked_side_by_side_see_nothing_of_each_other(tmp_path):
    found = kernels.forker(sandbox.find()[0], "auto", [])
    if found is None:
        pytest.skip(f"no nested sandboxes here: {warm.said()}")
    folders = [found.pool / name for name in ("one", "two")]
    processes = []
    for folder, other in zip(folders, reversed(folders)):
        folder.mkdir()
        (folder / "look.py").write_text(LOOK_AROUND)
        order = {
            "job": "program",
            "program": "look",
            "arguments": [str(folder / "look.py"), str(other)],
            "environment": sandbox.variables_inside(),
            "libraries": ["numpy"],
            "nested": kernels.nested(found, writable=[folder], size=10**6),
        }
        processes.append(found.fork(order, [0, 2, 2]))
    end = time.monotonic() + 60
    while not all((f / "mine").exists() for f in folders) and time.monotonic() < end:
        time.sleep(0.01)
    for folder in folders:
        (folder / "go").touch()
    assert [process.wait(60) for process in processes] == [0, 0]
    for folder in folders:
        seen = json.loads((folder / "seen.json").read_text())
        assert seen["."] == ["scratch"]
        assert seen["/dev/shm"] == seen[sandbox.HOME] == ["mine"]
        assert seen["pool"] == [folder.name]
        assert seen[str(next(f for f in folders if f != folder))] is None
        assert len(seen["processes"]) == 2
        assert max(seen["descriptors"]) <= 3
        assert seen["torch"] is False
        assert set(seen["environment"]) <= {
            *sandbox.variables_inside(), "PYDEVD_USE_FRAME_EVAL", "LC_CTYPE"
        }  # fmt: skip
    warm.end_all()
    assert not found.pool.exists()


def test_the_kernelspec_is_found_by_its_name(tmp_path):
    from jupyter_client.kernelspec import KernelSpecManager

    folder = warm.install_kernelspec(str(tmp_path))
    manager = KernelSpecManager(kernel_dirs=[str(folder.parent)])
    spec = manager.get_kernel_spec(NAME)
    assert spec.metadata["kernel_provisioner"]["provisioner_name"] == NAME
    assert spec.argv[1:3] == ["-m", "ipykernel_launcher"]
