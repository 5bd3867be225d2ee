"""Who a session's person is: what its connection says now, and not what the session once was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from engine import access
from pages.server import DeviceCookie
from pages.server.device_cookie import operator_cookie
from pages.shared import person

HERE = {"Host": "localhost:8501", "Origin": "http://localhost:8501", "User-Agent": "Mozilla/5.0"}
AWAY = HERE | {"X-Forwarded-For": "192.0.2.7"}


@dataclass(slots=True)
class Line:
    """A browser's connection, as Streamlit knows it."""

    cookies: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=lambda: dict(AWAY))
    remote_ip: str = "127.0.0.1"

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [*self.given.items()]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Line | None]]:
    """The line of the session that runs is the last one; None while it is broken."""
    monkeypatch.setenv("NOISEFLOOR_OPERATOR_CODE", "a code of many letters")
    access.operator_sign_in.cache_clear()
    given: list[Line | None] = []
    monkeypatch.setattr("streamlit.runtime.context._get_client_context", lambda: given[-1])
    monkeypatch.setattr(
        person.st,
        "get_option",
        lambda name, get=person.st.get_option: "127.0.0.1" if name == "server.address" else get(name),
    )
    yield given
    access.operator_sign_in.cache_clear()


def script() -> None:
    import streamlit as st

    from pages.shared import person

    device = person.device()
    st.text(f"{device} {person.is_operator()} {person.is_remembered()} {st.session_state.get('kept')}")
    st.session_state.setdefault("kept", device)


def run(app: AppTest) -> list[str]:
    app.run()
    assert not app.exception
    return app.text[0].value.split()


def new_cookie() -> dict[str, str]:
    client = TestClient(Starlette(middleware=[Middleware(DeviceCookie)]))
    client.get("/", headers={"accept": "text/html"})
    return dict(client.cookies)


def signed_in() -> dict[str, str]:
    token = access.operator_sign_in().sign_in("d:x", "a code of many letters")
    name, _, value = operator_cookie(token, https=False).partition(";")[0].partition("=")
    return {name: value}


def test_a_session_is_the_same_persons_while_its_connection_says_the_same(lines: list[Line | None]) -> None:
    app, cookie = AppTest.from_function(script), new_cookie()
    lines.append(Line(cookie))
    device, *who = run(app)
    assert who == ["False", "True", "None"]
    lines.append(Line(cookie, AWAY | {"User-Agent": "newer"}))
    assert run(app) == [device, "False", "True", device]
    lines.append(None)  # a line that breaks for a moment
    assert run(app) == [device, "False", "True", device]


@pytest.mark.parametrize("other", [dict, new_cookie])
def test_whoever_comes_into_a_session_with_another_cookie_finds_nothing_of_it(lines: list[Line | None], other) -> None:
    """Its id stands in addresses of uploads, and so in the logs of a proxy."""
    app = AppTest.from_function(script)
    lines.append(Line(new_cookie() | signed_in()))
    device, *who = run(app)
    assert who == ["True", "True", "None"]
    lines.append(Line(other()))
    stranger, operator, _, kept = run(app)
    assert stranger != device and (operator, kept) == ("False", "None")


def test_the_operators_secret_has_to_be_there_each_time(lines: list[Line | None]) -> None:
    app, cookie, secret = AppTest.from_function(script), new_cookie(), signed_in()
    lines.append(Line(cookie | secret))
    device, operator, *_ = run(app)
    assert operator == "True"
    lines.append(Line(cookie))  # who planted the cookie of the device
    assert run(app) == [device, "False", "True", "None"]


def test_signing_out_counts_in_tabs_that_are_open(lines: list[Line | None]) -> None:
    app, secret = AppTest.from_function(script), signed_in()
    lines.append(Line(new_cookie() | secret))
    assert run(app)[1] == "True"
    access.operator_sign_in().sign_out(*secret.values())
    _, operator, _, kept = run(app)
    assert (operator, kept) == ("False", "None")


def test_who_sits_at_the_server_is_found_out_each_time(lines: list[Line | None]) -> None:
    app, cookie = AppTest.from_function(script), new_cookie()
    lines.append(Line(cookie, HERE))
    assert run(app)[1] == "True"
    for given in (AWAY, HERE | {"Origin": "http://localhost:9999"}, HERE | {"CF-Connecting-IP": "192.0.2.7"}):
        lines.append(Line(cookie, given))
        assert run(app)[1] == "False", given


def test_without_a_cookie_the_session_is_all_there_is(lines: list[Line | None]) -> None:
    app = AppTest.from_function(script)
    lines.append(Line())
    device, *who = run(app)
    assert who == ["False", "False", "None"]
    assert run(app) == [device, "False", "False", device]
    assert run(AppTest.from_function(script))[0] != device


def test_a_session_without_a_connection_is_nobodys(lines: list[Line | None]) -> None:
    lines.append(None)
    assert run(AppTest.from_function(script))[1:] == ["False", "False", "None"]
