"""Whose session of Streamlit's it is that a browser comes back to when its line was broken.

The id of a session stands in the addresses of its uploads, and so in the logs of a proxy. Whoever names it gets the
session, unless Streamlit was told of another user: here each browser is one.
"""

from __future__ import annotations

import hashlib

import streamlit as st
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.server.device_cookie import operator_token_in, token_in

HEADER = "noisefloor-browser"


class OwnSessionsOnly:
    """Tells Streamlit which browser opens a WebSocket: by its cookies, else by its address and what it calls itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        named = st.get_option("server.trustedUserHeaders") or {}
        st.config.set_option("server.trustedUserHeaders", {**named, HEADER: "browser"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            others = [(name, value) for name, value in scope["headers"] if name.lower() != HEADER.encode()]
            scope = {**scope, "headers": [*others, (HEADER.encode(), _browser(scope).encode())]}
        await self.app(scope, receive, send)


def _browser(scope: Scope) -> str:
    headers = Headers(raw=scope["headers"])
    cookies = cookie_parser(headers.get("cookie", ""))
    known = token_in(cookies), operator_token_in(cookies)
    forwarded = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()  # the last is the proxy's own word
    address = (scope.get("client") or ("",))[0]
    told = known if any(known) else (address, forwarded, headers.get("user-agent", ""))
    return hashlib.sha256(repr(told).encode()).hexdigest()
