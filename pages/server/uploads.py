"""Uploads on disk: Streamlit keeps the bytes of every upload in the memory of the server until a session ends.

`keep_on_disk` puts them into a folder that is the server's alone and goes with it, a file as soon as it is there, and
bounds what a session and all of them may leave. `OneAtATime` stands before the upload route: Streamlit has a whole file
in memory for a moment, so only one of them has its moment.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import hashlib
import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from engine import CallerMistake

ROUTE = "/_stcore/upload_file/"
SESSION_BYTES, SESSION_FILES = 200 << 20, 200
ALL_BYTES = 4 << 30
PREFIX = "noisefloor-uploads-"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(slots=True)
class _Folder:
    """Where the uploads are, by session and file."""

    place: Path
    _sizes: dict[str, dict[str, int]] = field(default_factory=dict)
    _places: dict[tuple[str, str], Path] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "uploads"))
    _written: dict[Path, Future[None]] = field(default_factory=dict)

    def add(self, session_id: str, file: UploadedFileRec) -> None:
        """Raises HTTPException: it is more than this session, or all of them, may leave here."""
        size = len(file.data)
        self.remove(session_id, file.file_id)
        with self._lock:
            sizes = self._sizes.setdefault(session_id, {})
            if sum(sizes.values()) + size > SESSION_BYTES or len(sizes) >= SESSION_FILES:
                raise HTTPException(413, "These are too many or too large files in all: remove some first.")
            if sum(sum(each.values()) for each in self._sizes.values()) + size > ALL_BYTES:
                raise HTTPException(413, "The server has no room for more files now.")
            sizes[file.file_id] = size
            place = self.place / session_id / str(next(self._numbers)) / safe_name(file.name)
            self._places[session_id, file.file_id] = place
            self._written[place] = self._writer.submit(_write, place, file.data)  # not by the thread that serves all

    def remove(self, session_id: str, file_id: str) -> None:
        with self._lock:
            self._sizes.get(session_id, {}).pop(file_id, None)
            place = self._places.pop((session_id, file_id), None)
        if place:
            self._wait_for(place)
            shutil.rmtree(place.parent, ignore_errors=True)

    def remove_session(self, session_id: str) -> None:
        for file_id in list(self._sizes.get(session_id, {})):
            self.remove(session_id, file_id)
        self._sizes.pop(session_id, None)
        shutil.rmtree(self.place / session_id, ignore_errors=True)

    def place_of(self, session_id: str, file_id: str) -> Path | None:
        """Where a file is, once it is there."""
        place = self._places.get((session_id, file_id))
        if place:
            self._wait_for(place)
        return place

    def all_written(self) -> Future[int]:
        """Done when all that was added so far is on disk: its writer does one thing after the other."""
        return self._writer.submit(int)

    def _wait_for(self, place: Path) -> None:
        if writing := self._written.pop(place, None):
            writing.result()


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, mode=0o700)
    place.write_bytes(content)


@functools.cache
def _folder() -> _Folder:
    """One for this server; those of servers that were killed go."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if left.stat().st_uid == os.getuid() and pid.isdigit() and not _alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return _Folder(place)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@functools.cache
def keep_on_disk() -> None:
    """From now on; Streamlit has no setting for it, so its manager's methods are replaced, once a server."""
    manager = MemoryUploadedFileManager
    add_file, remove_file, remove_session = manager.add_file, manager.remove_file, manager.remove_session_files

    def add(self: MemoryUploadedFileManager, session_id: str, file: UploadedFileRec) -> None:
        _folder().add(session_id, file)
        add_file(self, session_id, file._replace(data=b""))

    def remove(self: MemoryUploadedFileManager, session_id: str, file_id: str) -> None:
        _folder().remove(session_id, file_id)
        remove_file(self, session_id, file_id)

    def remove_all(self: MemoryUploadedFileManager, session_id: str) -> None:
        _folder().remove_session(session_id)
        remove_session(self, session_id)

    manager.add_file, manager.remove_file, manager.remove_session_files = add, remove, remove_all  # type: ignore[method-assign]


def place_of(files: Sequence[UploadedFile], name: str) -> Path:
    """Where the files of one run are: a file, or a folder with all of them, which goes with the first.

    files  of this session
    name   of that folder

    Raises:
        CallerMistake: two of them have one name.
    """
    places = [_place(file) for file in files]
    if len(places) == 1:
        return places[0]
    run = hashlib.sha256(" ".join(file.file_id for file in files).encode()).hexdigest()[:16]
    folder = places[0].parent / run / name
    folder.mkdir(parents=True, exist_ok=True)
    names = [place.name for place in places]
    if twice := next((each for each in names if names.count(each) > 1), None):
        raise CallerMistake(f"Two of these files are called {twice}: they are two runs.")
    for place in places:
        if not (folder / place.name).exists():
            os.link(place, folder / place.name)
    return folder


def _place(file: UploadedFile) -> Path:
    """Its place; what is still in memory, as where nobody called `keep_on_disk`, is written down now."""
    context = get_script_run_ctx()
    assert context
    session = context.session_id
    if _folder().place_of(session, file.file_id) is None:
        _folder().add(session, UploadedFileRec(file.file_id, file.name, file.type, file.getvalue()))
    place = _folder().place_of(session, file.file_id)
    assert place
    return place


def safe_name(name: str) -> str:
    """A file's name without folders and without what a file system may refuse."""
    last = name.replace("\\", "/").rpartition("/")[2].lstrip(".")
    kept = "".join(c if c.isalnum() or c in "-_.: " else "_" for c in last)
    return kept.encode()[-200:].decode(errors="ignore") or "_"


class OneAtATime:
    """ASGI middleware: an upload waits with its last part until no other file is in memory."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._in_memory = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or ROUTE not in scope["path"]:
            await self._app(scope, receive, send)
            return
        mine = False

        async def last_part_in_turn() -> Message:
            nonlocal mine
            message = await receive()
            if not mine and not message.get("more_body"):
                await self._in_memory.acquire()
                mine = True
            return message

        try:
            await self._app(scope, last_part_in_turn, send)
        finally:
            if mine:
                try:
                    await asyncio.wrap_future(_folder().all_written())
                finally:
                    self._in_memory.release()
