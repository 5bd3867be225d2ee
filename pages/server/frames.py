"""Whether another site may show these pages in a frame of its own, where a click meant for it would land on them."""

from __future__ import annotations

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine import access


class OwnFramesOnly:
    """Keeps other sites' frames out where whoever clicks may be the operator without having signed in.

    Elsewhere a course may embed the labs: in a frame of another site nobody is signed in, since no cookie gets there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.closed = access.is_loopback(st.get_option("server.address")) and not access.is_public()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("content-security-policy", "frame-ancestors 'self'")
            await send(message)

        await self.app(scope, receive, with_policy if self.closed else send)
