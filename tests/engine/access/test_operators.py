"""Who is the operator: in doubt, nobody."""

from __future__ import annotations

import pytest

from engine import access
from engine.access.operators import OperatorSignIn
from engine.access.tries import WrongTries
from engine.errors import CallerMistake, NotAllowed

HERE = {"Host": "127.0.0.1:8501", "Origin": "http://127.0.0.1:8501"}


def sits(listening="127.0.0.1", public=False, headers=HERE, client="127.0.0.1"):
    return access.sits_at_the_server(listening=listening, public=public, headers=headers, client=client)


@pytest.mark.parametrize("listening", ["127.0.0.1", "localhost", "::1"])
@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "localhost", "[::1]:8501"])
def test_whoever_sits_at_the_machine_of_a_closed_server_is_its_operator(listening: str, host: str):
    assert sits(listening, headers={"host": host, "origin": f"http://{host}"})
    assert sits(listening, headers={"HOST": host}, client="::1")


@pytest.mark.parametrize("listening", [None, "", "0.0.0.0", "::", "192.168.1.7", "example.org"])
def test_nobody_is_on_a_server_that_answers_other_machines(listening: str | None):
    assert not sits(listening)


def test_nobody_is_on_a_public_server():
    assert not sits(public=True)


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For",
        "x-forwarded-proto",
        "X-Forwarded-Anything",
        "X_Forwarded_For",
        "Forwarded",
        "Via",
        "X-Real-IP",
        "CF-Connecting-IP",
        "CF-Ray",
        "True-Client-IP",
        "X-Client-IP",
        "Fly-Client-IP",
        "Fastly-Client-IP",
        "Client-IP",
        "Remote-Addr",
        "WL-Proxy-Client-IP",
        "Ali-CDN-Real-IP",
        "CDN-Loop",
        "CloudFront-Viewer-Address",
        "Akamai-Origin-Hop",
        "X-Envoy-External-Address",
        "X-Original-Host",
        "X-Request-Id",
        "X-Nobody-Has-Heard-Of",
        "traceparent",
    ],
)
def test_nobody_is_behind_a_proxy(header: str):
    assert not sits(headers=HERE | {header: "127.0.0.1"})


def test_what_a_browser_sends_along_with_a_websocket_is_no_proxys():
    """As Chromium, Firefox and Safari do it."""
    names = """Host Connection Pragma Cache-Control User-Agent Upgrade Origin Accept Accept-Encoding Accept-Language
    Cookie DNT Priority Authorization Save-Data Referer Sec-WebSocket-Key Sec-WebSocket-Version Sec-WebSocket-Protocol
    Sec-WebSocket-Extensions Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-Storage-Access Sec-GPC Sec-CH-UA
    Sec-CH-UA-Mobile Sec-CH-UA-Platform Upgrade-Insecure-Requests If-None-Match If-Modified-Since Keep-Alive"""
    assert sits(headers=dict.fromkeys(names.split(), "1") | HERE)


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:9999",
        "http://127.0.0.1:9999",
        "http://localhost:8501",
        "https://127.9.9.9:1",
        "http://127.0.0.1",
    ],
)
def test_a_page_of_another_program_on_this_machine_is_no_operator(origin: str):
    assert not sits(headers=HERE | {"Origin": origin})


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "0.0.0.0:8501",
        "",
        "127.0.0.1@evil",
        "[",
        "2130706433",
    ],
)
def test_a_site_that_has_its_own_name_point_here_is_no_operator(host: str):
    assert not sits(headers={"Host": host})
    assert not sits(headers={"Host": "localhost", "Origin": f"http://{host}"})


def test_without_a_host_or_from_elsewhere_nobody_is():
    assert not sits(headers={})
    assert not sits(client="192.168.1.9")
    assert not sits(client=None)
    assert not sits(headers={"Host": "localhost", "Origin": "null"})
    assert not sits(headers={"Host": "localhost:8501", "Origin": "http://localhost:9999"})  # another program's page


@pytest.mark.parametrize(("given", "public"), [("1", True), ("yes", True), ("0", False), ("", False), (" ", False)])
def test_public_is_said_by_the_environment(given: str, public: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NOISEFLOOR_PUBLIC", given)
    assert access.is_public() == public


# ------------------------------------------------------------------ the start-up code


def test_the_code_gives_a_new_secret_and_nothing_else_is_one():
    sign_in = OperatorSignIn(code="right horse battery")
    assert sign_in.sign_in("d:a", "wrong") is None
    assert sign_in.sign_in("d:a", "") is None
    first, second = (sign_in.sign_in("d:a", code) for code in (" right horse battery\n", "right horse battery"))
    assert first and second and first != second and len(first) >= 43
    assert sign_in.holds(first) and sign_in.holds(second)
    for other in ("d:a", "", None, first[:-1], "right horse battery", "\udc80"):
        assert not sign_in.holds(other)
    assert first not in repr(sign_in)


def test_signing_out_ends_it_for_one_and_not_for_others():
    sign_in = OperatorSignIn(code="right horse battery")
    phone, desk = (sign_in.sign_in(device, "right horse battery") for device in ("d:a", "d:b"))
    for token in (phone, phone, None, "made up"):
        sign_in.sign_out(token)
    assert not sign_in.holds(phone) and sign_in.holds(desk)


def test_tries_end_for_one_and_come_back_after_an_hour():
    now = [0.0]
    sign_in = OperatorSignIn(code="right horse battery", tries=WrongTries(each=5, clock=lambda: now[0]))
    for _ in range(5):
        sign_in.sign_in("d:a", "wrong")
    with pytest.raises(NotAllowed, match="Wait an hour"):
        sign_in.sign_in("d:a", "right horse battery")
    now[0] = 3601.0
    assert sign_in.sign_in("d:a", "right horse battery")


def test_strangers_who_try_without_end_keep_nobody_out():
    sign_in = OperatorSignIn(code="right horse battery")
    for number in range(20_000):
        sign_in.sign_in(f"d:{number}", "wrong")  # whoever deletes the cookie is another device
    assert sign_in.sign_in("d:operator", "right horse battery")


@pytest.fixture
def afresh(monkeypatch: pytest.MonkeyPatch):
    access.operator_sign_in.cache_clear()
    yield
    access.operator_sign_in.cache_clear()


def test_a_code_is_random_and_printed_or_the_operators_own_and_not_printed(
    afresh: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("NOISEFLOOR_OPERATOR_CODE", raising=False)
    first = access.operator_sign_in()
    assert first.printed and len(first.code) >= 20 and access.operator_sign_in() is first
    access.operator_sign_in.cache_clear()
    assert access.operator_sign_in().code != first.code
    access.operator_sign_in.cache_clear()
    monkeypatch.setenv("NOISEFLOOR_OPERATOR_CODE", "sixteen signs ...")
    assert (access.operator_sign_in().code, access.operator_sign_in().printed) == ("sixteen signs ...", False)


def test_a_code_that_can_be_guessed_is_refused(afresh: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NOISEFLOOR_OPERATOR_CODE", "secret")
    with pytest.raises(CallerMistake, match="6 characters: give it at least 16") as caught:
        access.operator_sign_in()
    assert "secret" not in str(caught.value)
