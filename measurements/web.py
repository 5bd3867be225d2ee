"""What the app costs a learner who waits and a machine that serves a class: start, memory, reruns, load.

    python measurements/web.py                           everything, in a good minute
    python measurements/web.py --sessions 0              without the class
    python measurements/web.py --battles 50              with more history in the ledger
    python measurements/web.py --json figures.json       the same figures for a machine to read

It starts a server of its own, as `make run` does, on a free port and over a data folder of its own that is
removed at the end. The battles in that ledger are complete and their outcomes are invented. A rerun is measured
through Streamlit's WebSocket, as the browser does it: from the request until the server says that the script is
finished and every element has arrived; where a page has a slider, each rerun moves it. With a Chromium
(`NOISEFLOOR_CHROMIUM`, or one on the PATH) the first page is timed in it as well, up to the heading and the primary
button being visible.

It does not measure what the browser takes to draw after a rerun, a network, battles under way (their workers are
processes of their own and may take every core), or downloads. Clients and server share the machine, so under load
the clients' own work is in the times; the server's CPU time is not mixed with it. The memory is the server's
resident set, shared libraries included. On a busy machine wait: the load average is printed with the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import psutil
import streamlit
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # a script's own folder is on the path, the repository is not

ITEMS = 200
RERUNS = 20
PAUSE = 0.25
"""Seconds between two reruns of one session: one that sends more than five messages a second for long is ended."""
PATIENCE = 60.0
"""Seconds until anything that does not answer counts as an error."""
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("no-sandbox", "disable-gpu", "disable-background-networking", "disable-component-update", "no-first-run")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long the same thing took, many times over, in milliseconds."""

    count: int
    median: float
    p95: float
    longest: float
    server_cpu: float
    """CPU time of the server for one of them; other programs on the machine do not disturb it much."""

    @classmethod
    def of(cls, seconds: Sequence[float], server_cpu_seconds: float) -> Self:
        ms = sorted(1000 * s for s in seconds)
        p95 = statistics.quantiles(ms, n=20, method="inclusive")[-1] if len(ms) > 1 else ms[0]
        return cls(
            count=len(ms),
            median=statistics.median(ms),
            p95=p95,
            longest=ms[-1],
            server_cpu=1000 * server_cpu_seconds / len(ms),
        )


@dataclass(slots=True, kw_only=True)
class Figures:
    """All that is measured; what was not is None or empty."""

    machine: dict[str, str | int | float]
    battles: int
    start_seconds: float
    first_page_seconds: dict[str, float] = field(default_factory=dict)
    memory_mb: dict[str, float] = field(default_factory=dict)
    first_visit_ms: dict[str, float] = field(default_factory=dict)
    reruns: dict[str, Times] = field(default_factory=dict)
    sessions: int = 0
    think_seconds: float = 0.0
    load: Times | None = None
    reruns_a_second: float = 0.0
    server_cores_busy: float = 0.0
    errors: list[str] = field(default_factory=list)


# ---- the server


