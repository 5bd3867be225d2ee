"""Servers that mean no good: slow, endless, packed, elsewhere. Each meets its limit, and the caller a sentence."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator

import pytest

from engine.models.client import Endpoint, OpenAIClient, RequestFailure
from engine.models.interruption import Interrupted, interruptible, pause
from tests.raw_server import HEAD, STREAM, RawServer, Script, drip, endless, serving, whole

HI = [{"role": "user", "content": "Hi"}]
KEY = "sk-not-for-anybody-else"
ANSWER = json.dumps({"choices": [{"index": 0, "message": {"content": "Hi."}, "finish_reason": "stop"}]}).encode()
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]}\n\n'
PATIENCE = 1.0  # seconds that an answer may take in these tests
SOON = 4.0  # by when it has to be over, on a busy machine


def client(server: RawServer, **options: float) -> OpenAIClient:
    endpoint = Endpoint(server.url, "m", KEY, trusted=True)
    return OpenAIClient(endpoint, **({"retries": 0, "deadline": PATIENCE, "largest": 200_000} | options))  # type: ignore[arg-type]


def refused(asked: Iterator[str] | None, server: RawServer, **options: float) -> RequestFailure:
    """The failure of a chat, or of a stream, which has to come soon."""
    started = time.monotonic()
    with pytest.raises(RequestFailure) as caught:
        if asked is None:
            client(server, **options).chat(HI)
        else:
            list(asked)
    assert time.monotonic() - started < SOON
    return caught.value


def test_an_honest_answer_comes_through() -> None:
    with serving(lambda asked: [whole(ANSWER)]) as server:
        assert client(server).chat(HI).text == "Hi."


SLOW: dict[str, Script] = {
    "head": lambda asked: drip(whole(ANSWER)),
    "body": lambda asked: (piece for part in ([HEAD + b"\r\n"], drip(ANSWER * 99)) for piece in part),
    "nothing": lambda asked: (time.sleep(9) or b"" for _ in "x"),
    "chunks": lambda asked: (
        piece
        for part in ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], endless(b"1\r\n \r\n", 0.05))
        for piece in part
    ),
    "informational": lambda asked: endless(b"HTTP/1.1 100 Continue\r\n\r\n", 0.05),
}


@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW.keys())
def test_a_server_that_drips_is_given_up_when_the_whole_answer_is_late(script: Script) -> None:
    with serving(script) as server:
        failure = refused(None, server)
        assert failure.status == 0
        assert "no whole answer came within 1 s" in str(failure)


ENDLESS: dict[str, Script] = {
    "body": lambda asked: (piece for part in ([HEAD + b"\r\n"], endless(b" " * 4096)) for piece in part),
    "long body": lambda asked: [whole(b'"' + b"x" * 30_000_000 + b'"')],
    "chunks of one byte": lambda asked: (
        piece
        for part in ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], endless(b"1\r\n \r\n" * 1000))
        for piece in part
    ),
    "informational": lambda asked: endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_body_without_an_end_is_not_read_to_it(script: Script) -> None:
    with serving(script) as server:
        failure = refused(None, server, deadline=30.0)
        assert failure.status == 0
        assert "sent more than an answer needs (more than 0.2 MB came)" in str(failure)
        assert server.sent < 20_000_000  # what lies in the kernel's buffers is not ours to limit


@pytest.mark.parametrize("header", [b"X-Pad: " + b"x" * 70_000 + b"\r\n", b"X-Pad: x\r\n" * 7_000])
def test_headers_without_an_end_are_not_read_to_it(header: bytes) -> None:
    def script(asked: bytes) -> Iterator[bytes]:
        yield HEAD
        yield from endless(header)

    with serving(script) as server:
        assert refused(None, server, deadline=30.0).status == 0
        assert server.sent < 20_000_000


def test_a_packed_answer_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    with serving(lambda asked: [whole(bomb, b"Content-Encoding: gzip")]) as server:
        assert "compressed, although" in str(refused(None, server))
        assert server.headers()["accept-encoding"] == "identity"


# ---- streams

STREAMS: dict[str, tuple[Script, str]] = {
    "drips": (lambda asked: (p for part in ([STREAM], drip(EVENT * 99)) for p in part), "within 1 s"),
    "slow": (lambda asked: (p for part in ([STREAM], endless(EVENT, 0.1)) for p in part), "within 1 s"),
    "keeps alive": (lambda asked: (p for part in ([STREAM], endless(b": wait\n\n", 0.1)) for p in part), "within 1 s"),
    "no end": (lambda asked: (p for part in ([STREAM], endless(EVENT * 50)) for p in part), "more than 0.2 MB"),
    "empty events": (
        lambda asked: (p for part in ([STREAM], endless(b'data: {"choices":[]}\n\n' * 99)) for p in part),
        "more than 0.2 MB",
    ),
    "one line": (lambda asked: (p for part in ([STREAM], endless(b"data: x" * 999)) for p in part), "more than 0.2 MB"),
}


@pytest.mark.parametrize(("script", "says"), STREAMS.values(), ids=STREAMS.keys())
def test_a_stream_has_the_same_deadline_and_size(script: Script, says: str) -> None:
    with serving(script) as server:
        options = {"deadline": 30.0} if "MB" in says else {}
        failure = refused(client(server, **options).stream(HI), server)
        assert failure.step == "stream"
        assert says in str(failure)
        assert server.hung_up.wait(SOON)  # nothing goes on in the background


@pytest.mark.parametrize("body", [b'{"choices":[' + b"{}," * 60_000 + b"{}]}", b"[" * 90_000 + b"]" * 90_000])
def test_an_answer_that_is_costly_to_read_counts_for_more_than_its_bytes(body: bytes) -> None:
    with serving(lambda asked: [whole(body)]) as server:
        assert "more than an answer needs" in str(refused(None, server, largest=1 << 20, deadline=30.0))


# ---- attempts


def test_the_deadline_is_that_of_all_attempts_together() -> None:
    busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
    with serving(lambda asked: [busy]) as server:
        failure = refused(None, server, retries=50, deadline=1.5)
        assert failure.status == 503
        assert len(server.heads) <= 2


def test_what_ran_out_of_time_is_not_asked_again() -> None:
    with serving(SLOW["body"]) as server:
        refused(None, server, retries=5)
        assert len(server.heads) == 1


# ---- stopping


def test_a_request_under_way_ends_when_nobody_wants_it() -> None:
    stopped = threading.Event()
    with serving(SLOW["nothing"]) as server:
        threading.Timer(0.3, stopped.set).start()
        started = time.monotonic()
        with interruptible(stopped.is_set), pytest.raises(Interrupted):
            client(server, deadline=60.0, retries=5).chat(HI)
        assert time.monotonic() - started < SOON
        assert len(server.heads) == 1


def test_so_does_a_pause_between_attempts() -> None:
    stopped = threading.Event()
    busy = b"HTTP/1.1 429 Busy\r\nRetry-After: 50\r\nContent-Length: 0\r\n\r\n"
    with serving(lambda asked: [busy]) as server:
        threading.Timer(0.3, stopped.set).start()
        started = time.monotonic()
        with interruptible(stopped.is_set), pytest.raises(Interrupted):
            client(server, deadline=60.0, retries=5).chat(HI)
        assert time.monotonic() - started < SOON


def test_a_pause_that_is_not_interrupted_ends_by_itself() -> None:
    with interruptible(lambda: False):
        pause(0.01)


# ---- one endpoint and no other


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with serving(lambda asked: [whole(ANSWER)]) as other:
        answer = f"HTTP/1.1 {status} Over there\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with serving(lambda asked: [answer]) as server:
            failure = refused(None, server)
            assert f"points to another address ({status}), which is not followed" in str(failure)
            assert [*client(server).listed] == []
        assert other.heads == []


def test_the_environment_adds_no_header_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda asked: [whole(ANSWER)]) as proxy, serving(lambda asked: [whole(ANSWER)]) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
        monkeypatch.setenv("OPENAI_PROJECT_ID", "project-secret")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Token: header-secret")
        monkeypatch.setenv("OPENAI_ADMIN_KEY", "admin-secret")
        assert client(server).chat(HI).text == "Hi."
        assert proxy.heads == []
        assert b"secret" not in server.heads[0]
        assert set(server.headers()) == {
            "host", "accept", "content-type", "content-length", "user-agent", "connection", "accept-encoding",
            "authorization",
        }  # fmt: skip


def test_a_client_asks_no_other_address_than_its_own() -> None:
    with serving(lambda asked: [whole(ANSWER)]) as other, serving(lambda asked: [whole(ANSWER)]) as server:
        one = client(server)
        one._openai.base_url = other.url
        with pytest.raises(RequestFailure):
            one.chat(HI)
        assert other.heads == []
