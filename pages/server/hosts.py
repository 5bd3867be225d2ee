"""Which names the server answers to. A site that has its own name point here (DNS rebinding) is none of them."""

from __future__ import annotations

import os

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from streamlit import net_util

from engine import access

NO_ADDRESS = "unknown.invalid"


def host_check() -> Middleware:
    """Refuses other names with 400: of pages, uploads and WebSockets alike, where Streamlit's own looks at the last.

    Streamlit would ask a server elsewhere for the address of this one, at the start and at every handshake from a
    foreign origin, while everybody waits. It is told that it knows.
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
