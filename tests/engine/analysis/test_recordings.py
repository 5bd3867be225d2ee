"""The battles kept with the product: whole, small, without a benchmark's text, and judged together."""

from __future__ import annotations

import gzip
import json

import pytest

from engine.analysis import recordings
from engine.errors import Unknown
from engine.tasks.registry import load_task

every_recording = pytest.mark.parametrize("name", recordings.names())
IN_A_SIDE = {"correct", "score", "choice", "logliks", "scored", "alone", "tokens", "cut", "failure"}
"""What may be kept of an answer: numbers, and the name of a failure."""


@every_recording
def test_a_recording_says_what_it_is(name: str) -> None:
    battle = recordings.load(name)
    assert len(battle.a) == len(battle.b) >= 1_000 or battle.extent.startswith("all ")
    assert battle.title.startswith(load_task(battle.task).title)
    assert battle.date in battle.provenance and "torch" in battle.provenance
    assert set(battle.a) | set(battle.b) <= {0.0, 1.0}


@every_recording
def test_the_verdict_is_the_one_that_was_recorded(name: str) -> None:
    with gzip.open(recordings.FOLDER / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        stored = json.load(file)
    verdict = recordings.load(name).verdict
    assert (verdict.gap, verdict.winner, verdict.n) == (stored["gap"], stored["winner"], stored["n"])
    assert (verdict.interval.low, verdict.interval.high) == (stored["interval"]["low"], stored["interval"]["high"])
    assert stored["state"] == "done"


@every_recording
def test_no_text_of_a_benchmark_is_kept(name: str) -> None:
    with gzip.open(recordings.FOLDER / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        items = json.load(file)["items"]
    for item in items:
        assert set(item) <= {"id", "group", "a", "b"}
        assert set(item["a"]) | set(item["b"]) <= IN_A_SIDE


def test_recordings_are_small() -> None:
    assert sum(file.stat().st_size for file in recordings.FOLDER.iterdir()) < 10_000_000


def test_together_they_are_many_chances_to_be_lucky() -> None:
    """By Holm's own steps: the i-th smallest p of m times m - i + 1, and never less than the one before."""
    together = recordings.together()
    alone = sorted(verdict.p_value for verdict in together.verdicts.values())
    steps = [min(1.0, (len(alone) - i) * p) for i, p in enumerate(alone)]
    assert sorted(together.p_values.values()) == pytest.approx([max(steps[: i + 1]) for i in range(len(steps))])
    assert len(together.verdicts) == len({recordings.load(name).task for name in recordings.names()})


def test_one_benchmark_that_was_asked_twice_is_one_chance() -> None:
    """Both recordings are over the same thousand items, in the same order, so they do not err independently."""
    asked, bare = recordings.load("mmlu"), recordings.load("mmlu_0shot")
    assert asked.item_ids == bare.item_ids and (asked.shots, bare.shots) == (5, 0)
    assert asked.title in recordings.together().verdicts and bare.title not in recordings.together().verdicts


@every_recording
def test_scores_and_ids_belong_together(name: str) -> None:
    recording = recordings.load(name)
    with gzip.open(recordings.FOLDER / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        stored = json.load(file)
    scores = dict(zip(recording.item_ids, zip(recording.a, recording.b, strict=True), strict=True))
    assert scores == {item["id"]: (item["a"]["score"], item["b"]["score"]) for item in stored["items"]}
    for reading in stored.get("readings", []):
        known = recording.readings.get(reading["rule"])
        assert known is None or (known.a, known.b) == (reading["a"], reading["b"])
        assert (known is None) == ("not_recomputed" in reading)


def test_an_unknown_recording_is_named() -> None:
    with pytest.raises(Unknown, match="arc_easy"):
        recordings.load("arc_hard")
