"""The battles of `battles.json`, every outcome written out: nothing runs, so nothing hangs on a clock or a machine.

`battles.json` holds what the command line and the app wrote of them before results were parted from their JSON, by
`{name: result.to_json() | {"split": decomposition.split(result, repeats).to_json()}}`, the split where there is one,
each as `json.dumps(..., indent=1)`. What is written today must be the same to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine import Battle, BattleResult, Contender, HarnessConfig, Item, ItemFailure, ItemResult, Task
from engine.battles import Forecast, Outcome, OutcomeProbabilities, Seal
from engine.harness.config import Decoding
from engine.tasks.items import digest, load_items
from tests.conftest import Shelf, _chance, toy_item, toy_rows, toy_task
from tests.engine.toy_battles import FLEXIBLE, STRICT

RUBY, JADE = "gemma-3-270m", "smollm2-135m-instruct"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A battle, the task it was over, and its repeats under other settings."""

    task: Task
    result: BattleResult
    repeats: tuple[BattleResult, ...] = ()


def recorded() -> Mapping[str, Callable[[], Recorded]]:
    """How each is made, by name; a task must be on the list before its battle is looked at."""
    return {
        "ranked": _ranked,
        "stopped": _stopped,
        "written": _written,
        "too few": _too_few,
        "in part": _in_part,
    }


def _battle(name: str, task: Task, harness: HarnessConfig, **other: Any) -> Battle:
    items = load_items(task)
    given = {
        "id": f"golden-{name}",
        "a": Contender(model=RUBY, harness=harness),
        "b": Contender(model=JADE, harness=harness),
        "task": task.name,
        "item_ids": tuple(item.id for item in items),
        "items_digest": digest(items),
        "seed": 7,
        "margin": 0.02,
        "level": 0.95,
        "device": "cpu",
    }
    return Battle(**(given | other))


def _result(battle: Battle, a: Mapping[str, Outcome], b: Mapping[str, Outcome], **other: Any) -> BattleResult:
    ran = {"device": "cpu", "dtype": "float32", "torch": "2.9", "transformers": "5.0"}
    given = {
        "battle": battle,
        "state": "done",
        "a": a,
        "b": b,
        "environment": {"a": ran, "b": ran | {"dtype": "bfloat16"}},
        "notices": ("It was gone on with on another day.",),
        "seconds": 12.5,
        "created": 1_760_000_000.0,
    }
    return BattleResult(**(given | other))


