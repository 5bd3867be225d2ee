"""The judge on messages of writers who knew neither code nor rule: what is reached stays reached.

The shares are measured in docs/judge.md, with the bars that are not reached. The messages and labels are in
tests/data/messages; nothing here was learned from.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labs import case_of, load_lab
from tutor.exchange import SUBSTANTIVE, Assessment, Message
from tutor.judge.assessment import assess
from tutor.judge.local import loaded_judge

MESSAGES = Path(__file__).parents[3] / "data" / "messages"
pytestmark = pytest.mark.slow
Pair = tuple[dict[str, Any], Assessment]


def judged(name: str) -> list[Pair]:
    lines = (MESSAGES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [(record, _assessed(record)) for record in map(json.loads, lines)]


def _assessed(record: dict[str, Any]) -> Assessment:
    lab = load_lab(record["lab"])
    message = Message(
        lab=lab, case=case_of(lab, record["case"]), tutor=record["tutor"], learner=record["learner"],
        earlier=tuple(record["earlier"]),
    )  # fmt: skip
    return assess(message, loaded_judge())


def share(pairs: list[Pair], of: Callable[[dict[str, Any]], bool], is_so: Callable[[Pair], bool]) -> float:
    chosen = [pair for pair in pairs if of(pair[0])]
    return sum(map(is_so, chosen)) / len(chosen)


def test_second_writer():
    pairs = judged("second_writer")
    assert share(pairs, lambda _: True, lambda pair: pair[1].substantive == (pair[0]["why"] in SUBSTANTIVE)) >= 0.88
    assert share(pairs, lambda one: one["why"] in SUBSTANTIVE, lambda pair: pair[1].substantive) >= 0.83
    assert share(pairs, lambda one: one["why"] not in SUBSTANTIVE, lambda pair: pair[1].substantive) <= 0.08
    assert share(pairs, lambda one: one["why"] == "injection", lambda pair: pair[1].substantive) == 0
    assert share(pairs, lambda one: one["category"] == "swap", lambda pair: pair[1].substantive) <= 0.10
    assert share(pairs, lambda one: one["category"] == "fits_any", lambda pair: pair[1].substantive) <= 0.15
    assert share(pairs, lambda one: one["category"] == "denial", lambda pair: bool(pair[1].misconception)) <= 0.10
