"""A class at work: do pages stay quick and is anything lost while 200 learners read, choose and write?

    python measurements/load.py                        200 learners, a quarter of their acts lab turns, 60 s
    python measurements/load.py --learners 50          a smaller class
    python measurements/load.py --json figures.json    the same figures for a machine to read

It starts two servers in turn, each as `make run` does: an app of one empty page, which is what Streamlit itself costs
under the same acts, and ours over a data folder of its own. A learner is a browser as far as a server can tell: a
WebSocket with a cookie of its own. It thinks, acts, and waits until all of the answer is here. An act is a rerun of
home, of the choice of a battle, of the list of labs or of a lab, or, every fourth, a message in that lab: from the
click until the tutor's whole reply and the next question are drawn. At the end the journal is read: every message sent
has to be in it once, judged and answered.

Clients and servers share the machine, so the clients' own work is in the times. Messages are the labelled ones that
the judge was trained on; nothing here says whether they are judged well.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from websockets.exceptions import WebSocketException

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from measurements.web import Place, Server, Session, Times, machine  # noqa: E402

EMPTY_PAGE = "import streamlit as st\n\nst.write('Nothing.')\n"
PAGES = ("home", "battle", "labs")
TURN_EVERY = 4
"""One act in so many is a message in a lab."""


@dataclass(slots=True, kw_only=True)
class Load:
    """What one server did under the acts of a class; times in milliseconds."""

    pages: Times | None = None
    turns: Times | None = None
    acts_a_second: float = 0.0
    server_cores_busy: float = 0.0
    memory_a_session_mb: float = 0.0
    errors: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Figures:
    """All that is measured."""

    machine: dict[str, str | int | float]
    learners: int
    think_seconds: float
    empty_page: Load
    app: Load
    sent: int = 0
    """Messages that a learner sent, whether or not their page came back in time."""
    kept: int = 0
    answered: int = 0
    twice: int = 0


def read_messages() -> dict[str, list[str]]:
    """Messages to send, by lab."""
    messages: dict[str, list[str]] = {}
    for file in sorted((ROOT / "tutor" / "judge" / "messages").glob("lab*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            messages.setdefault(row["lab"], []).append(row["learner"])
    return messages


def new_cookie(address: str) -> str:
    """The cookie a browser would have after its first page; empty where the server sets none."""
    with urllib.request.urlopen(
        urllib.request.Request(f"http://{address}/", headers={"Accept": "text/html"}), timeout=20
    ) as answer:
        return "; ".join(header.partition(";")[0] for header in answer.headers.get_all("Set-Cookie") or ())


@dataclass(slots=True, kw_only=True)
class Classroom:
    """Learners who all begin at the same moment and act until the time is over."""

    server: Server
    learners: int
    think: float
    seconds: float
    messages: dict[str, list[str]]
    """To send, by lab; none: every act is the first page."""
    load: Load = field(default_factory=Load)
    pages: list[float] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)
    sent: int = 0
    arrived: int = 0
    all_here: asyncio.Event = field(default_factory=asyncio.Event)
    door: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(8))

    async def run(self) -> Load:
        """What the class cost the server."""
        before = self.server.memory_mb()
        people = [asyncio.create_task(self._learner(number)) for number in range(self.learners)]
        await self.all_here.wait()
        self.load.memory_a_session_mb = (self.server.memory_mb() - before) / self.learners
        started, cpu = time.perf_counter(), self.server.cpu_seconds()
        await asyncio.gather(*people)
        took, spent = time.perf_counter() - started, self.server.cpu_seconds() - cpu
        self.load.pages = Times.of(self.pages, spent) if self.pages else None
        self.load.turns = Times.of(self.turns, spent) if self.turns else None
        self.load.acts_a_second = (len(self.pages) + len(self.turns)) / took
        self.load.server_cores_busy = spent / took
        return self.load

    async def _learner(self, number: int) -> None:
        luck = random.Random(number)
        try:
            async with self.door:
                cookie = await asyncio.to_thread(new_cookie, self.server.address)
            async with Session.open(self.server.address, number, cookie=cookie) as session:
                lab = await self._arrive(session, luck)
                await self._act(session, lab, luck, number)
        except (OSError, RuntimeError, TimeoutError, WebSocketException) as error:
            self.load.errors.append(f"learner {number}: {type(error).__name__} {error}")
            self._is_here()

    async def _arrive(self, session: Session, luck: random.Random) -> Place | None:
        """Opens home and a lab, so that what is first done for everybody is done, and waits for the others."""
        async with self.door:
            await session.visit()
            lab = None
            if self.messages:
                slug = luck.choice(sorted(self.messages))
                lab = Place("lab", session.places["lab"].script_hash, f"lab={slug}")
                await session.visit(lab)
        self._is_here()
        await self.all_here.wait()
        return lab

    def _is_here(self) -> None:
        self.arrived += 1
        if self.arrived >= self.learners:
            self.all_here.set()

    async def _act(self, session: Session, lab: Place | None, luck: random.Random, number: int) -> None:
        deadline = time.monotonic() + self.seconds
        await asyncio.sleep(luck.uniform(0, self.think))
        act = number
        while time.monotonic() < deadline:
            act += 1
            if lab is None:
                self.pages.append(await session.visit())
            elif act % TURN_EVERY == TURN_EVERY - 1:
                self.pages.append(await session.visit(lab))
            elif act % TURN_EVERY or session.here != lab:
                self.pages.append(await session.visit(session.places[luck.choice(PAGES)]))
            else:
                self.sent += 1
                self.turns.append(await session.say(lab, luck.choice(self.messages[lab.query.removeprefix("lab=")])))
            await asyncio.sleep(self.think * luck.uniform(0.75, 1.25))


def count_kept(home: Path) -> tuple[int, int, int]:
    """Messages in the journal, those with judgement and reply, and those whose turn is there more than once."""
    import sqlalchemy as sa

    database = sa.create_engine(f"sqlite:///{home / 'journal.db'}")
    with database.connect() as journal:
        rows = journal.execute(sa.text("SELECT talk, number, assessment, reply FROM turns")).all()
    answered = sum(row.assessment is not None and row.reply is not None for row in rows)
    return len(rows), answered, len(rows) - len({(row.talk, row.number) for row in rows})


def measure(options: argparse.Namespace, folder: Path) -> Figures:
    pace = {"learners": options.learners, "think": options.think, "seconds": options.seconds}
    empty = folder / "empty.py"
    empty.write_text(EMPTY_PAGE, encoding="utf-8")
    command = ("-m", "streamlit", "run", str(empty), "--server.headless", "true")
    with contextlib.closing(Server(folder, command)) as bare:
        empty_page = asyncio.run(Classroom(server=bare, messages={}, **pace).run())
    home = folder / "home"
    home.mkdir()
    os.environ["NOISEFLOOR_HOME"] = str(home)
    with contextlib.closing(Server(home)) as server:
        classroom = Classroom(server=server, messages=read_messages(), **pace)
        app = asyncio.run(classroom.run())
    kept, answered, twice = count_kept(home)
    return Figures(
        machine=machine(),
        learners=options.learners,
        think_seconds=options.think,
        empty_page=empty_page,
        app=app,
        sent=classroom.sent,
        kept=kept,
        answered=answered,
        twice=twice,
    )


def report(figures: Figures) -> str:
    lines = [", ".join(f"{name} {value}" for name, value in figures.machine.items())]
    lines += ["", f"{figures.learners} learners, {figures.think_seconds:g} s of thinking between acts; ms", ""]
    lines.append(f"  {'':<26}{'acts':>8}{'median':>9}{'p95':>9}{'longest':>9}")
    loads = (("empty page", figures.empty_page), ("Noise Floor", figures.app))
    for name, load in loads:
        for what, times in (("pages", load.pages), ("lab turns", load.turns)):
            if times:
                row = f"{times.count:8,}{times.median:9.0f}{times.p95:9.0f}{times.longest:9.0f}"
                lines.append(f"  {f'{name}, {what}':<26}{row}")
    lines.append("")
    for name, load in loads:
        lines.append(
            f"  {name}: {load.acts_a_second:.1f} acts/s, {load.server_cores_busy:.2f} cores busy, "
            f"{load.memory_a_session_mb:.2f} MB a session, {len(load.errors)} errors"
        )
        lines += [f"    {error}" for error in load.errors[:5]]
    lines += [
        "",
        f"  messages: {figures.sent:,} sent, {figures.kept:,} kept, {figures.answered:,} judged and answered, "
        f"{figures.twice} there twice",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="A class at work in the app.")
    parser.add_argument("--learners", type=int, default=200, help="at once (default %(default)s)")
    parser.add_argument("--think", type=float, default=4.0, help="seconds each thinks (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the load (default %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="noise-floor-load-") as folder:
        figures = measure(options, Path(folder))
    print(report(figures))
    if options.json:
        options.json.write_text(json.dumps(asdict(figures), indent=1) + "\n", encoding="utf-8")
    lost = figures.sent - figures.answered
    return 1 if figures.app.errors or lost or figures.twice else 0


if __name__ == "__main__":
    sys.exit(main())
