"""Uploads on disk: not in the server's memory, no more than a session may leave, gone with it, and one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest
from starlette.exceptions import HTTPException
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages.server import uploads
from pages.server.uploads import _Folder, safe_name


def record(id: str, data: bytes = b"id,correct", name: str = "a.csv") -> UploadedFileRec:
    return UploadedFileRec(file_id=id, name=name, type="text/csv", data=data)


def test_a_file_is_on_disk_until_it_or_its_session_goes(tmp_path: Path) -> None:
    folder = _Folder(tmp_path)
    folder.add("one", record("f1"))
    folder.add("two", record("f1", b"other"))
    places = [folder.place_of(session, "f1") for session in ("one", "two")]
    assert [place.read_bytes() for place in places if place] == [b"id,correct", b"other"]
    folder.remove("one", "f1")
    assert folder.place_of("one", "f1") is None
    folder.remove_session("two")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_one_session_cannot_name_the_file_of_another(tmp_path: Path) -> None:
    folder = _Folder(tmp_path)
    folder.add("one", record("f1"))
    assert folder.place_of("two", "f1") is None
    folder.remove("two", "f1")
    assert folder.place_of("one", "f1")


def test_a_session_leaves_no_more_than_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed before: every file of every session stayed in memory, asked for by a page or not."""
    monkeypatch.setattr(uploads, "SESSION_BYTES", 25)
    folder = _Folder(tmp_path)
    for id in ("f1", "f2"):
        folder.add("one", record(id))
    with pytest.raises(HTTPException) as told:
        folder.add("one", record("f3"))
    assert told.value.status_code == 413
    folder.add("one", record("f2"))  # in the place of the older one
    folder.remove("one", "f1")
    folder.add("one", record("f3"))
    monkeypatch.setattr(uploads, "ALL_BYTES", 25)
    with pytest.raises(HTTPException):
        folder.add("two", record("f1"))
    monkeypatch.setattr(uploads, "SESSION_FILES", 2)
    with pytest.raises(HTTPException):
        folder.add("one", record("f4", b""))


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "", "a/b\\c.csv", "\ud800.csv", "x" * 400 + ".csv", ".gz"])
def test_no_name_leaves_the_folder(name: str, tmp_path: Path) -> None:
    folder = _Folder(tmp_path)
    folder.add("one", record("f1", name=name))
    place = folder.place_of("one", "f1")
    assert place
    assert place.read_bytes() == b"id,correct"
    assert tmp_path in place.resolve().parents
    assert safe_name("Größe.csv") == "Größe.csv"


def put(
    gate: uploads.OneAtATime, parts: int = 4, *, part: bytes = b"x" * 1_000, slow: bool = False
) -> Coroutine[Any, Any, list[int]]:
    """A file on its way: the statuses that were answered."""
    left, answered = [part] * parts, list[int]()

    async def receive() -> uploads.Message:
        if slow and len(left) < parts:
            await asyncio.sleep(1_000)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: uploads.Message) -> None:
        answered.append(message.get("status", 0))

    async def whole() -> list[int]:
        scope = {"type": "http", "method": "PUT", "path": f"{uploads.ROUTE}s/f", "headers": []}
        await gate(scope, receive, send)
        return answered

    return whole()


class App:
    """Counts the files it has in memory, as Streamlit would."""

    def __init__(self) -> None:
        self.whole = self.most = self.size = 0

    async def __call__(self, scope: object, receive: uploads.Receive, send: object) -> None:
        self.whole += 1
        self.most = max(self.most, self.whole)
        more = True
        while more:
            message = await receive()
            more, self.size = message["more_body"], self.size + len(message["body"])
        await asyncio.sleep(0.01)
        self.whole -= 1


def test_only_one_upload_is_in_memory_and_a_slow_one_keeps_nobody_waiting() -> None:
    app = App()

    async def several() -> None:
        gate = uploads.OneAtATime(app)  # type: ignore[arg-type]
        dripping = [asyncio.create_task(put(gate, slow=True)) for _ in range(20)]
        await asyncio.wait_for(asyncio.gather(*(put(gate) for _ in range(5))), 20)
        for each in dripping:
            each.cancel()

    asyncio.run(several())
    assert (app.most, app.size) == (1, 5 * 4_000)


def test_a_file_that_is_on_its_way_is_in_nobodys_memory() -> None:
    """Failed before: 40 requests of many parts that never ended took 2.1 GB."""
    app = App()

    async def half_open() -> int:
        gate = uploads.OneAtATime(app)  # type: ignore[arg-type]
        before = psutil.Process().memory_info().rss
        dripping = [asyncio.create_task(_drip(gate)) for _ in range(8)]
        await asyncio.sleep(2)
        grown = psutil.Process().memory_info().rss - before
        for each in dripping:
            each.cancel()
        return grown

    async def _drip(gate: uploads.OneAtATime) -> None:
        sent = 0

        async def receive() -> uploads.Message:
            nonlocal sent
            if sent >= 20:
                await asyncio.sleep(1_000)
            sent += 1
            return {"type": "http.request", "body": bytes(1 << 20), "more_body": True}

        await gate({"type": "http", "method": "PUT", "path": f"{uploads.ROUTE}s/f"}, receive, _nothing)

    async def _nothing(message: uploads.Message) -> None:
        pass

    assert asyncio.run(half_open()) < 60 << 20
    assert app.size == 0


@pytest.mark.parametrize(
    ("settings", "slow", "part", "status"), [({"deadline": 0.1}, True, b"x", 408), ({}, False, bytes(20 << 20), 413)]
)
def test_what_comes_too_slowly_or_too_large_is_given_up(
    settings: dict[str, float], slow: bool, part: bytes, status: int
) -> None:
    app = App()

    async def one() -> list[int]:
        return await put(uploads.OneAtATime(app, **settings), part=part, slow=slow)  # type: ignore[arg-type]

    assert asyncio.run(one())[0] == status
    assert app.size == 0
