"""The cookie a browser is known by: the server's own, and nothing anybody typed."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.server import DeviceCookie, token_in

PAGE = {"accept": "text/html,*/*"}


async def page(request):
    return PlainTextResponse("here", headers={"cache-control": "public"})


@pytest.fixture
def client() -> TestClient:
    app = Starlette(routes=[Route("/{path:path}", page)], middleware=[Middleware(DeviceCookie)])
    return TestClient(app, base_url="http://server", follow_redirects=False)


def cookies(answer) -> dict[str, str]:
    return {name: morsel.value for name, morsel in SimpleCookie(answer.headers.get("set-cookie", "")).items()}


def test_a_browser_gets_one_with_its_first_page_and_keeps_it(client: TestClient):
    answer = client.get("/lab", headers=PAGE)
    flags = answer.headers["set-cookie"]
    assert "HttpOnly" in flags and "SameSite=Lax" in flags and "Path=/" in flags and "Secure" not in flags
    assert answer.headers["cache-control"] == "no-store"  # else a proxy hands one browser's to all
    token = token_in(cookies(answer))
    assert token is not None and len(token) >= 43
    again = client.get("/labs", headers=PAGE | {"cookie": flags.partition(";")[0]})
    assert "set-cookie" not in again.headers and again.headers["cache-control"] == "public"


def test_every_browser_gets_its_own(client: TestClient):
    assert len({token_in(cookies(TestClient(client.app).get("/", headers=PAGE))) for _ in range(20)}) == 20


@pytest.mark.parametrize("header", [{"accept": "*/*"}, {"accept": "image/png"}, {}])
def test_what_is_no_page_gets_none(client: TestClient, header: dict[str, str]):
    assert "set-cookie" not in client.get("/static/a.js", headers=header).headers
    assert "set-cookie" not in client.post("/", headers=PAGE).headers


def test_with_https_it_never_travels_in_the_open_and_no_neighbour_can_plant_one(client: TestClient):
    plain = client.get("/", headers=PAGE).headers["set-cookie"].partition(";")[0]
    for headers in ({"x-forwarded-proto": "https"}, {"x-forwarded-proto": "https, http"}):
        answer = client.get("/", headers=PAGE | headers | {"cookie": plain})
        assert answer.headers["set-cookie"].startswith("__Host-") and "; Secure" in answer.headers["set-cookie"]
    assert "; Secure" in TestClient(client.app, base_url="https://server").get("/", headers=PAGE).headers["set-cookie"]


@pytest.mark.parametrize(
    "change", ["1", "", "ann", lambda signed: signed[:-1], lambda signed: "xy"[signed[0] == "x"] + signed[1:]]
)
def test_a_value_the_server_never_made_is_no_token(client: TestClient, change):
    ((name, signed),) = cookies(client.get("/", headers=PAGE)).items()
    planted = {name: change(signed) if callable(change) else change}
    assert token_in(planted) is None
    answer = client.get("/", headers=PAGE | {"cookie": f"{name}={planted[name]}"})
    assert token_in(cookies(answer)) is not None  # and it is replaced


def test_another_servers_cookie_is_none_of_this_one(client: TestClient, tmp_path, monkeypatch: pytest.MonkeyPatch):
    here = cookies(client.get("/", headers=PAGE))
    monkeypatch.setenv("NOISEFLOOR_HOME", str(tmp_path / "another"))
    assert token_in(here) is None
    there = cookies(client.get("/", headers=PAGE))
    assert here.keys() != there.keys()  # they do not overwrite each other: browsers do not tell ports apart


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/lab?lab=lab1&s=1", "./lab?lab=lab1"),
        ("/lab?s=&lab=lab1&s=2", "./lab?lab=lab1"),
        ("/?s=q3Vb0-XyT7_kLm92RsWc4A", "./"),
        ("/a/b/labs?s=1", "./labs"),
        ("//evil.example/x?s=1", "./x"),
        ("//evil.example?s=1", "./evil.example"),
        ("/https:%2f%2fevil.example?s=1", "./evil.example"),
        ("/battle?battle=b%26s%3D1&s=1", "./battle?battle=b%26s%3D1"),
    ],
)
def test_a_name_in_an_address_is_taken_out_before_it_gets_anywhere(client: TestClient, asked: str, led: str):
    answer = client.get(f"http://server{asked}", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, led)


def test_other_addresses_stay_as_they_are(client: TestClient):
    assert client.get("/battle?battle=s&seed=1", headers=PAGE).status_code == 200
