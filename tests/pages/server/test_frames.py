"""Which other sites may show these pages in a frame."""

from __future__ import annotations

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.server import OwnFramesOnly


def policy() -> str:
    async def page(request: object) -> PlainTextResponse:
        return PlainTextResponse("here")

    app = Starlette(routes=[Route("/", page)], middleware=[Middleware(OwnFramesOnly)])
    return TestClient(app).get("/").headers["content-security-policy"]


def test_none_unless_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed before: a public server could be framed by every page of its own domain, cookies included."""
    monkeypatch.delenv("NOISEFLOOR_FRAMES", raising=False)
    assert policy() == "frame-ancestors 'self'"
    monkeypatch.setenv("NOISEFLOOR_FRAMES", "https://course.example.org, http://127.0.0.1:8000")
    assert policy() == "frame-ancestors 'self' https://course.example.org http://127.0.0.1:8000"


@pytest.mark.parametrize("name", ["*", "https://a;script-src", "course.example.org", "https://", "https:///x"])
def test_what_is_no_site_lets_nobody_in(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_FRAMES", name)
    assert policy() == "frame-ancestors 'self'"


def test_no_page_around_ours_may_command_it() -> None:
    """Streamlit lets pages of its own host do so, and those are anybody's: one took a visitor's uploads."""
    assert st.get_option("client.allowedOrigins") == []
