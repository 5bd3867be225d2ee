"""A server on this machine that says whatever bytes a test has it say, as slowly as it likes."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Script = Callable[[bytes], Iterable[bytes]]
"""From a request (its head and body) to the pieces of the answer; a generator may sleep between them."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@dataclass
class RawServer:
    """`heads` holds what came, `sent` counts what went out; a client that hangs up ends an answer."""

    script: Script
    heads: list[bytes] = field(default_factory=list)
    sent: int = 0
    hung_up: threading.Event = field(default_factory=threading.Event)
    tries: int = 0
    listening: socket.socket | None = None
    requests: int = 1
    secure: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self.listening = self.listening or socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                self.tries += 1
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, plain: socket.socket) -> None:
        with suppress(ssl.SSLError), plain, self._secured(plain) as connection:
            try:
                for _ in range(self.requests):
                    request = self._request(connection)
                    if not request:
                        return
                    self.heads.append(request)
                    for piece in self.script(request):
                        connection.sendall(piece)
                        self.sent += len(piece)
            except OSError:
                self.hung_up.set()

    def _secured(self, plain: socket.socket) -> socket.socket:
        return self.secure.wrap_socket(plain, server_side=True) if self.secure else plain

    def _request(self, connection: socket.socket) -> bytes:
        connection.settimeout(30)
        held = b""
        while b"\r\n\r\n" not in held:
            if not (data := connection.recv(65536)):
                return held
            held += data
        head, _, body = held.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        while lengths and len(body) < int(lengths[0].split(b":")[1]):
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def headers(self, number: int = -1) -> dict[str, str]:
        """Of a request, by their names in small letters."""
        lines = self.heads[number].partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def stop(self) -> None:
        self.listening.close()


@contextmanager
def serving(script: Script, listening: socket.socket | None = None, *, requests: int = 1) -> Iterator[RawServer]:
    """A server for the length of a block.

    script     what it says to each request
    listening  where; at a free port of this machine unless it is given
    requests   that it answers over one connection
    """
    server = RawServer(script, listening=listening, requests=requests)
    try:
        yield server
    finally:
        server.stop()


def whole(body: bytes, *more: bytes) -> bytes:
    """An answer in one piece."""
    extra = b"".join(line + b"\r\n" for line in more)
    return HEAD + extra + b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body


def drip(data: bytes, every: float = 0.05) -> Iterator[bytes]:
    """A byte at a time."""
    for byte in data:
        yield bytes((byte,))
        time.sleep(every)


def endless(piece: bytes, every: float = 0.0) -> Iterator[bytes]:
    while True:
        yield piece
        time.sleep(every)
