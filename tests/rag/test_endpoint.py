"""The client of a language model, against a server of our own that behaves, fails or misbehaves."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from handtorch.rag import endpoint
from handtorch.rag.documents import Chunk
from handtorch.rag.endpoint import EndpointError, complete_chat
from handtorch.rag.generation import Citation, EndpointAnswerer, ExtractiveAnswerer, answerer
from handtorch.rag.prompts import REFUSAL

KEY = "sk-secret-0123456789"
MESSAGES = [{"role": "user", "content": "Hello"}]
Reply = tuple[int, dict[str, str], bytes]


def completion(text: Any) -> Reply:
    body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]}
    return 200, {}, json.dumps(body).encode()


class Server:
    """Gives the replies in `replies`, the last one again and again, and keeps the requests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.replies: list[Reply | Callable[[], Reply]] = []

    def next(self) -> Reply:
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply() if callable(reply) else reply


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            plan.requests.append((self.path, headers, json.loads(body)))
            status, extra, said = plan.next()
            try:
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)
            except OSError:
                pass  # the client has given up

        def log_message(self, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    plan = Server(f"http://127.0.0.1:{http.server_port}/v1")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield plan
    http.shutdown()
    thread.join()
    http.server_close()


def call(server: Server, **options: Any) -> str:
    options = {"key": KEY, "wait": 0.01, "timeout": 5.0, **options}
    return complete_chat(server.url, "tiny", MESSAGES, **options)


class TestRequest:
    def test_has_the_form_that_the_interface_defines(self, server: Server) -> None:
        server.replies = [completion("Hi.")]
        assert call(server, max_tokens=7) == "Hi."
        [(path, headers, body)] = server.requests
        assert path == "/v1/chat/completions"
        assert headers["content-type"] == "application/json"
        assert headers["authorization"] == f"Bearer {KEY}"
        assert body == {
            "model": "tiny",
            "messages": MESSAGES,
            "temperature": 0,
            "max_tokens": 7,
        }

    def test_without_a_key_nothing_is_authorized(self, server: Server) -> None:
        server.replies = [completion("Hi.")]
        call(server, key=None)
        assert "authorization" not in server.requests[0][1]

    @pytest.mark.parametrize("ending", ["", "/", "/chat/completions", "/chat/completions/"])
    def test_every_spelling_of_the_url_is_the_same(self, server: Server, ending: str) -> None:
        server.replies = [completion("Hi.")]
        server.url += ending
        call(server)
        assert server.requests[0][0] == "/v1/chat/completions"

    @pytest.mark.parametrize("url", ["", "localhost:8000", "file:///etc/passwd", "http://"])
    def test_other_urls_are_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match="it must start with http:// or https://"):
            complete_chat(url, "tiny", MESSAGES)

    @pytest.mark.parametrize("key", ["", " ", KEY + "\n", KEY + "钥"])
    def test_a_key_no_header_can_carry_is_refused_unseen(self, server: Server, key: str) -> None:
        with pytest.raises(ValueError, match="key is empty or holds") as caught:
            call(server, key=key)
        assert "secret" not in str(caught.value)
        assert not server.requests

    @pytest.mark.parametrize("option", [{"attempts": 0}, {"timeout": 0}, {"wait": -1}])
    def test_numbers_out_of_range_are_refused(self, server: Server, option: Any) -> None:
        with pytest.raises(ValueError, match=f"{next(iter(option))} "):
            call(server, **option)


