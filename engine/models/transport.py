"""How bytes go to one endpoint and come back: to nobody else, within a time and a size, and no further than is wanted.

httpx hands every request to a `Transport`; below it is one socket class of our own, because only where bytes are waited
for can waiting end. An `Allowance` says how long and how much; it goes with the context of whoever asks, since a
connection outlives a request and threads share a client.

Proxies of the environment are not used: behind one it would be the proxy that connects, to whatever it takes a name
for. Nothing is unpacked: answers are asked for as they are, and one that is packed all the same is refused.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import httpcore2
import httpx2

from engine.models import interruption
from engine.models.address import origin
from engine.models.reach import resolve

T = TypeVar("T")
SENT_HEADERS = {b"host", b"accept", b"content-type", b"content-length", b"user-agent", b"connection"}
"""The openai package adds others from its environment, an organisation's name or a header with a secret in it."""
PIECE = 64  # bytes that a piece, an object or a list counts for beside its own: a megabyte of empty ones is much work
MOST_CONNECTIONS = 100
KEPT_CONNECTIONS, KEPT_SECONDS = 20, 5.0


class DeadlinePassed(httpx2.TimeoutException):
    """The whole answer was not there in time, whether or not some of it was."""


class TooLarge(httpx2.TransportError):
    """An answer goes on beyond what any answer needs."""


class Packed(httpx2.TransportError):
    """An answer is compressed although that was not asked for."""


class Allowance:
    """What an answer may take, all attempts at it together.

    seconds  from now until it has to be there
    size     bytes that may come, headers and framing included; what is costly to read counts for more
    """

    def __init__(self, seconds: float, size: int) -> None:
        self.seconds, self.size = seconds, size
        self._ends, self._left = time.monotonic() + seconds, size

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._ends - time.monotonic())

    def spend(self, size: int) -> None:
        """Counts bytes. Raises TooLarge."""
        self._left -= size
        if self._left < 0:
            raise TooLarge(f"more than {self.size / 1e6:.1f} MB came")

    def wait(self, attempt: Callable[[float], T], patience: float | None) -> T:
        """What `attempt` gives, tried for a moment at a time.

        attempt   waits as many seconds as it is given, and raises TimeoutError when that was in vain
        patience  seconds until this one wait is in vain; None for as long as all may take

        Raises:
            TimeoutException, DeadlinePassed, Interrupted: patience, time or interest are at an end.
        """
        ends = self._ends if patience is None else min(self._ends, time.monotonic() + patience)
        while True:
            interruption.check()
            left = ends - time.monotonic()
            if left <= 0:
                break
            try:
                return attempt(min(left, interruption.LOOK))
            except TimeoutError:
                pass
        if self.seconds_left <= 0:
            raise DeadlinePassed(f"no whole answer came within {self.seconds:g} s")
        raise httpx2.TimeoutException("timed out")


_allowance: ContextVar[Allowance] = ContextVar("allowance")


@contextmanager
def spending(allowance: Allowance) -> Iterator[Allowance]:
    """In the block, requests take their time and their bytes from this allowance."""
    token = _allowance.set(allowance)
    try:
        yield allowance
    finally:
        _allowance.reset(token)


def seconds_left() -> float:
    """Of the allowance in use."""
    return _allowance.get().seconds_left


class Transport(httpx2.BaseTransport):
    """Asks one endpoint, and refuses to ask another.

    url      its address
    key      what it is asked with; empty for none. No other part of the program puts it into a request
    trusted  whether the operator configured the address, see `engine.models.reach`
    """

    def __init__(self, url: str, key: str, *, trusted: bool) -> None:
        self._origin, self._key = origin(url), key
        secure = self._origin is not None and self._origin[0] == "https"
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context() if secure else None,  # takes its time
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=KEPT_CONNECTIONS,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=_Network(trusted=trusted),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises TransportError, and Interrupted."""
        url = request.url
        if self._origin is None or origin(f"{url.scheme}://{url.netloc.decode()}") != self._origin:
            raise httpx2.UnsupportedProtocol("this client asks one endpoint and no other")
        headers = [(name, value) for name, value in request.headers.raw if name.lower() in SENT_HEADERS]
        headers += [(b"Accept-Encoding", b"identity")]
        headers += [(b"Authorization", f"Bearer {self._key}".encode())] if self._key else []
        asked = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=headers,
            content=request.stream,
            extensions=request.extensions,
        )
        response = self._pool.handle_request(asked)
        answer = httpx2.Response(response.status, headers=response.headers, stream=_Body(response.stream))
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            answer.close()
            raise Packed("it is compressed, although that was not asked for")
        return answer

    def close(self) -> None:
        self._pool.close()

    def __del__(self) -> None:
        if hasattr(self, "_pool"):
            self.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            _allowance.get().spend(PIECE * (1 + piece.count(b"{") + piece.count(b"[")))
            yield piece

    def close(self) -> None:
        self._stream.close()


class _Network(httpcore2.NetworkBackend):
    """Connects to the number that was looked at, so a name cannot stand for another one a moment later."""

    def __init__(self, *, trusted: bool) -> None:
        self._trusted = trusted

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """See httpcore. Raises OSError, and what `Allowance.wait` raises.

        host, port                     where to
        timeout                        seconds for each number the host stands for
        local_address, socket_options  not used here
        """
        allowance, failure = _allowance.get(), OSError("it has no address")
        for number in resolve(host, port, trusted=self._trusted):
            interruption.check()
            patience = min(timeout or allowance.seconds, allowance.seconds_left)
            try:
                connected = socket.create_connection((number, port), max(patience, 1e-3))
            except OSError as error:
                failure = error
                continue
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _Stream(connected)
        raise httpx2.ConnectTimeout("timed out") if isinstance(failure, TimeoutError) else failure


class _Stream(httpcore2.NetworkStream):
    """A socket whose every wait is a part of the allowance."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        allowance = _allowance.get()
        data = allowance.wait(lambda seconds: self._patient(seconds).recv(max_bytes), timeout)
        allowance.spend(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = memoryview(buffer)

        def send(seconds: float) -> int:
            return self._patient(seconds).send(left)

        while left:
            left = left[_allowance.get().wait(send, timeout) :]

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """See httpcore.

        ssl_context      with what is trusted
        server_hostname  whose certificate it has to be
        timeout          seconds for the whole handshake
        """
        allowance = _allowance.get()
        self._socket.settimeout(max(min(timeout or allowance.seconds, allowance.seconds_left), 1e-3))
        try:
            return _Stream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname))
        except TimeoutError:
            self.close()
            raise httpx2.ConnectTimeout("timed out") from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object" and isinstance(self._socket, ssl.SSLSocket):
            return self._socket  # httpcore asks it which protocol was agreed on
        if info == "is_readable":
            return self._socket.fileno() < 0 or self._holds_something()
        return None

    def _holds_something(self) -> bool:
        look = select.poll()
        look.register(self._socket, select.POLLIN)
        return bool(look.poll(0))

    def _patient(self, seconds: float) -> socket.socket:
        self._socket.settimeout(seconds)
        return self._socket
