"""The JSON of a battle, as `python -m engine battle --json` and the app write it: every key at its top, once.

A document is plain JSON, so its types are those of its dicts. Any key may be missing in a file that is read: it may be
from before the key was there. Fractions throughout, gaps are A minus B. Written by `engine.report`; read back as a log
(`engine.logs`) and as a recording (`engine.analysis.recordings`).

Knows no ledger and no result.
"""

from __future__ import annotations

import functools
from typing import Annotated, Any

from pydantic import FailFast, TypeAdapter
from typing_extensions import TypedDict  # that of `typing` cannot be checked before Python 3.12

from engine.battles.battle import Side, Stop
from engine.stats.paired import Winner
from engine.stats.verdict import Target

Json = dict[str, Any]
"""A part of it that nobody reads back by its keys: the module of `engine.report` that writes it knows them."""


class VerdictDocument(TypedDict, total=False):
    """A verdict, as in the JSON of battles, suites and stored logs. Without one: no `winner`, and why in `sentence`."""

    gap: float
    interval: Json
    discordant: Json | None
    p_value: float
    p_method: str
    p_equal: float
    margin: float
    target: Target
    winner: Winner | None
    detectable_gap: float
    items_needed: int | None
    sentence: str
    sentences: list[str]
    caveats: list[str]


class ContenderDocument(TypedDict, total=False):
    """One side: `macro` is the mean over the groups of items, where there are any."""

    name: str
    score: float | None
    macro: float
    shots: int
    normalisation: str
    extraction: str
    fingerprint: str


class OutcomeDocument(TypedDict, total=False):
    """What came of an item: a score, or a `failure` in place of one.

    correct          None for part of a point, which is neither
    choice, logliks  of ranked choices; `scored` and `alone` are as in `ItemResult`
    text, answer     of what was written
    """

    correct: bool | None
    score: float | bool | None
    choice: int | None
    logliks: list[float]
    scored: list[int]
    alone: list[float]
    text: str | None
    answer: str | None
    failure: str | None


class ItemDocument(TypedDict, total=False):
    """A side that has not come to the item is missing."""

    id: str | int
    group: str | None
    a: OutcomeDocument | None
    b: OutcomeDocument | None


class SidesDocument(TypedDict, total=False):
    """What a battle holds of its two sides: the part that is read back as logs.

    environment  by side: device, precision and versions of libraries
    """

    battle_id: str
    task: str
    a: ContenderDocument
    b: ContenderDocument
    environment: dict[str, dict[str, str]]
    items: Annotated[list[ItemDocument], FailFast()]


class BattleDocument(SidesDocument, VerdictDocument, total=False):
    """A battle, whole.

    n            items both sides have a score for, of the `planned` ones
    card         the forecast and what became of it; with its `plan` and `seal` anybody can check what was sealed:
                 SHA-256 of the plan as JSON with sorted keys and no spaces, in UTF-8
    aggregates   scores over groups of items
    readings     the stored answers under every rule
    calibration  of each side
    split        where the gap comes from; only the command line adds it
    """

    state: str
    n: int
    planned: int
    stop: Stop
    seed: int
    card: Json
    aggregates: Json
    readings: list[Json]
    calibration: dict[Side, Json]
    failures: list[Json]
    notices: list[str]
    seconds: float | None
    date: str
    split: Json | None


def sides(document: Any) -> SidesDocument:
    """The two sides in somebody else's JSON; all other keys are dropped.

    Raises:
        pydantic.ValidationError: they are not as a battle is written; the first of its errors says where.
    """
    return _adapter().validate_python(document, strict=True)


@functools.cache
def _adapter() -> TypeAdapter[SidesDocument]:  # slow to make
    return TypeAdapter(SidesDocument)
