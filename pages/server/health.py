"""`/health`: whether the server can do what it is for. Anybody may ask: it names no path, no person and no secret."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse

from engine.home import PROJECT
from engine.runs import health as runs_health
from tutor import journal

log = logging.getLogger(__name__)
KEPT = 2.0
"""Seconds an answer is given again: whoever asks a thousand times a second makes us look once."""
PATIENCE = 5.0
"""Seconds a look may take, of a locked database for instance, before that is the answer."""
Report = dict[str, Any]
T = TypeVar("T")


class HealthCheck:
    """One look at a time, away from the event loop, however many ask."""

    def __init__(self, look: Callable[[], Report], clock: Callable[[], float] = time.monotonic) -> None:
        self.look, self.clock = look, clock
        self.looking: asyncio.Task[Report] | None = None
        self.begun = 0.0

    async def answer(self, _: Request) -> JSONResponse:
        if self.looking is None or (self.looking.done() and self.clock() - self.begun > KEPT):
            self.looking, self.begun = asyncio.create_task(asyncio.to_thread(self.look)), self.clock()
        done, _pending = await asyncio.wait({self.looking}, timeout=PATIENCE)
        late: Report = {"version": version(), "checks": {"answer": "not in time"}}
        report = self.looking.result() if done else late
        fit = {*report["checks"].values()} == {"ok"}
        return JSONResponse(
            {"status": "ok" if fit else "failing", **report},
            status_code=200 if fit else 503,
            headers={"cache-control": "no-store"},
        )


def look() -> Report:
    """Opens both databases and takes their write locks, and looks at the disk and the queues."""
    ledger, queues = _tried("ledger", runs_health.queues)
    journal_, _ = _tried("journal", journal.check_writable)
    disk, _ = _tried("disk", runs_health.check_disk)
    checks = {"ledger": ledger, "journal": journal_, "disk": disk}
    open_battles = {} if queues is None else {device: asdict(queue) for device, queue in queues.items()}
    return {"version": version(), "checks": checks, "queues": open_battles}


def _tried(name: str, check: Callable[[], T]) -> tuple[str, T | None]:
    """What is wrong stands in the log, where paths may."""
    try:
        return "ok", check()
    except Exception as error:
        log.error("health, %s: %s", name, error)
        return "failing", None


@functools.cache
def version() -> str:
    return str(tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
