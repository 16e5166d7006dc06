"""``make start``: the book on one port, JupyterLab on the other, until Ctrl-C."""

import functools
import http.server
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import webbrowser
from importlib import resources
from pathlib import Path

from handtorch_classroom.notebooks import NotebookError
from handtorch_classroom.progress import PAGE, write_page
from handtorch_classroom.site_build import SiteError, build_site

HOST = "127.0.0.1"


class StartError(Exception):
    """Something keeps the Lab from starting; the message is one sentence for a person."""


def start(root: Path, port: int) -> int:
    """Serve the book on `port` + 1 and run JupyterLab on `port`; returns the Lab's exit status.

    The Lab opens in the browser unless the environment says ``BROWSER=none``.

    Raises:
        StartError: if a port is taken or out of range.
    """
    for number in (port, port + 1):
        _require_free(number, port)
    _quiet_lab()
    book = _serve(_site(root), port + 1)
    token = secrets.token_hex(16)
    lab = f"http://{HOST}:{port}/lab/tree/exercises?token={token}"
    print(f"The book:    http://{HOST}:{port + 1}/  (中文: http://{HOST}:{port + 1}/zh/)")
    print(f"JupyterLab:  {lab}")
    print(f"Progress:    http://{HOST}:{port}/files/{_progress(root)}?token={token}")
    print("Stop both with Ctrl-C.", flush=True)
    process = _run_lab(root, port, token)
    for ending in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal ends the Lab too
        signal.signal(ending, signal.default_int_handler)
    if os.environ.get("BROWSER", "").lower() != "none":
        threading.Thread(target=_open_when_ready, args=(port, lab), daemon=True).start()
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
        return 0
    finally:
        book.shutdown()


def _site(root: Path) -> Path:
    """The built site; if it cannot be built, a broken exercise say, the one built before."""
    try:
        return build_site(root)
    except SiteError as error:
        old = root / "_build" / "html"
        print(f"{error}\nThe book is served as it was built before.", file=sys.stderr)
        old.mkdir(parents=True, exist_ok=True)
        return old


def _progress(root: Path) -> str:
    """The progress page, written anew; where the server has it."""
    try:
        write_page(root)
    except (NotebookError, OSError) as error:
        print(f"The progress page could not be written: {error}", file=sys.stderr)
    return PAGE.as_posix()


def _run_lab(root: Path, port: int, token: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}"]
    command += [f"--ip={HOST}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command += ["--log-level=ERROR", "--LabApp.log_level=ERROR"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container there is no other user
    # A session of its own: at Ctrl-C the Lab would ask whether it is meant, and we end it anyway.
    return subprocess.Popen(command, cwd=root, start_new_session=True)


def _require_free(number: int, port: int) -> None:
    if not 1 <= number <= 65535:
        raise StartError(f"PORT={port} is no port: PORT and PORT + 1 must lie in 1…65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, number))
        except OSError:
            raise StartError(
                f"port {number} is taken: stop what uses it, or choose another pair, "
                f"for example make start PORT={port + 10}"
            ) from None


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line of log a request."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def _serve(folder: Path, port: int) -> http.server.ThreadingHTTPServer:
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer((HOST, port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _open_when_ready(port: int, address: str) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex((HOST, port)) == 0:
                webbrowser.open(address)
                return
        threading.Event().wait(0.1)


def _quiet_lab() -> None:
    """Keep the Lab from asking for news and updates: it would ask the network."""
    target = Path(sys.prefix) / "share/jupyter/lab/settings/overrides.json"
    source = resources.files("handtorch_classroom").joinpath("static/lab_overrides.json")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with resources.as_file(source) as file:
            shutil.copy(file, target)
