"""One call to an OpenAI-compatible endpoint, POST /chat/completions, with the standard library.

What such a call must survive: an endpoint that is busy (429) or broken (5xx) is asked again,
after a wait that doubles, or as long as its Retry-After says; a refusal (401, 400, 404) is not.
Whatever happens, the error says what, and never shows the key, even where the server echoes it.

Left out: streaming, tools, several choices, parallel requests.
"""

import json
import math
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any

#: Statuses after which the same request may succeed.
RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504})

#: Longest answer that is read, in bytes, and longest wait between attempts, in seconds.
MAX_BYTES, MAX_WAIT = 4 * 2**20, 30.0


class EndpointError(RuntimeError):
    """The endpoint gave no usable answer; the message says why."""


class _Temporary(Exception):
    """A failure that may pass; `wait` is how long the endpoint asked to be left alone."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow nothing: the key would be sent along to wherever the endpoint points."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def complete_chat(
    url: str,
    model: str,
    messages: Sequence[Mapping[str, str]],
    *,
    key: str | None = None,
    timeout: float = 60.0,
    attempts: int = 4,
    wait: float = 1.0,
    max_tokens: int = 1024,
) -> str:
    """The reply of a chat model to `messages`, at temperature 0.

    Args:
        url: the endpoint's base, such as ``http://localhost:8000/v1``.
        timeout: seconds an attempt may hang on the network without a byte.
        attempts: how often to try in all.
        wait: seconds before the second attempt; doubled before each further one.

    Raises:
        ValueError: if the URL is not http(s), the key holds what no header may, or a number is
            out of range.
        EndpointError: if no attempt gave a reply.
    """
    if attempts < 1 or timeout <= 0 or wait < 0:
        raise ValueError(
            f"attempts is {attempts}, timeout {timeout}, wait {wait}; they must be at least 1, "
            "above 0 and at least 0"
        )
    body = {"model": model, "messages": list(messages), "temperature": 0, "max_tokens": max_tokens}
    request = urllib.request.Request(
        _address(url), json.dumps(body).encode(), _headers(key), method="POST"
    )
    for attempt in range(1, attempts + 1):
        try:
            return _reply(_send(request, timeout))
        except _Temporary as failure:
            if attempt == attempts:
                raise EndpointError(_hide(f"{failure}, after {attempts} attempts", key)) from None
            time.sleep(min(max(wait * 2 ** (attempt - 1), failure.wait), MAX_WAIT))
        except EndpointError as failure:
            raise EndpointError(_hide(str(failure), key)) from None
    raise AssertionError("unreachable")


def _hide(text: str, key: str | None) -> str:
    return text.replace(key, "<key>") if key else text


def _address(url: str) -> str:
    parts = urllib.parse.urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"url is {url!r}; it must start with http:// or https:// and name a host")
    base = url.strip().rstrip("/")
    return base if base.endswith("/chat/completions") else base + "/chat/completions"


def _headers(key: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if key is not None:
        if not key.isascii() or not key.isprintable() or not key.strip():
            raise ValueError("key is empty or holds characters other than printable ASCII")
        headers["Authorization"] = f"Bearer {key}"
    return headers


def _send(request: urllib.request.Request, timeout: float) -> bytes:
    """The body of a successful response."""
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout) as response:
            body: bytes = response.read(MAX_BYTES + 1)
    except urllib.error.HTTPError as error:
        reason = f"the endpoint answered {error.code} {error.reason}: {_said(error)}"
        if error.code in RETRIED:
            raise _Temporary(reason, _seconds(error.headers.get("Retry-After"))) from None
        raise EndpointError(reason) from None
    except (OSError, HTTPException) as error:
        why = getattr(error, "reason", None) or error  # URLError wraps what went wrong
        if isinstance(why, TimeoutError):
            raise _Temporary(f"the endpoint was silent for {timeout:g} seconds") from None
        raise _Temporary(f"the endpoint cannot be reached: {why!r}") from None
    if len(body) > MAX_BYTES:
        raise EndpointError(f"the endpoint's answer is longer than {MAX_BYTES} bytes")
    return body


def _said(error: urllib.error.HTTPError) -> str:
    """What an error's body says, on one line and not at length."""
    try:
        text = error.read(2000).decode(errors="replace")
    except (OSError, HTTPException):
        text = ""
    return " ".join(text.split())[:300] or "no text"


def _seconds(header: str | None) -> float:
    """A Retry-After in seconds; its other form, a date, counts as none."""
    try:
        seconds = float(header or 0)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) else 0.0


def _reply(body: bytes) -> str:
    try:
        text = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError):
        start = body[:80].decode(errors="replace")
        raise EndpointError(f"the endpoint's answer is no chat completion: {start!r}") from None
    if not isinstance(text, str) or not text.strip():
        raise EndpointError(f"the endpoint's answer has the content {text!r}; it must be text")
    return text
