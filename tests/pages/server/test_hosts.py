"""Which names the server answers to, of pages and of WebSockets alike."""

from __future__ import annotations

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from pages.server.hosts import OwnOriginOnly, allowed_hosts

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize(
    ("listening", "named", "allowed"),
    [
        ("127.0.0.1", "", LOOPBACK),
        ("localhost", " , ", LOOPBACK),
        ("::1", "", LOOPBACK),
        ("127.0.0.1", "noise.example.org", [*LOOPBACK, "noise.example.org"]),
        ("0.0.0.0", "noise.example.org, *.example.net", [*LOOPBACK, "noise.example.org", "*.example.net"]),
        ("0.0.0.0", "", ["*"]),
        (None, "", ["*"]),
    ],
)
def test_who_is_answered(listening: str | None, named: str, allowed: list[str]) -> None:
    assert allowed_hosts(listening, named) == allowed


@pytest.fixture
def client() -> TestClient:
    async def page(request):
        return PlainTextResponse("here")

    async def talk(websocket):
        await websocket.accept()
        await websocket.close()

    check = Middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts("127.0.0.1", ""), www_redirect=False)
    routes = [Route("/", page, methods=["GET", "POST"]), WebSocketRoute("/stream", talk)]
    return TestClient(Starlette(routes=routes, middleware=[check]))


@pytest.mark.parametrize("host", ["localhost:8501", "LOCALHOST", "127.0.0.1:8501", "[::1]:8501"])
def test_this_machines_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200
    with client.websocket_connect("/stream", headers={"host": host}):
        pass


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "localhost.evil.example", "0.0.0.0:8501", "a b", ""]
)
def test_others_are_refused(client: TestClient, host: str) -> None:
    for method in ("GET", "POST"):
        assert client.request(method, "/", headers={"host": host}).status_code == 400
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect("/stream", headers={"host": host}):
        pass
    assert refused.value.status_code == 400


def opens(client: TestClient, origin: str | None, host: str = "localhost:8501") -> bool:
    try:
        with client.websocket_connect("/stream", headers={"host": host} | ({"origin": origin} if origin else {})):
            return True
    except WebSocketDisconnect:
        return False


def test_no_other_site_opens_a_session(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("streamlit.net_util.get_external_ip", lambda: asked.append("network"))
    checked = TestClient(OwnOriginOnly(client.app))
    assert opens(checked, "http://localhost:8501") and opens(checked, "https://LOCALHOST:8501")
    assert opens(checked, None)  # no browser
    for origin in (
        "http://evil.example",
        "http://localhost:9999",
        "http://localhost",
        "null",
        "http://[",
        "http://localhost:8501.evil",
    ):
        assert not opens(checked, origin), origin
    assert checked.get("/", headers={"origin": "http://evil.example", "host": "localhost"}).status_code == 200
    assert asked == []


def test_an_origin_that_the_operator_named_does(client: TestClient) -> None:
    before = st.get_option("server.corsAllowedOrigins")
    st.config.set_option("server.corsAllowedOrigins", ["https://course.example.org/"])
    try:
        checked = TestClient(OwnOriginOnly(client.app))
    finally:
        st.config.set_option("server.corsAllowedOrigins", before)
    assert opens(checked, "https://course.example.org")
    assert not opens(checked, "https://course.example.org.evil")
