"""Operator sign-in: the start-up code gives a secret of its own, and nothing that was there before is one."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.testclient import TestClient

from engine import access
from pages.server import ROUTES, DeviceCookie, operator_token_in
from pages.server.sign_in import sign_in

CODE = "a code of many letters"
PAGE = {"accept": "text/html"}
OWN = {"origin": "http://server", "host": "server"}


@pytest.fixture(autouse=True)
def code(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NOISEFLOOR_OPERATOR_CODE", CODE)
    monkeypatch.setenv("NOISEFLOOR_PUBLIC", "1")
    access.operator_sign_in.cache_clear()
    yield
    access.operator_sign_in.cache_clear()


@pytest.fixture
def app() -> Starlette:
    return Starlette(routes=ROUTES, middleware=[Middleware(DeviceCookie)])


@pytest.fixture
def browser(app: Starlette) -> TestClient:
    """One that has opened the page, and keeps cookies as browsers do."""
    client = TestClient(app, base_url="http://server", follow_redirects=False)
    client.get("/sign-in", headers=PAGE)
    return client


def enter(browser: TestClient, code: str = CODE, **headers: str) -> Any:
    given = OWN | {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.post(
        "/sign-in", data={"code": code}, headers={name: value for name, value in given.items() if value}
    )


def is_operator(cookies: dict[str, str]) -> bool:
    return access.operator_sign_in().holds(operator_token_in(cookies))


def told(page: str) -> str:
    return re.sub("<style>.*?</style>|<[^>]*>", "", page, flags=re.DOTALL)


def test_the_code_leads_to_the_operators_page_with_a_cookie_of_its_own(browser: TestClient) -> None:
    before = dict(browser.cookies)
    answer = enter(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "./operator")
    ((name, cookie),) = SimpleCookie(answer.headers["set-cookie"]).items()
    assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["path"] == "/" and not cookie["secure"]
    assert name not in before and len(cookie.value) >= 43
    assert is_operator(dict(browser.cookies))
    assert "signed in" in told(browser.get("/sign-in", headers=PAGE).text)


def test_whoever_knew_the_browsers_cookies_before_is_nobody_after(browser: TestClient) -> None:
    """Session fixation: they may have planted them."""
    planted = dict(browser.cookies)
    enter(browser)
    assert not is_operator(planted)
    old = dict(browser.cookies)
    enter(browser)  # and again: the secret is a new one, and the old one is over
    assert is_operator(dict(browser.cookies)) and not is_operator(old)


def test_with_https_the_cookie_is_bound_to_this_host_and_to_https(browser: TestClient) -> None:
    cookie = enter(browser, x_forwarded_proto="https").headers["set-cookie"]
    assert cookie.startswith("__Host-") and cookie.endswith("; Secure")
    assert is_operator({name: each.value for name, each in SimpleCookie(cookie).items()})


def test_a_wrong_code_signs_nobody_in_and_the_sixth_is_not_looked_at(browser: TestClient) -> None:
    for wrong in (CODE[:-1], "", CODE + "x", CODE.upper(), "é\udcff".encode(errors="replace").decode()):
        answer = enter(browser, wrong)
        assert answer.status_code == 403 and "not the code" in told(answer.text) and "set-cookie" not in answer.headers
    answer = enter(browser)
    assert answer.status_code == 429 and "Too many wrong codes" in told(answer.text)
    assert not is_operator(dict(browser.cookies)) and CODE not in answer.text


def test_another_browsers_tries_are_its_own(app: Starlette, browser: TestClient) -> None:
    for _ in range(6):
        enter(browser, "wrong")
    other = TestClient(app, base_url="http://server", follow_redirects=False)
    other.get("/sign-in", headers=PAGE)
    assert enter(other).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://server:9999"},
        {"origin": "http://server.evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "", "host": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": ""} | {"origin": "http://"},
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_form_of_another_site_is_not_looked_at(browser: TestClient, headers: dict[str, str], path: str) -> None:
    if path == "/sign-out":
        enter(browser)
    given = OWN | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = browser.post(path, data={"code": CODE}, headers={name: each for name, each in given.items() if each})
    assert answer.status_code == 403 and "Another site" in told(answer.text)
    assert is_operator(dict(browser.cookies)) == (path == "/sign-out")


def test_a_proxy_may_change_the_host_where_the_browser_vouches_for_the_form(browser: TestClient) -> None:
    assert enter(browser, origin="https://public.example", sec_fetch_site="same-origin").status_code == 303


def test_a_browser_without_cookies_is_told_so(app: Starlette) -> None:
    answer = enter(TestClient(app, base_url="http://server", follow_redirects=False))
    assert answer.status_code == 403 and "needs cookies" in told(answer.text)


def test_a_form_without_an_end_is_not_read_to_it(browser: TestClient) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = [(name.encode(), value.encode()) for name, value in (OWN | {"cookie": cookie}).items()]
    parts = iter(range(100))

    async def endless() -> dict[str, Any]:
        next(parts)
        return {"type": "http.request", "body": b"code=" + b"x" * 1_000, "more_body": True}

    answer = anyio.run(sign_in, Request({"type": "http", "method": "POST", "headers": headers}, endless))
    assert answer.status_code == 413 and "more than any" in told(answer.body.decode())
    assert next(parts) < 5


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"code", b"code=%", b"&&&=&", b"a=1&" * 400, b"code=%00%ff"])
def test_a_form_that_is_none_is_a_wrong_code(browser: TestClient, body: bytes) -> None:
    answer = browser.post("/sign-in", content=body, headers=OWN)
    assert answer.status_code == 403 and "not the code" in told(answer.text)


def test_whoever_leaves_in_the_middle_of_a_form_is_no_trouble_to_the_log(browser: TestClient) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = [(name.encode(), value.encode()) for name, value in (OWN | {"cookie": cookie}).items()]

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "method": "POST", "headers": headers}, gone)
    assert anyio.run(sign_in, request).status_code == 413


def test_signing_out_deletes_both_sides(browser: TestClient) -> None:
    enter(browser)
    signed_in = dict(browser.cookies)
    answer = browser.post("/sign-out", headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    assert operator_token_in(dict(browser.cookies)) is None
    assert not is_operator(signed_in)  # a copy of the cookie is worth nothing either
    assert browser.get("/sign-out", headers=OWN).status_code == 405


def test_nothing_of_it_is_kept_framed_or_run(browser: TestClient) -> None:
    for answer in (browser.get("/sign-in", headers=PAGE), enter(browser, "<script>alert(1)</script>")):
        policy = answer.headers["content-security-policy"]
        (style,) = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'sha256-{digest}'" in policy
        assert "frame-ancestors 'none'" in policy and "form-action 'self'" in policy and "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text and "style=" not in answer.text


def test_whoever_sits_at_the_server_has_nothing_to_sign_in_to(
    browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "sits_at_the_server", lambda **_: True)
    assert "nothing to sign in to" in told(browser.get("/sign-in", headers=PAGE).text)