class TestFailures:
    @pytest.mark.parametrize("status", [400, 401, 403, 404])
    def test_a_refusal_is_not_tried_again(self, server: Server, status: int) -> None:
        server.replies = [(status, {}, b'{"error": "no such model"}')]
        with pytest.raises(EndpointError, match=f"{status}.*no such model"):
            call(server)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_busy_or_broken_endpoint_is_tried_again(self, server: Server, status: int) -> None:
        server.replies = [(status, {}, b"wait"), (status, {}, b"wait"), completion("At last.")]
        assert call(server) == "At last."
        assert len(server.requests) == 3

    def test_and_given_up_on_in_the_end(self, server: Server) -> None:
        server.replies = [(500, {}, b"\n  out of   memory\n")]
        with pytest.raises(EndpointError, match=r"500 .*: out of memory, after 3 attempts"):
            call(server, attempts=3)
        assert len(server.requests) == 3

    def test_waits_as_long_as_it_is_told_but_not_forever(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slept: list[float] = []
        monkeypatch.setattr(endpoint.time, "sleep", slept.append)
        later = {"Retry-After": "7"}
        never, odd = {"Retry-After": "1e9"}, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}
        server.replies = [(429, h, b"") for h in (later, never, odd)] + [completion("Yes.")]
        call(server, wait=1)
        assert slept == [7, endpoint.MAX_WAIT, 4]

    def test_silence(self, server: Server) -> None:
        def sleep() -> Reply:
            time.sleep(0.4)
            return completion("Too late.")

        server.replies = [sleep]
        with pytest.raises(EndpointError, match=r"silent for 0\.05 seconds, after 2 attempts"):
            call(server, timeout=0.05, attempts=2)

    def test_nobody_there(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        with pytest.raises(EndpointError, match="cannot be reached"):
            complete_chat(f"http://127.0.0.1:{port}", "tiny", MESSAGES, attempts=1)

    @pytest.mark.parametrize(
        "body",
        [b"", b"<html>proxy</html>", b"[]", b"{}", b'{"choices": []}', b"\xff\xfe", b"null"],
    )
    def test_garbage(self, server: Server, body: bytes) -> None:
        server.replies = [(200, {}, body)]
        with pytest.raises(EndpointError, match="is no chat completion"):
            call(server)

    @pytest.mark.parametrize("content", [None, "", "  \n", 3, ["text"]])
    def test_a_completion_without_text(self, server: Server, content: Any) -> None:
        server.replies = [completion(content)]
        with pytest.raises(EndpointError, match="it must be text"):
            call(server)

    def test_an_answer_without_end(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(endpoint, "MAX_BYTES", 1000)
        server.replies = [completion("x" * 2000)]
        with pytest.raises(EndpointError, match="longer than 1000 bytes"):
            call(server)

    def test_a_redirect_does_not_get_the_key(self, server: Server) -> None:
        server.replies = [(302, {"Location": server.url + "/elsewhere"}, b"")]
        with pytest.raises(EndpointError, match="302"):
            call(server)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("status", [200, 401, 500])
    def test_no_error_shows_the_key(self, server: Server, status: int) -> None:
        server.replies = [(status, {}, f"your key {KEY} is no good".encode())]
        with pytest.raises(EndpointError) as caught:
            call(server, attempts=1)
        assert "<key>" in str(caught.value)
        assert KEY not in str(caught.value)
        assert caught.value.__cause__ is None


class TestAnswerer:
    CHUNKS = (
        Chunk("a", "a", 0, 19, "The scale is 1/8."),
        Chunk("b", "b", 0, 14, "Heads are 64 wide."),
    )

    def test_sends_the_passages_and_reads_the_citations(self, server: Server) -> None:
        server.replies = [completion(" The scale is 1/8 [1], as heads are 64 wide [2][9]. ")]
        model = EndpointAnswerer(server.url, "tiny", KEY)
        answer = model.answer("What is the scale?", self.CHUNKS)
        assert answer.text == "The scale is 1/8 [1], as heads are 64 wide [2][9]."
        assert answer.citations == (Citation(1, "a"), Citation(2, "b"))
        assert answer.generator == "language model tiny"
        assert not answer.refused
        system, user = server.requests[0][2]["messages"]
        assert (system["role"], user["role"]) == ("system", "user")
        assert all(chunk.text in user["content"] for chunk in self.CHUNKS)

    def test_knows_a_refusal(self, server: Server) -> None:
        server.replies = [completion(REFUSAL)]
        assert EndpointAnswerer(server.url, "tiny").answer("Why?", self.CHUNKS).refused

    def test_its_representation_hides_the_key(self) -> None:
        assert KEY not in repr(EndpointAnswerer("http://localhost", "tiny", KEY))

    def test_the_environment_chooses(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("URL", "MODEL", "KEY"):
            monkeypatch.delenv(f"HANDTORCH_LLM_{name}", raising=False)
        assert isinstance(answerer(), ExtractiveAnswerer)
        monkeypatch.setenv("HANDTORCH_LLM_URL", server.url)
        with pytest.raises(ValueError, match="HANDTORCH_LLM_MODEL is empty"):
            answerer()
        monkeypatch.setenv("HANDTORCH_LLM_MODEL", "tiny")
        monkeypatch.setenv("HANDTORCH_LLM_KEY", KEY + "\n")  # as read from a file
        server.replies = [completion("Yes [1].")]
        assert answerer().answer("Is it?", self.CHUNKS).citations == (Citation(1, "a"),)
        assert server.requests[0][1]["authorization"] == f"Bearer {KEY}"
