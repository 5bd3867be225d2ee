"""Who may show these pages in a frame: nobody, where a click may be the operator's."""

from __future__ import annotations

import pytest
import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from pages.server import OwnFramesOnly
from pages.server.device_cookie import operator_cookie


@pytest.mark.parametrize(("listening", "public", "closed"), [
    ("127.0.0.1", "", True), ("127.0.0.1", "1", False), ("0.0.0.0", "", False), ("", "", False),
])  # fmt: skip
@pytest.mark.parametrize("signed_in", [True, False])
def test_frames(listening: str, public: str, closed: bool, signed_in: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A neighbour in the same domain gets every cookie sent along with its frame."""
    monkeypatch.setenv("NOISEFLOOR_PUBLIC", public)
    monkeypatch.setattr(st, "get_option", lambda name: listening)
    client = TestClient(OwnFramesOnly(PlainTextResponse("here")))
    cookie = {"cookie": operator_cookie("secret", https=False).partition(";")[0]} if signed_in else {}
    policy = client.get("/", headers=cookie).headers.get("content-security-policy")
    assert policy == ("frame-ancestors 'self'" if closed or signed_in else None)
