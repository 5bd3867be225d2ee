"""Uploads on disk: not in the server's memory, no more than a session may leave, gone with it, and one at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

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


def test_only_one_upload_is_in_memory_at_a_time() -> None:
    """The last part of an upload waits until no other whole file is there; a slow one keeps nobody waiting."""
    whole, most = 0, 0

    async def app(scope: object, receive: uploads.Receive, send: object) -> None:
        nonlocal whole, most
        while (await receive()).get("more_body"):
            pass
        whole += 1
        most = max(most, whole)
        await asyncio.sleep(0.01)
        whole -= 1

    async def upload(gate: uploads.OneAtATime, slow: bool = False) -> None:
        parts = [{"type": "http.request", "more_body": True}] * 3 + [{"type": "http.request", "more_body": False}]

        async def receive() -> uploads.Message:
            if slow:
                await asyncio.sleep(1_000)
            return parts.pop(0)

        await gate({"type": "http", "method": "PUT", "path": f"{uploads.ROUTE}s/f"}, receive, lambda message: None)  # type: ignore[arg-type,return-value]

    async def several() -> None:
        gate = uploads.OneAtATime(app)  # type: ignore[arg-type]
        dripping = asyncio.create_task(upload(gate, slow=True))
        await asyncio.wait_for(asyncio.gather(*(upload(gate) for _ in range(5))), 20)
        dripping.cancel()

    asyncio.run(several())
    assert most == 1
