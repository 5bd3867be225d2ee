"""The server as a process: whom it answers, what it says of its health, what it logs, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import signal
import socket
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from engine import BattleRequest, runs
from engine.runs.lock import busy
from measurements.web import Place, Session

from . import test_browser
from .conftest import serving, settled
from .test_lab_browser import GOOD

browser = test_browser.browser
pytestmark = [pytest.mark.slow, pytest.mark.browser]
CODE = "a code of many letters"
ENDED = (0, -signal.SIGTERM)
"""Uvicorn ends its work and then dies of the signal it was sent, as a program should."""
FOREIGN = ("evil.example", "evil.example:8501", "localhost.evil.example", "0.0.0.0")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with serving(home, NOISEFLOOR_OPERATOR_CODE=CODE, NOISEFLOOR_LOG="json") as (address, _):
        yield address.removeprefix("http://")


def asked(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(address, timeout=20)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("host", FOREIGN)
def test_a_site_that_has_its_name_point_here_gets_nothing(address: str, host: str) -> None:
    """DNS rebinding: the browser believes that this machine is evil.example, and lets its scripts read what we say."""
    for path in ("/", "/health", "/_stcore/health", "/_stcore/host-config", "/app/static/logo.svg", "/lab"):
        assert asked(address, path, Host=host)[0] == 400
    assert asked(address, "/_stcore/upload_file/a/b", "PUT", Host=host)[0] == 400
    with pytest.raises(InvalidStatus) as refused:
        stream(address, host=host, origin=f"http://{host}")
    assert refused.value.response.status_code == 400


def stream(address: str, host: str, origin: str | None) -> None:
    """Opens Streamlit's WebSocket as a browser would that thinks it is at `host`."""
    with socket.create_connection(address.split(":")) as line:  # type: ignore[arg-type]
        url = f"ws://{host}/_stcore/stream"
        with connect(url, sock=line, origin=origin, subprotocols=["streamlit"], proxy=None, open_timeout=20):  # type: ignore[arg-type, list-item]
            pass


def test_another_sites_page_cannot_open_a_session(address: str) -> None:
    stream(address, host=address, origin=f"http://{address}")
    for origin in ("http://evil.example", "http://localhost:9999"):  # to cookies the latter is the same site
        with pytest.raises(InvalidStatus) as refused:
            stream(address, host=address, origin=origin)
        assert refused.value.response.status_code == 403


def browser_cookie(address: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(f"http://{address}/", headers={"accept": "text/html"})) as page:
        return str(page.headers["set-cookie"]).partition(";")[0]


@contextlib.contextmanager
def session(address: str, known: str = "", **headers: str) -> Iterator[str]:
    """A session of Streamlit's, by its id; whoever knows one may ask for it again, as a browser does."""
    connected = connect(
        f"ws://{address}/_stcore/stream",
        subprotocols=["streamlit", "unused", known] if known else ["streamlit"],  # type: ignore[list-item]
        additional_headers=headers,
        proxy=None,
        max_size=None,
    )
    with connected as line:
        request = BackMsg()
        request.rerun_script.context_info.timezone = "UTC"
        line.send(request.SerializeToString())
        id, message = "", ForwardMsg()
        while message.WhichOneof("type") != "script_finished":
            message.ParseFromString(line.recv(timeout=20, decode=False))
            id = message.new_session.initialize.session_id or id
        yield id


def test_a_session_is_given_back_to_its_own_browser_alone(address: str) -> None:
    """Its id stands in the addresses of uploads, and so in the logs of a proxy."""
    ann, eve = browser_cookie(address), browser_cookie(address)
    with session(address, Cookie=ann) as own:
        for stranger in ({}, {"Cookie": eve}, {"noisefloor-browser": "x"}):  # while it is there
            with session(address, own, **stranger) as got:
                assert got != own
    for stranger in ({}, {"Cookie": eve}):  # and when its line is broken
        with session(address, own, **stranger) as got:
            assert got != own
    with session(address, own, Cookie=ann) as again:
        assert again == own


def test_no_other_site_shows_the_operators_pages_in_a_frame(address: str, browser: Browser) -> None:
    """Whoever sits at the machine is the operator without a cookie: a click meant for the other site would count."""
    page = browser.new_page()
    page.goto(f"http://{address.replace('127.0.0.1', 'localhost')}/_stcore/health")
    page.set_content(f'<iframe src="http://{address}/battle" width="1200" height="700"></iframe>')
    page.wait_for_timeout(3_000)
    expect(page.frame_locator("iframe").get_by_test_id("stApp")).to_have_count(0)
    page.close()