class Server:
    """The app as `make run` starts it, on a free port; `command` is another one to start."""

    def __init__(self, home: Path, command: Sequence[str] = ("scripts/serve.py",)) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.log = home / "server.log"
        port = self.address.rpartition(":")[2]
        started = time.perf_counter()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command, "--server.port", port, "--server.address", "127.0.0.1"],
                cwd=ROOT,
                env=os.environ | {"NOISEFLOOR_HOME": str(home)},
                stdout=log,
                stderr=log,
            )
        self.seen = psutil.Process(self.process.pid)
        try:
            self._wait_until_healthy()
        except BaseException:
            self.close()
            raise
        self.start_seconds = time.perf_counter() - started

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"http://{self.address}/_stcore/health", timeout=2).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise SystemExit(f"The server did not come up:\n{self.log.read_text(encoding='utf-8', errors='replace')}")

    def memory_mb(self) -> float:
        return float(self.seen.memory_info().rss) / 1e6

    def peak_mb(self) -> float | None:
        """The most it ever had, as the kernel counted it; None where only Linux would know."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.is_file():
            return None
        kilobytes = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(kilobytes) * 1024 / 1e6

    def cpu_seconds(self) -> float:
        spent = self.seen.cpu_times()
        return float(spent.user + spent.system)

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def invent_battles(count: int) -> str:
    """Writes finished battles into the ledger of `NOISEFLOOR_HOME`. Returns the id of the last."""
    from engine import BattleRequest, ItemResult, load_items, load_task, runs
    from engine.battles.battle import SIDES
    from engine.models.registry import PACKAGED
    from engine.store.ledger import Ledger

    a, b = list(PACKAGED)[:2]
    luck = random.Random(0)
    battle_id = ""
    with Ledger() as ledger:
        for seed in range(count):
            battle = runs.plan(BattleRequest(a=a, b=b, task="arc_easy", limit=ITEMS, seed=seed, device="cpu"))
            battle_id = battle.id
            ledger.add(battle)  # `runs.start` would set a worker to it
            ledger.claim(battle.device)
            items = {item.id: item for item in load_items(load_task(battle.task))}
            all_choices = [items[id].choices for id in battle.item_ids]
            for side, skill in zip(SIDES, (0.55, 0.49), strict=True):
                outcomes = [
                    ItemResult(
                        item_id=item,
                        score=float(luck.random() < skill),
                        choice=luck.randrange(3),
                        logliks=tuple(luck.uniform(-60, -5) for _ in choices),
                        tokens=120,
                        seconds=0.1,
                    )
                    for item, choices in zip(battle.item_ids, all_choices, strict=True)
                ]
                ledger.append(battle.id, side, outcomes)
            ran = {"device": "cpu", "dtype": "float32", "transformers": "invented", "torch": "invented"}
            ledger.set_environment(battle.id, {"a": ran, "b": ran})
            ledger.set_state(battle.id, "done", only_from=("running",))
    return battle_id


# ---- a learner's browser, as far as the server can tell


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the app, and what its address says after the question mark."""

    name: str
    script_hash: str
    query: str = ""


