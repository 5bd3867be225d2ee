"""Servers that mean no good: slow, endless, packed, elsewhere. Each meets its limit, and the caller a sentence."""

from __future__ import annotations

import gzip
import json
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.models.client import Endpoint, OpenAIClient, Reply, RequestFailure
from engine.models.interruption import Interrupted, interruptible, pause
from tests.raw_server import HEAD, STREAM, RawServer, Script, drip, endless, serving, whole

HI = [{"role": "user", "content": "Hi"}]


class Colour(BaseModel):
    name: str


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
        assert client(server, deadline=30.0).chat(HI).text == "Hi."


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
        assert client(server, deadline=30.0).chat(HI).text == "Hi."
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


# ---- over TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that nobody trusts of themselves, with its key, in one file."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("no openssl here to make a certificate with")
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(file), "-out", f"{file}.crt"]
    subprocess.run(made, check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


def over_tls(server: RawServer, certificate: Path) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.secure = context
    return server.url.replace("http://127.0.0.1", "https://localhost")


def test_over_tls_it_is_the_name_that_is_certified(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(lambda asked: [whole(ANSWER)]) as server:
        url = over_tls(server, certificate)
        assert OpenAIClient(Endpoint(url, "m", KEY), retries=0).chat(HI).text == "Hi."
        other = url.replace("localhost", "127.0.0.1")  # the same machine, by a name the certificate does not have
        with pytest.raises(RequestFailure):
            OpenAIClient(Endpoint(other, "m", KEY), retries=0).chat(HI)
        assert len(server.heads) == 1


def test_a_certificate_that_nobody_trusts_gets_no_key(certificate: Path) -> None:
    with serving(lambda asked: [whole(ANSWER)]) as server:
        with pytest.raises(RequestFailure):
            OpenAIClient(Endpoint(over_tls(server, certificate), "m", KEY), retries=0).chat(HI)
        assert server.heads == []


def test_the_limits_hold_over_tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(SLOW["body"]) as server:
        url = over_tls(server, certificate)
        with pytest.raises(RequestFailure, match="within 1 s"):
            OpenAIClient(Endpoint(url, "m", trusted=True), retries=0, deadline=PATIENCE).chat(HI)
    with serving(ENDLESS["body"]) as server:
        url = over_tls(server, certificate)
        with pytest.raises(RequestFailure, match=r"more than 0\.2 MB"):
            OpenAIClient(Endpoint(url, "m", trusted=True), retries=0, largest=200_000).chat(HI)


def test_a_handshake_that_never_comes_is_given_up() -> None:
    with serving(lambda asked: []) as server:
        url = server.url.replace("http", "https")
        started = time.monotonic()
        with pytest.raises(RequestFailure, match="timed out"):
            OpenAIClient(Endpoint(url, "m", trusted=True), retries=0, connect=0.5).chat(HI)
        assert time.monotonic() - started < SOON


# ---- connections that are kept


def test_a_connection_is_kept_and_one_that_was_hung_up_is_made_anew() -> None:
    answer = whole(ANSWER).replace(b"Connection: close\r\n", b"")
    with serving(lambda asked: [answer], requests=3) as server:
        one = client(server, deadline=30.0, retries=1)
        assert [one.chat(HI).text for _ in range(7)] == ["Hi."] * 7
        assert (server.tries, len(server.heads)) == (3, 7)


# ---- whatever it says

FIELDS = st.sampled_from(
    ("choices", "message", "delta", "content", "usage", "total_tokens", "finish_reason", "data", "error", "logprobs",
     "token_logprobs", "completion_tokens", "text", "id", "param", "refusal", "name")
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=12,
)
CHOICES = st.fixed_dictionaries(
    {
        "choices": st.lists(
            st.fixed_dictionaries(
                {"message": JSON, "delta": JSON, "text": JSON, "logprobs": JSON, "finish_reason": JSON}
            )
            | st.fixed_dictionaries({"message": st.fixed_dictionaries({"content": JSON, "refusal": JSON})}),
            max_size=2,
        ),
        "usage": JSON,
        "error": JSON,
    }
)
BODIES = st.binary(max_size=300) | st.one_of(JSON, CHOICES).map(lambda said: json.dumps(said).encode())
HEADS = st.sampled_from(
    (HEAD, STREAM.removesuffix(b"\r\n"), HEAD.replace(b"200 OK", b"400 No"), b"", b"HTTP/1.1 \xff\r\n")
)


@given(HEADS, BODIES, st.sampled_from(("chat", "stream", "structured", "logprobs", "models")))
@settings(max_examples=100)
def test_whatever_a_server_says_is_an_answer_or_a_failure(head: bytes, body: bytes, what: str) -> None:
    piece = b"data: " + body + b"\n\n" if head.startswith(STREAM[:40]) else body
    with serving(lambda asked: [head + b"\r\n" + piece]) as server:
        one = client(server, deadline=5.0)
        ask = {
            "chat": lambda: one.chat(HI),
            "stream": lambda: list(one.stream(HI)),
            "structured": lambda: one.structured(Colour, HI, "JSON", reasks=0),
            "logprobs": lambda: one.token_logprobs("Hi"),
            "models": one.list_models,
        }[what]
        try:
            answer = ask()
        except RequestFailure as failure:
            answer = str(failure)
        assert KEY not in repr(answer)
        if isinstance(answer, Reply):
            assert answer.text is None or isinstance(answer.text, str)
            assert 0 <= answer.tokens <= 10_000_000
            assert answer.finish_reason is None or isinstance(answer.finish_reason, str)