def test_sessions_that_only_look_leave_no_rows(address: str, home: Path) -> None:
    """A stranger makes sessions for nothing; they look into every lab, which began a talk in each."""

    async def look() -> None:
        async with Session.open(address) as session:
            await session.visit()
            lab = session.places["lab"].script_hash
            for page in ("labs", "work", "battle"):
                await session.visit(session.places[page])
            for number in (1, 2, 3, 4):
                await session.visit(Place(f"lab{number}", lab, f"lab=lab{number}&s=1"))

    async def crowd() -> None:
        await asyncio.gather(*(look() for _ in range(10)))

    with ThreadPoolExecutor(1) as pool:  # Playwright has a loop in this thread
        pool.submit(lambda: asyncio.run(crowd())).result()
    with sqlite3.connect(home / "journal.db") as held:
        for table in ("talks", "turns", "sheets", "devices", "codes"):
            assert held.execute(f"select count(*) from {table}").fetchone() == (0,), table
    held.close()


def test_its_health_says_what_works_and_nothing_else(address: str, home: Path) -> None:
    status, said = asked(address, "/health")
    assert status == 200
    assert json.loads(said) == {
        "status": "ok",
        "version": "0.1.0",
        "checks": {"ledger": "ok", "journal": "ok", "disk": "ok"},
        "queues": {},
    }
    assert str(home) not in said


def test_its_log_is_lines_for_machines_without_its_code(address: str, home: Path) -> None:
    asked(address, "/health")
    lines = (home / "server.log").read_text().splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    assert all({"time", "level", "logger", "message"} <= set(line) for line in logged)
    assert CODE not in "\n".join(lines) and "NOISEFLOOR_OPERATOR_CODE" in "\n".join(lines)


def test_what_cannot_be_opened_is_said_and_mended(tmp_path: Path) -> None:
    with serving(tmp_path) as (url, _):
        address = url.removeprefix("http://")
        asked(address, "/health")  # a ledger is there now
        ledger, aside = tmp_path / "ledger.db", tmp_path / "aside.db"
        ledger.rename(aside)
        ledger.write_text("a year of work\n" * 100)
        time.sleep(2.5)  # an answer is given again for two seconds
        status, said = asked(address, "/health")
        assert status == 503
        assert json.loads(said)["checks"] == {"ledger": "failing", "journal": "ok", "disk": "ok"}
        assert str(tmp_path) not in said
        assert "is damaged" in (tmp_path / "server.log").read_text()
        aside.replace(ledger)
        time.sleep(2.5)
        assert asked(address, "/health")[0] == 200


@pytest.fixture
def silent() -> Iterator[str]:
    """An endpoint that takes a request and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []
        threading.Thread(target=lambda: [held.append(server.accept()[0]) for _ in range(9)], daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"


def test_told_to_end_it_ends_soon_and_an_open_turn_goes_on_after(tmp_path: Path, browser: Browser, silent: str) -> None:
    context = browser.new_context()
    with serving(tmp_path, TUTOR_MODEL="slow", OPENAI_BASE_URL=silent, OPENAI_API_KEY="k") as (url, server):
        page = context.new_page()
        page.goto(f"{url}/lab?lab=lab1")
        settled(page)
        box = page.get_by_test_id("stChatInputTextArea")
        box.fill(GOOD[0])
        box.press("Enter")
        expect(page.get_by_text("Being read").or_(page.get_by_text("Counted: "))).to_be_visible(timeout=20_000)
        with socket.create_connection(urlsplit(url).netloc.split(":")) as idle:  # type: ignore[arg-type]
            idle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")  # never finished
            started = time.monotonic()
            server.send_signal(signal.SIGTERM)
            assert server.wait(20) in ENDED
            assert time.monotonic() - started < 12
    with serving(tmp_path, TUTOR_MODEL="") as (url, _):
        page.goto(f"{url}/lab?lab=lab1")  # the same browser: to it, ports are one
        expect(page.get_by_text(GOOD[0]).first).to_be_visible(timeout=60_000)
        expect(page.get_by_text("1 of 3 counted").first).to_be_visible(timeout=60_000)
    context.close()


def test_a_worker_outlives_the_server(real_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its battle is queued by another process: the server finds it open, starts a worker and is told to end."""
    monkeypatch.setattr("engine.runs.service.executor", Nobody())
    request = BattleRequest(a="smollm2-135m-instruct", b="gemma-3-270m", task="arc_easy", limit=2_000, device="cpu")
    battle = runs.start(runs.plan(request))
    with serving(real_home) as (url, server):
        deadline = time.monotonic() + 60
        while not busy("cpu") and time.monotonic() < deadline:
            time.sleep(0.2)
        said = json.loads(asked(url.removeprefix("http://"), "/health")[1])
        assert said["queues"] == {"cpu": {"open": 1, "worker": True}}
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) in ENDED
    assert busy("cpu") and runs.watch(battle).state == "running"
    runs.stop(battle)
    while busy("cpu") and time.monotonic() < deadline + 300:
        time.sleep(0.5)  # the next test's machine is its own


class Nobody:
    """An executor that starts no worker."""

    def ensure(self, device: str) -> None:
        pass