class Session:
    """One WebSocket session. `visit` runs a page once and remembers what it offered."""

    def __init__(self, socket: ClientConnection, seed: int = 0) -> None:
        self.socket = socket
        self.places: dict[str, Place] = {}
        """The pages in the navigation, by path."""
        self.here: Place | None = None
        """The page it is on; None for home."""
        self.luck = random.Random(seed)
        self._sliders: dict[str, tuple[str, Sequence[str]]] = {}
        self._chat_input = ""

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, address: str, seed: int = 0, cookie: str = "") -> AsyncIterator[Self]:
        """Connects as a browser does.

        address  host and port
        seed     of what is chosen on the pages
        cookie   as a browser sends it, if it has one
        """
        url, cookies = f"ws://{address}/_stcore/stream", {"Cookie": cookie} if cookie else None
        async with connect(
            url,
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers=cookies,
            max_size=None,
            compression=None,
            proxy=None,
        ) as socket:
            yield cls(socket, seed)

    async def visit(self, place: Place | None = None) -> float:
        """Runs a page, home without a name. Returns the seconds until all of it was here.

        Raises:
            RuntimeError: the page shows an error, or did not run to its end.
        """
        request = BackMsg()
        state = request.rerun_script
        state.context_info.timezone = "UTC"
        if place:
            state.page_script_hash, state.query_string = place.script_hash, place.query
        if place and place.name in self._sliders:
            widget, options = self._sliders[place.name]
            chosen = state.widget_states.widgets.add(id=widget)
            chosen.string_array_value.data.append(self.luck.choice(options))
        return await self._answer(request, place)

    async def say(self, place: Place, message: str) -> float:
        """Sends a message in the lab that was visited last. Returns the seconds until reply and next question are here.

        Raises:
            RuntimeError: the page shows an error, or has no box to write in.
        """
        if not self._chat_input:
            raise RuntimeError(f"{place.name}: there is no box to write in")
        request = BackMsg()
        state = request.rerun_script
        state.context_info.timezone = "UTC"
        state.page_script_hash, state.query_string = place.script_hash, place.query
        state.widget_states.widgets.add(id=self._chat_input).chat_input_value.data = message
        return await self._answer(request, place)

    async def _answer(self, request: BackMsg, place: Place | None) -> float:
        started = time.perf_counter()
        await self.socket.send(request.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            trouble = await self._finished(place)
        seconds = time.perf_counter() - started
        if trouble:
            raise RuntimeError(f"{place.name if place else 'home'}: {trouble}")
        self.here = place
        return seconds

    async def _finished(self, place: Place | None) -> str:
        trouble = ""
        message = ForwardMsg()
        while True:
            message.ParseFromString(await self.socket.recv(decode=False))
            match message.WhichOneof("type"):
                case "navigation":
                    self.places = {
                        name: Place(name, page.page_script_hash)
                        for page in message.navigation.app_pages
                        for name in ["home" if page.is_default else page.url_pathname]
                    }
                case "delta":
                    element = message.delta.new_element
                    kind = element.WhichOneof("type")
                    if kind == "exception":
                        trouble = element.exception.message or element.exception.type
                    elif kind == "alert" and element.alert.format == Alert.ERROR:
                        trouble = element.alert.body
                    elif kind == "chat_input":
                        self._chat_input = element.chat_input.id
                    elif kind == "slider" and element.slider.options and place and place.name not in self._sliders:
                        self._sliders[place.name] = element.slider.id, list(element.slider.options)
                case "page_not_found":
                    trouble = "page not found"
                case "script_finished":
                    match message.script_finished:
                        case ForwardMsg.FINISHED_SUCCESSFULLY:
                            return trouble
                        case ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                            return "the script does not compile"


async def measure_pages(server: Server, figures: Figures, battle_id: str) -> None:
    """Every page of the navigation and the verdict page: one visit each, then the reruns, one page after the other."""
    async with Session.open(server.address) as session:
        await session.visit()
        places = list(session.places.values())
        places.insert(
            1 + [place.name for place in places].index("battle"),
            Place("battle?battle=", session.places["battle"].script_hash, f"battle={battle_id}"),
        )
        for place in places:
            figures.first_visit_ms[place.name] = 1000 * await session.visit(place)
        figures.memory_mb["every page visited once"] = server.memory_mb()
        for place in places:
            await session.visit(place)  # a change of page is not a rerun
            before = server.cpu_seconds()
            times = []
            for _ in range(RERUNS):
                await asyncio.sleep(PAUSE)
                times.append(await session.visit(place))
            figures.reruns[place.name] = Times.of(times, server.cpu_seconds() - before)


async def measure_load(server: Server, figures: Figures, seconds: float) -> None:
    """A class: each session thinks, reruns home or the choice of a battle in turn, and thinks again."""
    times: list[float] = []
    deadline = time.monotonic() + seconds

    async def learner(number: int) -> None:
        luck = random.Random(number)
        await asyncio.sleep(luck.uniform(0, figures.think_seconds))
        try:
            async with Session.open(server.address, number) as session:
                times.append(await session.visit())
                turn = number
                while time.monotonic() < deadline:
                    await asyncio.sleep(figures.think_seconds * luck.uniform(0.75, 1.25))
                    times.append(await session.visit(session.places["battle" if turn % 2 else "home"]))
                    turn += 1
        except (OSError, RuntimeError, TimeoutError, WebSocketException) as error:
            figures.errors.append(f"session {number}: {type(error).__name__} {error}")

    started, before = time.perf_counter(), server.cpu_seconds()
    await asyncio.gather(*(learner(number) for number in range(figures.sessions)))
    took, spent = time.perf_counter() - started, server.cpu_seconds() - before
    figures.load = Times.of(times, spent) if times else None
    figures.reruns_a_second, figures.server_cores_busy = len(times) / took, spent / took
    figures.memory_mb["after the load"] = server.memory_mb()


def measure_first_page(address: str) -> dict[str, float]:
    """Seconds from the address to heading and primary button, in Chromium. Empty where there is none."""
    path = os.environ.get("NOISEFLOOR_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        return {}
    from playwright.sync_api import sync_playwright

    seconds = {}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[f"--{flag}" for flag in FLAGS])
        for visitor in ("first visitor (cold server)", "second visitor (warm server)"):
            page = chromium.new_context().new_page()  # with a cache of its own, empty
            for what in (visitor, f"{visitor.split()[0]} visitor again"):
                page.goto("about:blank")
                started = time.perf_counter()
                page.goto(f"http://{address}", wait_until="commit")
                page.locator("h1").first.wait_for(state="visible", timeout=1000 * PATIENCE)
                page.get_by_test_id("stBaseButton-primary").first.wait_for(state="visible", timeout=1000 * PATIENCE)
                seconds[what] = time.perf_counter() - started
            page.context.close()
        chromium.close()
    return seconds


# ---- putting it together


def machine() -> dict[str, str | int | float]:
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count() or 0,
        "load average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else -1,
        "python": platform.python_version(),
        "streamlit": streamlit.__version__,
    }


