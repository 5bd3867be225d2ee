"""The same real weights, asked and computed another way: only what should change does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import BattleRequest, ItemResult, load_items, load_task, runs
from engine.battles.evaluate import evaluate
from engine.battles.prepared import prepare
from engine.models.interface import Logliks, Ranking
from engine.models.local.model import LocalModel

from .conftest import opened

pytestmark = pytest.mark.slow
MODEL = "smollm2-135m-instruct"
ROUNDING = 1e-3  # of a summed log-likelihood in float32; lm-eval's own batching moves one by up to 5e-4


@pytest.fixture
def model(real_home: Path) -> LocalModel:
    return opened(MODEL, real_home)


def outcomes(model: LocalModel, task: str, n: int, **changed: Any) -> tuple[dict[str, ItemResult], ...]:
    """The task's own way and another one, item by item."""
    battle = runs.plan(BattleRequest(a=MODEL, b=MODEL, task=task, limit=n, device="cpu"), itself=True)
    battle = replace(battle, b=replace(battle.b, harness=replace(battle.b.harness, **changed)))
    told: dict[str, dict[str, ItemResult]] = {"a": {}, "b": {}}
    for side, batch in evaluate(prepare(battle), {"a": model, "b": model}, {"a": (), "b": ()}):
        for outcome in batch:
            assert isinstance(outcome, ItemResult)
            told[side][outcome.item_id] = outcome
    assert len(told["a"]) == len(told["b"]) == n
    return told["a"], told["b"]


@pytest.mark.parametrize("task", ["arc_easy", "mmlu"])
def test_one_item_at_a_time_differs_by_rounding_only(task: str, model: LocalModel) -> None:
    together, alone = outcomes(model, task, 12, batch=1)
    for item, outcome in together.items():
        assert alone[item].logliks == pytest.approx(outcome.logliks, abs=ROUNDING)
        assert alone[item].tokens == outcome.tokens


def test_reversed_options_are_those_of_a_prompt_written_out_by_hand(model: LocalModel) -> None:
    given, turned = outcomes(model, "mmlu", 8, option_order="reversed")
    for item in (item for item in load_items(load_task("mmlu")) if item.id in turned):
        question = item.contexts[0].removesuffix("\n".join(("", *item.options, "Answer:")))
        lines = [f"{letter}. {option[3:]}" for letter, option in zip("ABCD", item.options[::-1], strict=True)]
        about = item.group.replace("_", " ")
        text = "\n".join(
            (
                f"The following are multiple choice questions (with answers) about {about}.\n",
                question,
                *lines,
                "Answer:",
            )
        )
        ((ranked,),) = model.rank([Ranking(item_id="x", pairs=tuple((text, f" {letter}") for letter in "ABCD"))])
        assert isinstance(ranked, Logliks)
        outcome = turned[item.id]
        assert outcome.logliks == pytest.approx(ranked.sums[::-1], abs=ROUNDING)
        assert outcome.choice == 3 - ranked.sums.index(max(ranked.sums))
        assert outcome.score == (outcome.choice == item.gold)
    assert any(given[item].logliks != turned[item].logliks for item in given)
