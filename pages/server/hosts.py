"""Which names the server answers to, and which sites may open a session.

A site that has its own name point here (DNS rebinding) is none of the first, and no other site is one of the second: a
program on another port of this machine neither, which to cookies and to Streamlit is the same site.
"""

from __future__ import annotations

import os

import streamlit as st
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import net_util

from engine import access

NO_ADDRESS = "unknown.invalid"


def host_check() -> Middleware:
    """Refuses other names with 400: of pages, uploads and WebSockets alike, where Streamlit's own looks at the last.

    Streamlit would ask a server elsewhere for this one's address when it starts. It is told that it knows.
    """
    net_util._external_ip = NO_ADDRESS
    return Middleware(
        TrustedHostMiddleware,
        allowed_hosts=allowed_hosts(st.get_option("server.address"), os.environ.get("NOISEFLOOR_HOSTS", "")),
        www_redirect=False,
    )


def allowed_hosts(listening: str | None, named: str) -> list[str]:
    """This machine's own names and those of the operator, which are separated by commas; any, if none are given and
    other machines may come."""
    given = [name.strip() for name in named.split(",") if name.strip()]
    if not given and not access.is_loopback(listening):
        return ["*"]
    return [*access.LOOPBACK_NAMES, *given]


def is_own_origin(headers: Headers) -> bool:
    """Whether a form was sent by a page of this server: by what the browser says of it, else by its Origin.

    A browser that says neither is too old to be told from another site's doing.
    """
    said = headers.get("sec-fetch-site")
    if said is not None:
        return said == "same-origin"
    return _is_of(headers.get("origin", ""), headers.get("host", ""))


def _is_of(origin: str, host: str) -> bool:
    return bool(host) and origin.lower().partition("://")[2] == host.lower()


class OwnOriginOnly:
    """Refuses a WebSocket that a page of another origin opens, unless the operator named it in Streamlit's settings.

    Streamlit refuses most of them too, but asks the network for this machine's own addresses first, and waits for it
    in the event loop: two seconds in which nobody is answered, for each attempt, where there is no way out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.named = {name.rstrip("/").lower() for name in st.get_option("server.corsAllowedOrigins")}
        if st.config.is_manually_set("browser.serverAddress"):
            self.named |= {f"{scheme}://{st.get_option('browser.serverAddress')}" for scheme in ("http", "https")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and st.get_option("server.enableCORS"):
            headers = Headers(scope=scope)
            origin = headers.get("origin", "")
            if origin and origin.lower() not in self.named and not _is_of(origin, headers.get("host", "")):
                await send({"type": "websocket.close", "code": 1008})
                return
        await self.app(scope, receive, send)