@contextlib.contextmanager
def running(home: Path) -> Iterator[Server]:
    server = Server(home)
    try:
        yield server
    finally:
        server.close()


def measure(options: argparse.Namespace, home: Path) -> Figures:
    os.environ["NOISEFLOOR_HOME"] = str(home)
    at_start = machine()
    battle_id = invent_battles(options.battles)
    with running(home) as server:
        figures = Figures(
            machine=at_start,
            battles=options.battles,
            start_seconds=server.start_seconds,
            sessions=options.sessions,
            think_seconds=options.think,
        )
        figures.memory_mb["before the first session"] = server.memory_mb()
        figures.first_page_seconds = measure_first_page(server.address)
        asyncio.run(measure_pages(server, figures, battle_id))
        if options.sessions:
            asyncio.run(measure_load(server, figures, options.seconds))
        peak = server.peak_mb()
        if peak is not None:
            figures.memory_mb["peak"] = peak
    return figures


def report(figures: Figures) -> str:
    lines = [", ".join(f"{name} {value}" for name, value in figures.machine.items())]
    lines += ["", f"Start, with {figures.battles} finished battles of {ITEMS} items in the ledger", ""]
    lines.append(f"  {'server answers':<34}{figures.start_seconds:8.2f} s")
    lines += [f"  {'home, ' + who:<34}{seconds:8.2f} s" for who, seconds in figures.first_page_seconds.items()]
    if not figures.first_page_seconds:
        lines.append("  no Chromium: the first page is not timed")
    lines += ["", "Memory of the server", ""]
    lines += [f"  {when:<34}{mb:8.0f} MB" for when, mb in figures.memory_mb.items()]
    lines += ["", f"One session, {RERUNS} reruns of each page, in ms", ""]
    lines.append(f"  {'page':<22}{'first visit':>12}{'median':>10}{'p95':>10}{'longest':>10}{'server CPU':>12}")
    for page, times in figures.reruns.items():
        lines.append(f"  {page:<22}{figures.first_visit_ms[page]:12.0f}{_cells(times)}")
    if figures.load:
        lines += [
            "",
            f"{figures.sessions} sessions, each thinking {figures.think_seconds:g} s between reruns, in ms",
            "",
        ]
        lines.append(f"  {'pages':<22}{'reruns':>12}{'median':>10}{'p95':>10}{'longest':>10}{'server CPU':>12}")
        lines.append(f"  {'home, battle':<22}{figures.load.count:12,}{_cells(figures.load)}")
        busy = f"{figures.reruns_a_second:.1f} reruns/s, {figures.server_cores_busy:.2f} cores busy in the server"
        lines += ["", f"  {busy}, {len(figures.errors)} errors"]
        lines += [f"  {error}" for error in figures.errors[:5]]
    return "\n".join(lines)


def _cells(times: Times) -> str:
    return f"{times.median:10.1f}{times.p95:10.1f}{times.longest:10.1f}{times.server_cpu:12.1f}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Start, memory, reruns and load of the app.")
    parser.add_argument("--sessions", type=int, default=100, help="learners at once (default %(default)s; 0: none)")
    parser.add_argument("--think", type=float, default=4.0, help="seconds each thinks (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=40.0, help="length of the load (default %(default)s)")
    parser.add_argument("--battles", type=int, default=1, help="finished battles in the ledger (default %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    options = parser.parse_args()
    if options.battles < 1:
        parser.error("--battles: at least one, for the verdict page to show")
    with tempfile.TemporaryDirectory(prefix="noise-floor-benchmark-") as home:
        figures = measure(options, Path(home))
    print(report(figures))
    if options.json:
        options.json.write_text(json.dumps(asdict(figures), indent=1) + "\n", encoding="utf-8")
    return 1 if figures.errors else 0


if __name__ == "__main__":
    sys.exit(main())
