"""`make start`: the book and the Lab answer, and what keeps them from starting is said."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from handtorch_classroom.start import HOST, StartError, start


def free_pair():
    """A port whose successor is free too."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind((HOST, 0))
            port = first.getsockname()[1]
            try:
                second.bind((HOST, port + 1))
            except (OSError, OverflowError):
                continue
            return port
    raise AssertionError("no two neighboring ports are free")


@pytest.mark.parametrize("taken", [0, 1])
def test_a_busy_port_is_named_and_another_is_proposed(root, taken):
    port = free_pair()
    with socket.socket() as busy:
        busy.bind((HOST, port + taken))
        busy.listen()
        with pytest.raises(StartError, match=rf"port {port + taken} is taken.*PORT={port + 10}"):
            start(root, port)


@pytest.mark.parametrize("port", [0, -1, 65535, 70000])
def test_a_port_that_is_none_is_refused(root, port):
    with pytest.raises(StartError, match=f"PORT={port} is no port"):
        start(root, port)


def fetch(address, seconds=60):
    """The status and text of a page, waiting until the server is up."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_both_addresses_answer_and_its_end_ends_everything(root, ending):
    port = free_pair()
    command = [sys.executable, "-m", "handtorch_classroom", "start", "--port", str(port)]
    process = subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, "BROWSER": "none"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        lines = [process.stdout.readline() for _ in range(4)]
        assert f"http://{HOST}:{port + 1}/" in lines[0]
        lab = lines[1].split()[-1]
        assert lab.startswith(f"http://{HOST}:{port}/lab/tree/exercises?token=")
        status, text = fetch(f"http://{HOST}:{port + 1}/")
        assert status == 200
        status, text = fetch(lab)
        assert status == 200
        assert "jupyter" in text.lower()
        token = lab.partition("token=")[2]
        contents = f"http://{HOST}:{port}/api/contents/exercises/tokenizer?token={token}"
        assert "bpe.ipynb" in fetch(contents)[1]
        progress = lines[2].split()[-1]
        assert progress.startswith(f"http://{HOST}:{port}/files/exercises/progress.html?token=")
        assert "tokenizer/bpe" in fetch(progress)[1]
    finally:
        os.killpg(process.pid, ending)
        assert process.wait(timeout=30) == 0
    with socket.socket() as probe:
        assert probe.connect_ex((HOST, port)) != 0