def _answer(item: Item, name: str, **other: Any) -> ItemResult:
    """A ranked answer as arbitrary as weights, with all that may be stored of one."""
    logliks = tuple(-10 * _chance(name, item.id, choice) for choice in item.choices)
    choice = logliks.index(max(logliks))
    given = {
        "item_id": item.id,
        "score": float(choice == item.gold),
        "choice": choice,
        "logliks": logliks,
        "scored": tuple(1 + len(text) // 2 for text in item.choices),
        "unconditional": tuple(-4 * _chance(name, text) for text in item.choices),
    }
    return ItemResult(**(given | other))


def _answers(task: Task, name: str, **other: Any) -> dict[str, Outcome]:
    return {item.id: _answer(item, name, **other) for item in load_items(task)}


def _card() -> Forecast:
    forecast = OutcomeProbabilities(a=0.5, b=0.2, equal=0.1, undecided=0.2)
    return Forecast(probabilities=forecast, hypothesis="The larger one\nhas read more.", by="f1:0123", nonce="00")


def _ranked() -> Recorded:
    """In groups, to its end, with a forecast, a failure on each side and two repeats."""
    task = toy_task("golden_ranked", rows=toy_rows({"sky": 8, "sea": 5, "moon": 1}))
    plan = _battle("ranked", task, task.harness(unconditional=True), forecast=_card())
    a, b = _answers(task, "ruby"), _answers(task, "jade")
    a["sky/3"] = ItemFailure(item_id="sky/3", reason="error", message="The model’s words ran out.")
    b["sea/2"] = ItemFailure(item_id="sea/2", reason="error", message="told to fail")
    result = _result(plan, a, b, seal=Seal.of(plan))
    repeats = []
    for number, settings in enumerate(({"batch": 1}, {"dtype": "bfloat16"})):
        harness = replace(plan.a.harness, **settings)
        again = replace(
            plan,
            id=f"golden-repeat-{number}",
            a=replace(plan.a, harness=harness),
            b=replace(plan.b, harness=harness),
            item_ids=plan.item_ids[:6],
            repeat_of=plan.id,
            forecast=None,
        )
        outcomes = [
            {item: one for item, one in _answers(task, f"{name} {number}").items() if item in again.item_ids}
            for name in ("ruby", "jade")
        ]
        repeats.append(_result(again, *outcomes))
    return Recorded(task, result, tuple(repeats))


def _stopped() -> Recorded:
    """By hand before all items were answered, so it is judged by what holds at any moment; its forecast has no score."""
    task = toy_task("golden_stopped", rows=toy_rows({"": 9}), item=lambda i, row: replace(toy_item(i, row), id=str(i)))
    plan = _battle("stopped", task, task.harness(), forecast=_card(), estimand="benchmark", stop="adaptive")
    a, b = _answers(task, "ruby"), _answers(task, "jade")
    seal = replace(Seal.of(plan), digest="s1:0")
    return Recorded(
        task,
        _result(
            plan,
            {item: a[item] for item in plan.item_ids[:7]},
            {item: b[item] for item in plan.item_ids[:6]},
            state="stopped",
            seal=seal,
            seconds=None,
            environment={"a": {"device": "cpu"}},
        ),
    )


def _written() -> Recorded:
    """Texts read by two rules, one of them cut off before its answer, one without any."""
    task = toy_task(
        "golden_written",
        rows=[{"group": "sum", "text": f"{i} and what?", "gold": 0} for i in range(9)],
        decoding=Decoding(max_tokens=9, until=("Q:",)),
        extractions={"strict-match": STRICT, "flexible-extract": FLEXIBLE},
        item=lambda i, row: Item(id=str(i), index=i, contexts=(f"Q: {row['text']}",), answer="7"),
    )
    plan = _battle("written", task, task.harness(), margin=0.1, level=0.9)

    def said(number: int, text: str) -> Outcome:
        found = text.rpartition("#### ")[2] if "####" in text else None
        if text.endswith("…"):
            return ItemFailure(item_id=str(number), reason="truncated", message="It was cut off.", text=text)
        return ItemResult(item_id=str(number), score=float(found == "7"), text=text, answer=found, tokens=5)

    ruby = ["#### 7"] * 4 + ["it is 7", "no idea", "so 7 or…", "#### 8", "#### 7"]
    jade = ["it is 7"] * 3 + ["#### 7"] * 2 + ["#### 7,", "“Grüße” 7", "#### 9", "nothing"]
    a, b = ({str(number): said(number, text) for number, text in enumerate(texts)} for texts in (ruby, jade))
    return Recorded(task, _result(plan, a, b, notices=()))


def _too_few() -> Recorded:
    """One pair is complete, so there is no verdict."""
    task = toy_task("golden_few", rows=toy_rows({"sky": 3}))
    plan = _battle("few", task, task.harness(normalisation="characters"))
    a, b = _answers(task, "ruby"), _answers(task, "jade")
    for item in plan.item_ids[1:]:
        a[item] = ItemFailure(item_id=item, reason="error", message="It did not answer.")
    return Recorded(task, _result(plan, a, b, state="failed"))


def _in_part() -> Recorded:
    """Scores between right and wrong, over items that are no longer on this machine."""
    task = toy_task("golden_part", rows=toy_rows({"sky": 4, "sea": 4}))
    plan = _battle("part", task, task.harness())
    a, b = (
        {item.id: _answer(item, name, score=round(_chance(name, item.id), 3)) for item in load_items(task)}
        for name in ("ruby", "jade")
    )
    return Recorded(replace(task, items_from=(Shelf(here=False),)), _result(plan, a, b))
