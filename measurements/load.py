"""A class at work: do pages stay quick and is anything lost while 200 learners read, choose and write?

    python measurements/load.py                        200 learners, a quarter of their acts lab turns, 60 s
    python measurements/load.py --learners 50          a smaller class
    python measurements/load.py --json figures.json    the same figures for a machine to read

It starts two servers in turn, each as `make run` does: an app of one empty page, which is what Streamlit itself costs
under the same acts, and ours over a data folder of its own. A learner is a browser as far as a server can tell: a
WebSocket with a cookie of its own. It thinks, acts, and waits until all of the answer is here. An act is a rerun of
home, of the choice of a battle or of the list of labs, or, every fourth, a message in a lab: from the click until the
tutor's whole reply and the next question are drawn. At the end the journal is read: every message sent has to be in
it once, judged and answered.

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


async def be_a_class(server: Server, options: argparse.Namespace, messages: dict[str, list[str]]) -> tuple[Load, int]:
    """All learners at once, until the time is over. Returns what it cost, and how many messages were sent.

    server    under load
    options   learners, think, seconds
    messages  to send, by lab; none: every act is the first page
    """
    load, pages, turns, sent = Load(), list[float](), list[float](), 0
    before_sessions = server.memory_mb()
    first_act = asyncio.Event()
    ready = asyncio.Semaphore(8)
    arrived = 0

    async def learner(number: int) -> None:
        nonlocal sent, arrived
        luck = random.Random(number)
        try:
            async with ready:
                cookie = await asyncio.to_thread(new_cookie, server.address)
            async with Session.open(server.address, number, cookie=cookie) as session:
                await session.visit()
                lab = luck.choice(sorted(messages)) if messages else ""
                place = Place("lab", session.places["lab"].script_hash, f"lab={lab}") if lab else None
                if place:
                    await session.visit(place)
                arrived += 1
                if arrived == options.learners:
                    first_act.set()
                await first_act.wait()
                deadline = time.monotonic() + options.seconds
                await asyncio.sleep(luck.uniform(0, options.think))
                act = number
                while time.monotonic() < deadline:
                    act += 1
                    if place and act % TURN_EVERY == 0:
                        if session.here != place:
                            pages.append(await session.visit(place))
                            await asyncio.sleep(options.think * luck.uniform(0.75, 1.25))
                        sent += 1
                        turns.append(await session.say(place, luck.choice(messages[lab])))
                    else:
                        where = session.places[luck.choice(PAGES)] if place else None
                        pages.append(await session.visit(where))
                    await asyncio.sleep(options.think * luck.uniform(0.75, 1.25))
        except (OSError, RuntimeError, TimeoutError, WebSocketException) as error:
            load.errors.append(f"learner {number}: {type(error).__name__} {error}")
            arrived += 1
            if arrived >= options.learners:
                first_act.set()

    people = [asyncio.create_task(learner(number)) for number in range(options.learners)]
    await first_act.wait()
    load.memory_a_session_mb = (server.memory_mb() - before_sessions) / max(1, options.learners)
    started, cpu = time.perf_counter(), server.cpu_seconds()
    await asyncio.gather(*people)
    took, spent = time.perf_counter() - started, server.cpu_seconds() - cpu
    load.pages = Times.of(pages, spent) if pages else None
    load.turns = Times.of(turns, spent) if turns else None
    load.acts_a_second, load.server_cores_busy = (len(pages) + len(turns)) / took, spent / took
    return load, sent


def count_kept(home: Path) -> tuple[int, int, int]:
    """Messages in the journal, those with judgement and reply, and those whose turn is there more than once."""
    import sqlalchemy as sa

    database = sa.create_engine(f"sqlite:///{home / 'journal.db'}")
    with database.connect() as journal:
        rows = journal.execute(sa.text("SELECT talk, number, assessment, reply FROM turns")).all()
    answered = sum(row.assessment is not None and row.reply is not None for row in rows)
    return len(rows), answered, len(rows) - len({(row.talk, row.number) for row in rows})


def measure(options: argparse.Namespace, folder: Path) -> Figures:
    empty = folder / "empty.py"
    empty.write_text(EMPTY_PAGE, encoding="utf-8")
    with contextlib.closing(
        Server(folder, ("-m", "streamlit", "run", str(empty), "--server.headless", "true"))
    ) as bare:
        empty_page, _ = asyncio.run(be_a_class(bare, options, {}))
    home = folder / "home"
    home.mkdir()
    os.environ["NOISEFLOOR_HOME"] = str(home)
    with contextlib.closing(Server(home)) as server:
        app, sent = asyncio.run(be_a_class(server, options, read_messages()))
    kept, answered, twice = count_kept(home)
    return Figures(
        machine=machine(),
        learners=options.learners,
        think_seconds=options.think,
        empty_page=empty_page,
        app=app,
        sent=sent,
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
