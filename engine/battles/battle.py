"""The nouns of a battle: two contenders, the items, the rules, and what came of every item.

All of it is frozen data. A `Battle` is complete before anything runs, so a stored battle can be resumed,
repeated and argued with; an `Outcome` is what happened to one item on one side, and a failure there is a
type of its own: it can be counted and shown, but never mistaken for a wrong answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import Literal

from engine.battles.forecast import Forecast
from engine.harness.config import HarnessConfig
from engine.models.interface import FailureKind
from engine.stats.verdict import Estimand

Side = Literal["a", "b"]
SIDES: tuple[Side, Side] = ("a", "b")
Stop = Literal["planned", "adaptive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A model under a harness. Two prompts for one model are two contenders, and may meet in a battle."""

    model: str
    """The address `engine.models.registry.find` understands."""
    harness: HarnessConfig
    stands_for: str = ""
    """Of an endpoint that the operator named: the model and the address that the name meant when this was planned."""

    @property
    def name(self) -> str:
        return self.model

    @property
    def address(self) -> str:
        """The address that says it all, whatever a name may mean by now."""
        return self.stands_for or self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Battle:
    """The whole plan of a battle, written down before anything runs."""

    id: str
    a: Contender
    b: Contender
    task: str
    item_ids: tuple[str, ...]
    """The items in the order they are asked: a seeded draw, the same for both sides."""
    items_digest: str
    """Hash of the chosen items' contents: a battle is only resumed over the very same questions."""
    seed: int
    margin: float
    level: float
    device: str
    """Resolved when the battle was planned: cpu, cuda, mps, or endpoint where no weights are local."""
    stop: Stop = "planned"
    """planned: all items are used; adaptive: until an always-valid interval has decided."""
    estimand: Estimand = field(default="skill", metadata={"alias": "target"})
    """What an always-valid interval speaks of: all questions like these, or this benchmark's own items."""
    repeat_of: str = field(default="", metadata={"alias": "of"})
    """The battle this one repeats under another setting, to measure what that moves; empty for a battle of its own."""
    forecast: Forecast | None = field(default=None, metadata={"alias": "card"})
    """What somebody expects of it, sealed with the plan; None where nobody said."""
    probe: bool = False
    """A probe measures the speed of this machine; its verdict is nobody's business."""

    @property
    def n(self) -> int:
        return len(self.item_ids)

    def answered(self, a: Container[str], b: Container[str]) -> list[str]:
        """The beginning of the battle's order, as far as every item is in both: a fair sample, whatever came first."""
        return list(itertools.takewhile(lambda item: item in a and item in b, self.item_ids))

    def complete_scores(
        self, pairs: Iterable[tuple[str, float | None, float | None]]
    ) -> dict[str, tuple[float, float]]:
        """Scores of A and B by item id, in the battle's order, as far as both have answered all that came before.

        pairs  (item, score of A, score of B) of items both are done with, in any order; None for one that failed
        """
        scores = {item: (a, b) for item, a, b in pairs}
        answered = ((item, scores[item]) for item in self.answered(scores, scores))
        return {item: (a, b) for item, (a, b) in answered if a is not None and b is not None}

    def contender(self, side: Side) -> Contender:
        return self.a if side == "a" else self.b


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """One side's scored answer to one item."""

    item_id: str
    score: float
    """1.0 right, 0.0 wrong; anything between where a task gives part of a point."""
    choice: int | None = None
    """Index of the choice that won; None where the model wrote its answer."""
    logliks: tuple[float, ...] = ()
    """Summed log-likelihood of each choice, natural log, in the order of the choices."""
    scored: tuple[int, ...] = ()
    """Tokens of each choice that were scored."""
    unconditional: tuple[float, ...] = field(default=(), metadata={"alias": "alone"})
    """Summed log-likelihood of each choice without its question; empty where that was not asked for."""
    text: str | None = None
    """What the model wrote, raw and untrusted, its reasoning included."""
    answer: str | None = None
    """What the extraction rule found in `text`; None where it found nothing (lm-eval counts that as wrong)."""
    tokens: int = 0
    """Tokens the model worked through for this item."""
    truncated_tokens: int = field(default=0, metadata={"alias": "cut"})
    """Tokens dropped at the front because the prompt was longer than the model can read."""
    seconds: float = 0.0
    """This item's share of its batch's time."""
    kind: Literal["result"] = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFailure:
    """Why one side has no score for one item. Not a wrong answer: the pair is left out of the verdict."""

    item_id: str
    reason: FailureKind
    message: str
    text: str | None = None
    seconds: float = 0.0
    kind: Literal["failure"] = "failure"


Outcome = ItemResult | ItemFailure
