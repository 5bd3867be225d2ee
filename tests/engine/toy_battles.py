"""Battles that nobody ran: the plan, and results with the outcomes that a test writes out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from engine.analysis.decomposition import decompose
from engine.analysis.repeats import Repeat
from engine.battles.battle import Battle, Contender, Outcome
from engine.battles.result import BattleResult
from engine.battles.scoring import written_outcome
from engine.models.interface import Completion, Trouble
from engine.stats.decomposition import (
    GapDecomposition,
)
from engine.tasks.items import digest, load_items
from engine.tasks.task import Item, Scorer, Task


def is_seven(answer: str, item: Item) -> float:
    return float(answer == "7")


def after_marks(text: str) -> str | None:
    return found[1] if (found := re.search(r"#### ([0-9]+)", text)) else None


def last_number(text: str) -> str | None:
    return (re.findall(r"[0-9]+", text) or [None])[-1]


STRICT, FLEXIBLE = Scorer(after_marks, is_seven), Scorer(last_number, is_seven)


def battle_of(task: Task, models: tuple[str, str], **settings: Any) -> Battle:
    items = load_items(task)
    a, b = (Contender(model=model, harness=task.harness()) for model in models)
    plan: dict[str, Any] = {"seed": 0, "margin": 0.02, "level": 0.95, "device": "cpu", "items_digest": digest(items)}
    plan |= {"id": "first", "a": a, "b": b, "task": task.name, "item_ids": tuple(item.id for item in items)}
    return Battle(**(plan | settings))


def result_of(battle: Battle, a: Mapping[str, Outcome], b: Mapping[str, Outcome], state: str = "done") -> BattleResult:
    return BattleResult(
        battle=battle, state=state, a=a, b=b, environment={}, notices=(), seconds=1.0, created=1_700_000_000.0
    )


def repeats(family: Sequence[BattleResult]) -> list[Repeat]:
    return [
        Repeat(battle=one.battle, state=one.state, scores={i: (a.score, b.score) for i, a, b in one.pairs})  # type: ignore[arg-type]
        for one in family
    ]


def decomposed(result: BattleResult, family: Sequence[BattleResult] = ()) -> GapDecomposition | None:
    return decompose(result, repeats(family))


def written(task: Task, texts: Sequence[str | None], **settings: Any) -> dict[str, Outcome]:
    """What came of one text an item; one that ends in … was cut off, None is a failure without a text."""
    outcomes = {}
    for item, text in zip(load_items(task), texts, strict=True):
        told: Completion | Trouble = Trouble(item_id=item.id, reason="endpoint", message="gone away")
        if text is not None:
            told = Completion(item_id=item.id, text=text, truncated=text.endswith("…"), tokens=5, seconds=0.1)
        outcomes[item.id] = written_outcome(task, item, told, task.harness(**settings))
    return outcomes


RIGHT, WRONG, LOOSE, SILENT, CUT, CUT_LOOSE = "#### 7", "#### 8", "it is 7", "no idea", "let me see…", "so 7 or…"
