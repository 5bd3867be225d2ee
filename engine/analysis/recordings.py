"""Battles that were run once, completely, and are kept with the product as they came out.

A recording is the JSON of `python -m engine battle --json` (`engine.store.document`), compressed. It holds ids, scores
and log-likelihoods, never the text of a benchmark. It says which machine, when and with which versions.
"""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.battles.battle import SIDES
from engine.errors import Unknown
from engine.models.registry import find
from engine.stats.multiplicity import AdjustedVerdicts, adjusted
from engine.stats.verdict import Verdict, compare
from engine.store.document import BattleDocument, ItemDocument
from engine.tasks.registry import load_task

FOLDER = Path(__file__).resolve().parents[1] / "recordings"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedReading:
    """The recorded answers as one scoring rule reads them: both scores, and how many of each side's change."""

    a: float
    b: float
    flips: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """A battle that is over. Scores are aligned and in the battle's order: a random order of the items.

    There is one object for each recording, so two are equal only when they are the same one.
    """

    task: str
    shots: int
    names: tuple[str, str]
    item_ids: tuple[str, ...]
    a: tuple[float, ...]
    b: tuple[float, ...]
    level: float
    margin: float
    date: str
    device: str
    dtype: str
    versions: str
    notices: tuple[str, ...]
    """What happened on the way, a resumption under other conditions for one."""
    readings: Mapping[str, RecordedReading]
    """By the name of the rule; without those that could not be applied, or were not recorded."""

    @property
    def provenance(self) -> str:
        """Where the numbers are from, in a line."""
        return f"Recorded {self.date} on {self.device}, {self.dtype}, {self.versions}."

    @property
    def title(self) -> str:
        """The benchmark, and how it was asked if with worked examples."""
        title = load_task(self.task).title
        return f"{title}, {self.shots}-shot" if self.shots else title

    @property
    def extent(self) -> str:
        """How much of the benchmark it is."""
        n, size = len(self.a), load_task(self.task).size
        return f"all {n:,} questions" if n == size else f"{n:,} of {size:,} questions"

    @property
    def verdict(self) -> Verdict:
        """On all items."""
        return verdict_after(self, len(self.a))


def names() -> list[str]:
    """All recordings, by the names under which they are loaded."""
    return sorted(file.name.removesuffix(".json.gz") for file in FOLDER.glob("*.json.gz"))


@functools.lru_cache(maxsize=4096)
def verdict_after(recording: Recording, n: int) -> Verdict:
    """The verdict had the battle ended after its first `n` items."""
    a, b = recording.a[:n], recording.b[:n]
    return compare(a, b, level=recording.level, margin=recording.margin, names=recording.names)


@functools.cache
def load(name: str) -> Recording:
    """Raises Unknown when there is no such recording."""
    if name not in names():
        raise Unknown.name("recording", name, names())
    with gzip.open(FOLDER / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        battle: BattleDocument = json.load(file)
    scores = {str(item["id"]): _scores(item) for item in battle["items"]}
    complete = {item: pair for item, pair in scores.items() if pair is not None}
    a, b = zip(*complete.values(), strict=True)
    environment = battle["environment"]["a"]
    return Recording(
        task=battle["task"],
        shots=battle["a"]["shots"],
        names=(find(battle["a"]["name"]).title, find(battle["b"]["name"]).title),
        item_ids=tuple(complete),
        a=a,
        b=b,
        level=battle["interval"]["level"],
        margin=battle["margin"],
        date=battle["date"],
        device=environment["device"],
        dtype=environment["dtype"],
        versions=f"torch {environment['torch']}, transformers {environment['transformers']}",
        notices=tuple(battle["notices"]),
        readings={
            reading["rule"]: RecordedReading(
                a=reading["a"], b=reading["b"], flips=(reading["flips"]["a"], reading["flips"]["b"])
            )
            for reading in battle.get("readings", [])
            if "flips" in reading
        },
    )


def _scores(item: ItemDocument) -> tuple[float, float] | None:
    """Of both sides; None where one of them has none."""
    a, b = ((item.get(side) or {}).get("score") for side in SIDES)
    return None if a is None or b is None else (a, b)


@functools.cache
def together() -> AdjustedVerdicts:
    """The recordings, which are of the same two contenders, judged as what they are: many chances to be lucky.

    One for each benchmark: two over the same items do not err independently, as `adjusted` takes for granted.
    """
    by_task = {recording.task: recording for recording in map(load, reversed(names()))}  # the shortest name stays
    return adjusted({recording.title: recording.verdict for _, recording in sorted(by_task.items())})
