"""The JSON of a battle, as `python -m engine battle --json` and the app write it: every key, once.

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
from engine.stats.decomposition import GapSource
from engine.stats.paired import Winner
from engine.stats.verdict import Estimand

Json = dict[str, Any]
"""JSON of a result that is no part of a battle's: the module of `engine.report` that writes it knows its keys."""


class IntervalDocument(TypedDict):
    low: float
    high: float
    level: float
    method: str


class DiscordantDocument(TypedDict):
    a_only: int
    b_only: int


class VerdictDocument(TypedDict, total=False):
    """A verdict, as in the JSON of battles, suites and stored logs. Without one: no `winner`, and why in `sentence`."""

    gap: float
    interval: IntervalDocument
    discordant: DiscordantDocument | None
    p_value: float
    p_method: str
    p_equal: float
    margin: float
    target: Estimand
    winner: Winner | None
    detectable_gap: float
    items_needed: int | None
    sentence: str
    sentences: list[str]
    caveats: list[str]


class ContenderDocument(TypedDict, total=False):
    """One side.

    macro       the mean over the groups of items, where there are any
    stands_for  the model and the address behind the name of a configured endpoint; of no other model
    """

    name: str
    stands_for: str
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


class FailureDocument(TypedDict):
    side: Side
    id: str
    reason: str
    message: str


class ForecastDocument(TypedDict):
    """What somebody expected. With `plan` and `seal` anybody can check what was sealed: SHA-256 of the plan as JSON
    with sorted keys and no spaces, in UTF-8."""

    hypothesis: str | None
    forecast: dict[str, float] | None
    by: str | None
    seal: str | None
    intact: bool | None
    outcome: Winner | None
    probability: float | None
    brier: float | None
    sentence: str
    plan: dict[str, Any] | None


class MeanDocument(TypedDict):
    """An error of None is unknown, not nought."""

    score: float
    error: float | None


class MeansDocument(TypedDict):
    a: MeanDocument
    b: MeanDocument
    gap: MeanDocument


class GroupDocument(MeansDocument):
    group: str
    n: int


class GroupsDocument(TypedDict):
    micro: MeansDocument
    macro: MeansDocument
    groups: list[GroupDocument]
    assumed: str


class RescoringDocument(VerdictDocument, total=False):
    """The stored answers under one rule: a verdict, or in `not_recomputed` why there is none."""

    rule: str
    label: str
    own: bool
    not_recomputed: str
    n: int
    a: float
    b: float
    changed: dict[Side, int]
    flips: dict[Side, int]


class BinDocument(TypedDict):
    n: int
    low: float
    high: float
    confidence: float
    accuracy: float
    interval: IntervalDocument


class CalibrationDocument(TypedDict, total=False):
    """One side's calibration, as in `engine.analysis.calibration`, or in `not_computed` why nothing is said of it."""

    name: str
    n: int
    accuracy: float
    confidence: float
    bins: list[BinDocument]
    ece: float
    if_calibrated: float
    limit: float
    p_value: float
    brier: float
    brier_error: float | None
    brier_guessing: float
    sentences: list[str]
    not_computed: str


class RemeasurementDocument(TypedDict):
    label: str
    gap: float
    n: int
    base: float
    flips: int
    unread: int
    bound: bool


class SourceDocument(TypedDict):
    source: GapSource
    about: str
    low: float | None
    high: float | None
    readings: list[RemeasurementDocument]
    mixed: list[RemeasurementDocument]
    untried: list[str]
    applies: bool
    measured: bool


class DecompositionDocument(TypedDict):
    """The gap in its sources, as in `engine.stats.decomposition`."""

    names: list[str]
    gap: float
    n: int
    level: float
    margin: float
    parts: list[SourceDocument]
    sentences: list[str]


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

    n      items both sides have a score for, of the `planned` ones
    split  where the gap comes from; only the command line adds it
    """

    state: str
    n: int
    planned: int
    stop: Stop
    seed: int
    card: ForecastDocument
    aggregates: GroupsDocument
    readings: list[RescoringDocument]
    calibration: dict[Side, CalibrationDocument]
    failures: list[FailureDocument]
    notices: list[str]
    seconds: float | None
    date: str
    split: DecompositionDocument | None


def sides(document: Any) -> SidesDocument:
    """The two sides in somebody else's JSON; all other keys are dropped.

    Raises:
        pydantic.ValidationError: they are not as a battle is written; the first of its errors says where.
    """
    return _adapter().validate_python(document, strict=True)


@functools.cache
def _adapter() -> TypeAdapter[SidesDocument]:
    return TypeAdapter(SidesDocument)
