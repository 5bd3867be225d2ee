"""A session of Streamlit's is one browser's: who knows its id does not get it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient

from pages.server import DeviceCookie
from pages.server.device_cookie import operator_cookie
from pages.server.sessions import HEADER, OwnSessionsOnly


@pytest.fixture
def client() -> Iterator[TestClient]:
    async def page(request):
        return PlainTextResponse(request.headers.get(HEADER, "nothing"))

    async def talk(websocket):
        await websocket.accept()
        await websocket.send_json(websocket.headers.getlist(HEADER))
        await websocket.close()

    before = st.get_option("server.trustedUserHeaders")
    routes = [Route("/", page), WebSocketRoute("/stream", talk)]
    yield TestClient(Starlette(routes=routes, middleware=[Middleware(OwnSessionsOnly), Middleware(DeviceCookie)]))
    st.config.set_option("server.trustedUserHeaders", before)


def user(client: TestClient, **headers: str) -> str:
    """Who Streamlit is told it is."""
    client.cookies.clear()
    with client.websocket_connect("/stream", headers=headers) as line:
        (said,) = line.receive_json()
    return said


def new_cookie(client: TestClient) -> str:
    client.cookies.clear()
    return client.get("/", headers={"accept": "text/html"}).headers["set-cookie"].partition(";")[0]


def test_a_browser_is_the_same_one_again_and_no_other(client: TestClient) -> None:
    ann, eve = new_cookie(client), new_cookie(client)
    token = operator_cookie("secret", https=False).partition(";")[0]
    asked = [{"cookie": ann}, {"cookie": eve}, {"cookie": f"{ann}; {token}"}, {}, {"user-agent": "another"}]
    said = [user(client, **headers) for headers in asked]
    assert len({*said}) == len(asked)
    assert said == [user(client, **headers) for headers in asked]
    assert user(client, cookie=ann, **{"user-agent": "newer"}) == said[0]
    assert not any(secret in "".join(said) for secret in (ann.partition("=")[2], "secret"))


def test_without_a_cookie_a_browser_behind_a_proxy_is_told_by_what_the_proxy_says_last(client: TestClient) -> None:
    ann = user(client, **{"x-forwarded-for": "192.0.2.1"})
    assert ann != user(client, **{"x-forwarded-for": "192.0.2.1, 192.0.2.2"})  # whoever says it of themselves
    assert ann == user(client, **{"x-forwarded-for": "198.51.100.7, 192.0.2.1"})


def test_nobody_says_for_themselves_who_they_are(client: TestClient) -> None:
    ann = user(client, cookie=new_cookie(client))
    assert user(client, **{HEADER: ann}) == user(client) != ann
    assert user(client, **{HEADER.title(): ann}) == user(client)


def test_streamlit_is_told_to_look_and_other_headers_stay(client: TestClient) -> None:
    assert client.get("/").text == "nothing"
    assert st.get_option("server.trustedUserHeaders") == {HEADER: "browser"}
