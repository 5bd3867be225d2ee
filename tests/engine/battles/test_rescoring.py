"""Stored answers read by every rule: each prediction worked out by hand, and what cannot be read says why."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine import BattleResult, Task, report
from engine.battles.battle import ItemFailure, ItemResult, Outcome
from engine.battles.rescoring import Rescoring, rescored_score, rescorings, scoring_rules
from engine.battles.scoring import ranked_outcome
from engine.models.interface import Logliks
from engine.tasks.items import load_items
from engine.tasks.task import Item
from tests.conftest import Shelf, toy_rows, toy_task
from tests.engine.toy_battles import (
    CUT,
    CUT_LOOSE,
    LOOSE,
    RIGHT,
    SILENT,
    WRONG,
    battle_of,
    result_of,
    written,
)

AddTask = Callable[[Task], Task]
CHOICES = ("ab", "éé", "abcdef", "x")
ALONE = (-2.5, -4.0, -3.0, -9.0)


def by_rule(result: BattleResult) -> Mapping[str, Rescoring]:
    return {reading.rule: reading for reading in rescorings(result)}


@pytest.fixture
def ranked(add_task: AddTask) -> Task:
    """Twelve questions with the choices above; the answer goes round."""

    def item(index: int, row: Mapping[str, Any]) -> Item:
        return Item(id=f"sky/{index}", index=index, contexts=("Q:",), choices=CHOICES, gold=index % 4)

    return add_task(toy_task(rows=toy_rows({"sky": 12}), item=item))


def answers(task: Task, sums: Sequence[float], *, scored: Sequence[int] = (), alone: Sequence[float] = ()) -> Any:
    """The same sums for every item, read by their total."""
    told: dict[str, Outcome] = {}
    for item in load_items(task):
        stored = {"sums": tuple(sums), "scored": tuple(scored), "unconditional": tuple(alone)}
        told[item.id] = ranked_outcome(item, Logliks(item_id=item.id, tokens=4, seconds=0.1, **stored), "sum")
    return told


def test_every_normalisation_of_stored_sums(ranked: Task, contenders: tuple[str, str]) -> None:
    """A: the total says ab, per character abcdef (-5/6), per byte éé (-3.2/4), per token éé (-1.6), above what they
    have without the question éé (0.8; x has 0). B says x by every rule."""
    a = answers(ranked, (-3.0, -3.2, -5.0, -9.0), scored=(1, 2, 2, 1), alone=ALONE)
    b = answers(ranked, (-9.0, -9.0, -30.0, -0.1), scored=(1, 1, 1, 1), alone=ALONE)
    found = by_rule(result_of(battle_of(ranked, contenders), a, b))
    assert [(r.rule, r.own) for r in found.values()] == [
        ("sum", True),
        ("characters", False),
        ("bytes", False),
        ("tokens", False),
        ("unconditional", False),
    ]
    # Every choice is right on three of twelve: another choice is right on other items, so six scores change.
    for rule in ("characters", "bytes", "tokens", "unconditional"):
        reading = found[rule]
        assert reading.verdict is not None and reading.verdict.n == 12
        assert (reading.verdict.a_score, reading.verdict.b_score) == (0.25, 0.25)
        assert reading.changed == (12, 0) and reading.flips == (6, 0), rule
    assert found["sum"].changed == (0, 0)


def test_a_gap_of_one_rule_is_none_of_another(ranked: Task, contenders: tuple[str, str]) -> None:
    """A's totals grow with the length of a choice, and half of that for the right one; B's favour a short one."""

    def told(best: Callable[[Item], Sequence[float]]) -> dict[str, Outcome]:
        return {
            item.id: ranked_outcome(
                item, Logliks(item_id=item.id, sums=tuple(best(item)), tokens=4, seconds=0.1), "sum"
            )
            for item in load_items(ranked)
        }

    right = told(lambda item: [-0.9 * len(choice) * (1 if i == item.gold else 2) for i, choice in enumerate(CHOICES)])
    short = told(lambda item: [-3.0, -3.0, -3.0, -1.0])
    found = by_rule(result_of(battle_of(ranked, contenders), right, short))
    own, per_character = found["sum"].verdict, found["characters"].verdict
    assert own is not None and per_character is not None
    # A by the total: abcdef has -5.4 where it is right, and x -1.8; ab and éé have -1.8 then and come before x.
    assert own.a_score == pytest.approx(9 / 12) and per_character.a_score == 1.0
    assert own.b_score == 0.25 and per_character.b_score == 0.25  # x by the total, abcdef (-0.5) per character
    assert found["characters"].changed == (3, 12) and found["characters"].flips == (3, 6)
    (told_in_words,) = report.sentences(found["characters"])
    assert told_in_words.startswith(
        "highest per character (acc_norm): ruby 100.0%, jade 25.0% on 12 items, 75.0 points for ruby: ruby is better"
    )
    assert "3 predictions of ruby and 12 of jade change, 9 scores with them" in told_in_words


def test_what_was_not_stored_is_not_recomputed(ranked: Task, contenders: tuple[str, str]) -> None:
    a = answers(ranked, (-3.0, -3.2, -5.0, -9.0), scored=(1, 2, 2, 1), alone=ALONE)
    b = answers(ranked, (-3.0, -3.2, -5.0, -9.0), scored=(1, 2, 2, 1))
    found = by_rule(result_of(battle_of(ranked, contenders), a, b))
    assert found["tokens"].verdict is not None
    assert found["unconditional"].verdict is None
    assert report.sentences(found["unconditional"]) == (
        "highest above its own without the question (acc_mutual_info): not recomputed, the choices were not scored "
        "without their question (--unconditional).",
    )
    assert report.as_json(found["unconditional"])["not_recomputed"] == found["unconditional"].why
    bare = {i: ItemResult(item_id=i, score=1.0) for i in a}
    unread = by_rule(result_of(battle_of(ranked, contenders), bare, bare))
    assert {r.why for r in unread.values() if not r.own} == {"no log-likelihoods are stored"}
    assert unread["sum"].verdict is not None  # the battle's own scores are there


def test_a_failure_stays_one(ranked: Task, contenders: tuple[str, str]) -> None:
    a = answers(ranked, (-3.0, -3.2, -5.0, -9.0))
    b = a | {"sky/4": ItemFailure(item_id="sky/4", reason="error", message="no")}
    reading = by_rule(result_of(battle_of(ranked, contenders), a, b))["characters"]
    assert reading.verdict is not None and reading.verdict.n == 11
    assert reading.changed == (12, 11)


def test_a_share_of_the_probability_knows_one_rule(add_task: AddTask, contenders: tuple[str, str]) -> None:
    def item(index: int, row: Mapping[str, Any]) -> Item:
        return Item(id=str(index), index=index, contexts=("Q:",), choices=CHOICES, golds=(0, 1))

    task = add_task(toy_task(item=item))
    told = answers(task, (-3.0, -3.2, -5.0, -9.0), scored=(1, 2, 2, 1), alone=ALONE)
    own, *others = rescorings(result_of(battle_of(task, contenders), told, told))
    assert own.verdict is not None and own.verdict.a_score > 0.9
    assert len(others) == 4 and all("share of the probability" in other.why for other in others)


# ---- what was written


def test_texts_read_by_another_rule(essay: Task, contenders: tuple[str, str]) -> None:
    """A text that was cut off before a marked answer is a failure by one rule and an answer by the other."""
    a = written(essay, [RIGHT] * 6 + [SILENT, CUT, CUT_LOOSE, RIGHT])
    b = written(essay, [RIGHT] * 2 + [LOOSE] * 8)
    own, loose = rescorings(result_of(battle_of(essay, contenders), a, b))
    assert own.verdict is not None and loose.verdict is not None
    assert (own.verdict.n, own.verdict.a_score, own.verdict.b_score) == (
        8,
        7 / 8,
        2 / 8,
    )  # 7 right, 1 silent, 2 cut off
    assert (loose.verdict.n, loose.verdict.a_score, loose.verdict.b_score) == (9, 8 / 9, 1.0)
    assert loose.changed == (1, 8) and loose.flips == (1, 8)
    assert json.loads(json.dumps(report.as_json(loose)))["changed"] == {"a": 1, "b": 8}


def test_reasoning_is_no_part_of_an_answer(essay: Task, contenders: tuple[str, str]) -> None:
    """Numbers that a model only thought of are not found by the loose rule either."""
    thought = ["3 and 4, or 8?</think>it is 7"] * 10
    settings = {"template": "chat", "thinking": 50}
    battle = battle_of(essay, contenders)
    battle = replace(battle, a=replace(battle.a, harness=essay.harness(**settings)))
    told = written(essay, ["7?</think>no idea"] * 10, **settings), written(essay, thought)
    _, loose = rescorings(result_of(battle, *told))
    assert loose.verdict is not None and (loose.verdict.a_score, loose.verdict.b_score) == (0.0, 1.0)


def test_sides_that_were_read_otherwise_are_read_alike(essay: Task, contenders: tuple[str, str]) -> None:
    texts = [RIGHT] * 4 + [LOOSE] * 6
    battle = battle_of(essay, contenders)
    battle = replace(battle, b=replace(battle.b, harness=essay.harness(extraction="flexible-extract")))
    told = written(essay, texts), written(essay, texts, extraction="flexible-extract")
    own, strict, loose = rescorings(result_of(battle, *told))
    assert own.label == "strict-match against flexible-extract"
    assert [r.verdict and r.verdict.gap for r in (own, strict, loose)] == [pytest.approx(-0.6), 0.0, 0.0]


def test_without_the_items_only_the_own_reading_is_there(essay: Task, add_task: AddTask, contenders: Any) -> None:
    told = written(essay, [RIGHT] * 10)
    result = result_of(battle_of(essay, contenders), told, told)
    add_task(replace(essay, items_from=(Shelf(here=False),)))
    own, loose = rescorings(result)
    assert own.verdict is not None and loose.verdict is None and "not on this machine" in loose.why


def test_a_battle_without_two_pairs(essay: Task, contenders: tuple[str, str]) -> None:
    for reading in rescorings(result_of(battle_of(essay, contenders), {}, {}, "running")):
        assert reading.verdict is None and "fewer than two pairs" in reading.why


# ---- one answer by one rule


def test_the_rules_a_task_knows(essay: Task) -> None:
    assert scoring_rules(essay) == ("strict-match", "flexible-extract")
    assert scoring_rules(toy_task()) == ("sum", "characters", "bytes", "tokens", "unconditional")


@pytest.mark.parametrize(
    ("text", "strict", "flexible"),
    [
        (RIGHT, 1.0, 1.0),
        (WRONG, 0.0, 0.0),
        ("#### 7 of 9", 1.0, 0.0),
        (LOOSE, None, 1.0),
        (SILENT, None, None),
        (CUT, None, None),
        (CUT_LOOSE, None, 1.0),
        (None, None, None),
    ],
)
def test_a_stored_answer_read_again(
    essay: Task, text: str | None, strict: float | None, flexible: float | None
) -> None:
    item = load_items(essay)[0]
    outcome = written(essay, [text] * 10)[item.id]
    assert rescored_score(essay, item, outcome, essay.harness(), "strict-match") == strict
    assert rescored_score(essay, item, outcome, essay.harness(), "flexible-extract") == flexible


def test_a_stored_ranking_read_again(add_task: AddTask) -> None:
    task = add_task(toy_task())
    item = load_items(task)[2]  # gold: blue, among red, green and blue
    sums = (-6.0, -4.0, -3.5)
    outcome = ranked_outcome(item, Logliks(item_id=item.id, sums=sums, tokens=3, seconds=0.1), "sum")
    asked = task.harness()
    assert rescored_score(task, item, outcome, asked, "sum") == 1.0
    assert rescored_score(task, item, outcome, asked, "characters") == 0.0  # -4.0/5 = -0.8 beats -3.5/4 = -0.875
    assert rescored_score(task, item, ItemFailure(item_id=item.id, reason="error", message="no"), asked, "sum") is None
    assert rescored_score(task, item, ItemResult(item_id=item.id, score=1.0), asked, "sum") is None
