"""An OpenAI-compatible server on this machine that answers whatever a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from engine.models.client import Endpoint

KEY = "sk-not-for-any-message"
SHUT = {"Connection": "close"}


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer in one piece: JSON, or a text as it is. `wait`: seconds before it."""

    body: Any
    status: int = 200
    wait: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer in pieces. `ending`: its finish_reason, None for none. `cut`: the connection drops in mid-chunk."""

    pieces: tuple[Any, ...]
    ending: str | None = "stop"
    cut: bool = False
    wait: float = 0.0  # before the last piece


Answer = Said | Told
Says = Callable[[dict[str, Any]], Answer]


class StubServer:
    """Lists the model "m"; a chat is answered by `says(body)`. `asked` holds the bodies, oldest first."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.authorization = ""
        self.models = Said(body={"object": "list", "data": [{"id": "m"}]})
        self.says: Says = talkative()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                stub.authorization = self.headers["Authorization"]
                self.send(stub.models if self.path == "/v1/models" else Said(status=404, body="no such path"))

            def do_POST(self) -> None:
                stub.authorization = self.headers["Authorization"]
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stub.asked.append(body)
                known = self.path == "/v1/chat/completions"
                self.send(stub.says(body) if known else Said(status=404, body="no such path"))

            def send(self, answer: Answer) -> None:
                if isinstance(answer, Said):
                    time.sleep(answer.wait)
                    said = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
                    self.head(answer.status, "application/json", {"Content-Length": str(len(said.encode()))})
                    self.wfile.write(said.encode())
                else:
                    self.head(200, "text/event-stream", {"Transfer-Encoding": "chunked"})
                    self.tell(answer)

            def tell(self, answer: Told) -> None:
                events = [json.dumps(p) if is_error(p) else event({"content": p}) for p in answer.pieces]
                last = len(events) - 1
                if answer.ending:
                    events.append(event({}, answer.ending))
                events.append(json.dumps({"choices": [], "usage": {"total_tokens": 9}}))
                for number, data in enumerate(events[: last + 1] if answer.cut else [*events, "[DONE]"]):
                    time.sleep(answer.wait if number == last else 0)
                    line = f"data: {data}\n\n".encode()
                    self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
                    self.wfile.flush()
                if not answer.cut:
                    self.wfile.write(b"0\r\n\r\n")

            def head(self, status: int, kind: str, more: Mapping[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": kind, "Retry-After-Ms": "1", **SHUT, **more}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args: Any) -> None: ...

            def handle(self) -> None:
                try:
                    super().handle()
                except (BrokenPipeError, ConnectionResetError):  # a client that ran out of patience
                    self.close_connection = True

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(f"http://{self.host}/v1", "m", KEY, trusted=True)

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@contextmanager
def running() -> Iterator[StubServer]:
    stub = StubServer()
    try:
        yield stub
    finally:
        stub.stop()


def is_error(piece: Any) -> bool:
    """An event that servers send when they fail after their 200."""
    return isinstance(piece, dict) and "error" in piece


def event(delta: dict[str, Any], ending: str | None = None) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": ending}]})


def chat(text: Any, ending: str = "stop", **message: Any) -> Said:
    said = {"role": "assistant", "content": text} | message
    return Said(body={"choices": [{"index": 0, "message": said, "finish_reason": ending}]})


def refusal(status: int, words: str = "no") -> Said:
    return Said(status=status, body={"error": {"message": words}})


def mode_of(body: dict[str, Any]) -> str | None:
    """How a form is asked for; None: it is not."""
    kind = body.get("response_format", {}).get("type")
    if kind:
        return {"json_schema": "JSON_SCHEMA", "json_object": "JSON"}[kind]
    if body.get("tools"):
        return "TOOLS"
    asks = any("within a ```json codeblock" in (message["content"] or "") for message in body["messages"])
    return "MD_JSON" if asks else None


def filled(body: dict[str, Any], mode: str, form: Any) -> Said:
    """A form, handed over the way it was asked for. A text stands for itself, however broken."""
    text = form if isinstance(form, str) else json.dumps(form)
    if mode == "TOOLS":
        call = {"name": body["tools"][0]["function"]["name"], "arguments": text}
        return chat(None, "tool_calls", tool_calls=[{"id": "1", "type": "function", "function": call}])
    return chat(f"Here it is:\n```json\n{text}\n```" if mode == "MD_JSON" else text)


def talkative(words: tuple[str, ...] = ("Hel", "lo ", "you.")) -> Says:
    """A server that chats, and ignores every schema without a word."""

    def says(body: dict[str, Any]) -> Answer:
        return Told(pieces=words) if body.get("stream") else chat("".join(words))

    return says


def fills(modes: tuple[str, ...], form: Callable[[dict[str, Any]], Any], otherwise: Says | None = None) -> Says:
    """A server that chats, and fills in forms asked for in these modes; `otherwise` answers in the others."""

    def says(body: dict[str, Any]) -> Answer:
        mode = mode_of(body)
        if mode in modes:
            return filled(body, mode, form(body))
        return otherwise(body) if otherwise and mode else talkative()(body)

    return says


def balls(body: dict[str, Any]) -> dict[str, Any]:
    """The probe, answered rightly."""
    assert "3 red and 4 white" in json.dumps(body["messages"])
    return {"ticket": "k7-cobalt", "balls": 7}
