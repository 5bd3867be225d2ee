"""What every test stands on: a data folder of its own, no network, a toy model and a toy task.

The toys take the places of weights and of benchmark files. Everything between them is the real thing: the
real ledger on a real disk, the real worker loop, the real command line.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sys
import tempfile
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HUB = tempfile.TemporaryDirectory(prefix="noise-floor-tests-hub-")
os.environ.update(  # before anything imports these libraries: they read the variables once
    HF_HOME=HUB.name,
    HF_HUB_OFFLINE="1",
    HF_DATASETS_OFFLINE="1",
    HF_HUB_DISABLE_PROGRESS_BARS="1",
    TOKENIZERS_PARALLELISM="false",
)
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


import pytest
from hypothesis import settings

from engine import Item, Task
from engine.analysis.variations import variations
from engine.battles.prepared import battle_items
from engine.harness.config import Decoding
from engine.models.interface import Completion, Logliks, Prompt, Ranking, Trouble
from engine.runs import service
from engine.runs.worker import work
from engine.tasks import registry
from engine.tasks.items import _items
from engine.tasks.sources import Row
from tests.stub_server import StubServer, running

settings.register_profile("steady", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing a test writes or reads lies outside its own folder."""
    home = tmp_path / "home"
    monkeypatch.setenv("NOISEFLOOR_HOME", str(home))
    monkeypatch.setattr("engine.home.FRESH", 0.0)  # a test may change the folder between two looks
    for name in ("NOISEFLOOR_DATA", "HF_DATASETS_CACHE", "OPENAI_API_KEY", "OPENAI_BASE_URL", "NOISEFLOOR_PUBLIC"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def hub_folder() -> Iterator[Path]:
    """The hub client's cache on disk, empty; the same folder in every test, since the client reads HF_HOME once."""
    yield Path(HUB.name)
    for entry in Path(HUB.name).iterdir():
        shutil.rmtree(entry)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of other machines do not resolve; the list says which were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def local_only(host: Any, *rest: Any, **options: Any) -> Any:
        if host in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", b"localhost", b"127.0.0.1"):
            return real(host, *rest, **options)
        asked.append(str(host))
        raise socket.gaierror(socket.EAI_NONAME, f"tests have no network, {host} was asked for")

    monkeypatch.setattr(socket, "getaddrinfo", local_only)
    return asked


def _chance(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts and on nothing else."""
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:12], 16) / 16**12


class ToyModel:
    """Answers by a hash of what it is asked: as arbitrary as weights, and the same every time."""

    def __init__(self, name: str, *, fails: Collection[str] = (), batch: int = 3, says: str = "#### 7") -> None:
        self.name, self.fails, self.batch, self.says = name, fails, batch, says
        self.environment = {"weights": name, "device": "toy", "dtype": "float32"}
        self.notices: list[str] = []
        self.asked: list[str] = []

    def rank(self, items: Sequence[Ranking], skip: Collection[str] = ()) -> Iterator[list[Logliks | Trouble]]:
        def answer(item: Ranking) -> Logliks:
            sums = tuple(-10 * _chance(self.name, pair) for pair in item.pairs)
            return Logliks(item_id=item.item_id, sums=sums, tokens=len(sums), seconds=0.25)

        yield from self._batches(items, skip, answer)

    def write(
        self, items: Sequence[Prompt], decoding: Decoding, skip: Collection[str] = ()
    ) -> Iterator[list[Completion | Trouble]]:
        def answer(item: Prompt) -> Completion:
            return Completion(item_id=item.item_id, text=self.says, truncated=False, tokens=5, seconds=0.5)

        yield from self._batches(items, skip, answer)

    def _batches(self, items: Sequence[Any], skip: Collection[str], answer: Callable[[Any], Any]) -> Iterator[Any]:
        for start in range(0, len(items), self.batch):
            todo = [item for item in items[start : start + self.batch] if item.item_id not in skip]
            self.asked += [item.item_id for item in todo]
            if todo:
                yield [
                    Trouble(item_id=item.item_id, reason="error", message="told to fail")
                    if item.item_id in self.fails
                    else answer(item)
                    for item in todo
                ]


class Idle:
    """An executor that carries nothing out: battles stay as they are until a test calls `work` itself."""

    def ensure(self, device: str) -> None:
        pass


class InProcess:
    """An executor that carries everything out at once, in this process."""

    def ensure(self, device: str) -> None:
        work(device)


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "executor", Idle())


@dataclass(frozen=True)
class Shelf:
    """A source whose rows are simply there, or simply not."""

    label = "shelf"
    held: tuple[Row, ...] = ()
    here: bool = True

    def present(self) -> bool:
        return self.here

    def rows(self) -> Iterator[Row]:
        return iter(self.held)

    def advice(self) -> str:
        return "put it on the shelf"


COLOURS = ("red", "green", "blue")


def toy_rows(sizes: dict[str, int], what: str = "question") -> tuple[Row, ...]:
    return tuple(
        {"group": group, "text": f"{what} {group}{i}", "gold": i % 3} for group, n in sizes.items() for i in range(n)
    )


def toy_item(index: int, row: Row) -> Item:
    return Item.ranked(index, f"Q: {row['text']}\nA:", COLOURS, row["gold"], group=row["group"])


def toy_task(name: str = "toy", *, rows: Iterable[Row] | None = None, shots: Iterable[Row] = (), **other: Any) -> Task:
    """Forty questions about colours in two subjects, unless told otherwise."""
    held = tuple(toy_rows({"sky": 30, "sea": 10}) if rows is None else rows)
    given = {"item": toy_item, "items_from": (Shelf(held),), "shots_from": (Shelf(tuple(shots)),), "chance": 1 / 3}
    words = {"title": "Toy", "about": "Colours.", "licence": "none"}
    return Task(**({"name": name, "size": len(held)} | words | given | other))


def _forget() -> None:
    for remembered in (_items, battle_items, variations):
        remembered.cache_clear()


@pytest.fixture
def fresh_items() -> Iterator[None]:
    """Items are remembered for the life of a process; a test that changes a source must not meet old ones."""
    _forget()
    yield
    _forget()


@pytest.fixture
def add_task(monkeypatch: pytest.MonkeyPatch, fresh_items: None) -> Callable[[Task], Task]:
    """Puts a task on the list, the way a contributor's new file would; twice replaces it."""

    def add(task: Task) -> Task:
        module = types.ModuleType(f"engine.tasks.catalogue.{task.name}")
        module.TASKS = (task,)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(registry.CATALOGUE, task.name, task.name)
        monkeypatch.setattr(registry, "TASKS", (*dict.fromkeys((*registry.TASKS, task.name)),))
        _forget()
        return task

    return add


@pytest.fixture
def toy(add_task: Callable[[Task], Task]) -> Task:
    return add_task(toy_task())


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with running() as server:
        yield server


@pytest.fixture
def contenders(tmp_path: Path) -> tuple[str, str]:
    """Addresses of two models that can be found but are never opened: folders with a config.json."""
    for name in ("ruby", "jade"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}", encoding="utf-8")
    return str(tmp_path / "ruby"), str(tmp_path / "jade")
