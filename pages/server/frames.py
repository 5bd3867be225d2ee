"""Whether another site may show these pages in a frame of its own, where a click meant for it would land on them."""

from __future__ import annotations

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine import access
from pages.server.device_cookie import operator_token_in


class OwnFramesOnly:
    """Keeps others' frames out where whoever clicks may be the operator, without having signed in or after it.

    Elsewhere a course may embed the labs: in a frame of another site nobody is signed in, since no cookie gets there.
    To a neighbour in the same domain, or on another port, cookies do get: a browser that is signed in shows no frame.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.closed = access.is_loopback(st.get_option("server.address")) and not access.is_public()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cookies = cookie_parser(Headers(raw=scope.get("headers", [])).get("cookie", ""))
        closed = self.closed or operator_token_in(cookies) is not None

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("content-security-policy", "frame-ancestors 'self'")
            await send(message)

        await self.app(scope, receive, with_policy if closed else send)
