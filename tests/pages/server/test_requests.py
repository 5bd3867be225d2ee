"""What a browser may send: what our pages need, and no more of it than a person can make."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg

from pages.server.requests import BURST, LONGEST_ADDRESS, MOST_FILES, BoundedRequests


def client() -> TestClient:
    """A server that counts what gets through, and is told so."""

    async def page(request: object) -> PlainTextResponse:
        return PlainTextResponse("here")

    async def count(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_bytes(await websocket.receive_bytes())
        except WebSocketDisconnect:
            pass

    routes = [Route("/{path:path}", page), WebSocketRoute("/stream", count)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(BoundedRequests, clock=lambda: 0.0)]))


def rerun(query: str = "") -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = query
    return message.SerializeToString()


def flag(name: str) -> bytes:
    message = BackMsg()
    setattr(message, name, True)
    return message.SerializeToString()


@pytest.mark.parametrize(
    "name", ["clear_cache", "load_git_info", "set_run_on_save", "debug_shutdown_runtime", "debug_disconnect_websocket"]
)
def test_what_no_page_needs_does_not_get_through(name: str) -> None:
    with client().websocket_connect("/stream") as socket:
        socket.send_bytes(flag(name))
        socket.send_bytes(rerun("after"))
        assert socket.receive_bytes() == rerun("after")


@pytest.mark.parametrize("name", ["stop_script", "app_heartbeat"])
def test_what_pages_need_gets_through(name: str) -> None:
    with client().websocket_connect("/stream") as socket:
        socket.send_bytes(flag(name))
        assert socket.receive_bytes() == flag(name)


def test_places_for_uploads_are_bounded() -> None:
    few, many = BackMsg(), BackMsg()
    few.file_urls_request.file_names.extend(["a.csv"] * MOST_FILES)
    many.file_urls_request.file_names.extend(["a.csv"] * (MOST_FILES + 1))
    with client().websocket_connect("/stream") as socket:
        socket.send_bytes(many.SerializeToString())
        socket.send_bytes(few.SerializeToString())
        assert socket.receive_bytes() == few.SerializeToString()


def test_who_sends_too_many_is_disconnected() -> None:
    with client().websocket_connect("/stream") as socket:
        for _ in range(int(BURST)):
            socket.send_bytes(rerun())
            socket.receive_bytes()
        socket.send_bytes(rerun())
        with pytest.raises(WebSocketDisconnect) as caught:
            socket.receive_bytes()
    assert caught.value.code == 1008


def test_an_address_without_an_end_is_not_looked_at() -> None:
    assert client().get("/" + "a/" * 100).text == "here"
    answer = client().get("/" + "a/" * LONGEST_ADDRESS)
    assert (answer.status_code, "8,000 bytes" in answer.text) == (414, True)
    assert client().get(f"/?q={'a' * LONGEST_ADDRESS}").status_code == 414


def test_what_streamlit_counts_is_not_told() -> None:
    for path in ("/_stcore/metrics", "/base/_stcore/script-health-check"):
        assert client().get(path).status_code == 404
