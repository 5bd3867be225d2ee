"""Scores above chance against printed ones, gaps that no floor has touched, and tasks judged together."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean, variance
from typing import Any

import pytest

from engine import BattleResult, CallerMistake, Task
from engine.analysis.suite_results import above_chance, suite_result, suite_task_result
from engine.analysis.suites import SUITES, Suite, SuiteTask
from engine.battles.battle import ItemFailure, ItemResult, Outcome
from engine.battles.scoring import written_outcome
from engine.harness.config import Decoding
from engine.models.interface import Completion
from engine.report import as_json
from engine.tasks.items import load_items
from engine.tasks.registry import load_task
from engine.tasks.task import Item, Scorer
from tests.conftest import toy_rows, toy_task
from tests.engine.toy_battles import battle_of, result_of

AddTask = Callable[[Task], Task]
Contenders = tuple[str, str]


def fought(task: Task, models: Contenders, a: Sequence[float], b: Sequence[float], **settings: Any) -> BattleResult:
    """The battle over all items of a task with these scores in their official order."""

    def outcomes(scores: Sequence[float]) -> Mapping[str, Outcome]:
        return {
            item.id: ItemResult(item_id=item.id, score=score)
            for item, score in zip(load_items(task), scores, strict=True)
        }

    return result_of(battle_of(task, models, **settings), outcomes(a), outcomes(b))


def shares(right: int, n: int) -> list[float]:
    return [1.0] * right + [0.0] * (n - right)


# ---- above chance


@pytest.mark.parametrize(
    ("score", "chance", "printed"),
    [
        (
            0.1861,
            0.1,
            9.57,
        ),  # MMLU-Pro of Llama 2 7B: discuss.huggingface.co/t/105187, raw and as the leaderboard had it
        (0.25, 0.25, 0.0),
        (1.0, 0.25, 100.0),
        (0.2, 0.25, -6.67),
    ],
)
def test_above_chance(score: float, chance: float, printed: float) -> None:
    assert 100 * above_chance(score, chance) == pytest.approx(printed, abs=0.006)


def test_one_chance_stretches_everything_alike(add_task: AddTask, contenders: Contenders) -> None:
    """Three choices: (s - 1/3) / (2/3). Of 40 items A has 30 and B 24."""
    result = fought(add_task(toy_task()), contenders, shares(30, 40), shares(24, 40))
    found = suite_task_result(SuiteTask(name="toy", shots=0), result)
    assert found.verdict == result.verdict
    assert found.shown == pytest.approx(((30 / 40 - 1 / 3) * 1.5, (24 / 40 - 1 / 3) * 1.5))
    assert found.plain == (0.75, 0.6)
    assert found.above.gap == pytest.approx(0.15 * 1.5)
    assert tuple(found.above.interval) == pytest.approx(tuple(1.5 * end for end in found.verdict.interval))
    assert (found.above.p_value, found.above.winner) == (found.verdict.p_value, found.verdict.winner)
    assert suite_task_result(SuiteTask(name="toy", shots=0, chance=0.5), result).shown == pytest.approx((0.5, 0.2))


def test_the_gap_is_taken_before_scores_are_cut_at_chance(add_task: AddTask, contenders: Contenders) -> None:
    """Of 40 items A has 4 and B 16 where guessing gets a third of them: A is shown as 0, B as 0.1, and 0.45 lie
    between them."""
    result = fought(add_task(toy_task()), contenders, shares(4, 40), shares(16, 40))
    found = suite_task_result(SuiteTask(name="toy", shots=0), result)
    assert found.shown == pytest.approx((0.0, 0.1))
    assert found.above.gap == pytest.approx(-12 / 40 * 1.5)
    assert found.above.interval.low < found.above.gap < found.above.interval.high < 0


def pairs_task(sizes: Mapping[str, int], choices: Mapping[str, int]) -> Task:
    def item(index: int, row: Mapping[str, Any]) -> Item:
        group = row["group"]
        offered = tuple("abcdefgh"[: choices[group]])
        return Item(id=f"{group}/{index}", index=index, group=group, contexts=("Q",), choices=offered, gold=0)

    return toy_task("pairs", rows=toy_rows(dict(sizes)), item=item)


def test_each_group_has_its_own_chance(add_task: AddTask, contenders: Contenders) -> None:
    """MuSR's way: sky 30 items of 2 choices, sea 10 of 5. A: 24 and 1, B: 15 and 4.

    A: (0.8 - 0.5) / 0.5 = 0.6 and (0.1 - 0.2) / 0.8 = -0.125, shown as 0; B: 0 and 0.25.
    """
    task = add_task(pairs_task({"sky": 30, "sea": 10}, {"sky": 2, "sea": 5}))
    a, b = shares(24, 30) + shares(1, 10), shares(15, 30) + shares(4, 10)
    result = fought(task, contenders, a, b)
    found = suite_task_result(SuiteTask(name="pairs", shots=0, averaged="groups"), result)
    assert found.shown == pytest.approx(((0.6 + 0) / 2, (0 + 0.25) / 2))
    assert found.plain == pytest.approx(((0.8 + 0.1) / 2, (0.5 + 0.4) / 2))
    assert (found.above.a_score, found.above.b_score) == pytest.approx(((0.6 - 0.125) / 2, 0.125))
    assert found.above.gap == pytest.approx((0.6 - 0.125) / 2 - 0.125)
    told = suite_task_result(
        SuiteTask(name="pairs", shots=0, averaged="groups", chance={"sky": 0.5, "sea": 0.25}), result
    )
    assert told.shown == pytest.approx((0.3, (0 + 0.2) / 2))
    # The stratified error, from the groups' own variances, is what a wider interval must not fall short of.
    gaps = [x - y for x, y in zip(a, b, strict=True)]
    parts = ((gaps[:30], 0.5), (gaps[30:], 0.8))
    error = math.sqrt(sum(variance(held) / len(held) / room**2 for held, room in parts)) / 2
    assert (found.above.interval.high - found.above.interval.low) / 2 > 1.96 * error


def test_true_answers_among_many_are_chance_by_their_share(add_task: AddTask, contenders: Contenders) -> None:
    def item(index: int, row: Mapping[str, Any]) -> Item:
        return Item(id=row["text"], index=index, contexts=("Q",), choices=("a", "b", "c", "d", "e"), golds=(0, 3))

    task = add_task(toy_task("many", item=item))
    found = suite_task_result(SuiteTask(name="many", shots=0), fought(task, contenders, [0.7] * 40, [0.4] * 40))
    assert found.shown == pytest.approx((0.5, 0.0))


def test_two_rules_are_averaged_each_over_what_it_counts(add_task: AddTask, contenders: Contenders) -> None:
    """IFEval's way. A text is the number of instructions it follows, of one or three that its prompt has."""

    def asked(item: Item) -> float:
        return float(item.reference)

    def item(index: int, row: Mapping[str, Any]) -> Item:
        return Item(id=str(index), index=index, contexts=("Write.",), reference="3" if index < 4 else "1")

    task = add_task(
        toy_task(
            rows=toy_rows({"sky": 10}),
            item=item,
            decoding=Decoding(max_tokens=9, until=()),
            extractions={
                "all": Scorer(str, lambda text, item: float(float(text) == asked(item))),
                "share": Scorer(str, lambda text, item: float(text) / asked(item)),
            },
        )
    )

    def written(texts: str) -> dict[str, Outcome]:
        return {
            one.id: written_outcome(
                task, one, Completion(item_id=one.id, text=text, truncated=False, tokens=1, seconds=0.1), task.harness()
            )
            for one, text in zip(load_items(task), texts, strict=True)
        }

    result = result_of(battle_of(task, contenders), written("3210111100"), written("2220100000"))
    exam = SuiteTask(name="toy", shots=0, chance=0.0, rules={"all": lambda item: 1.0, "share": asked})
    found = suite_task_result(exam, result)
    # A: 1 + 4 prompts of 10 and 6 + 4 instructions of 18; B: 0 + 1 prompts and 6 + 1 instructions.
    assert found.shown == found.plain == pytest.approx(((5 / 10 + 10 / 18) / 2, (1 / 10 + 7 / 18) / 2))
    assert found.verdict.gap == pytest.approx((4 / 10 + 3 / 18) / 2) == found.above.gap


def test_ifeval_is_the_mean_of_prompts_and_instructions() -> None:
    """As the leaderboard had it: for Llama 2 7B it printed 25.19, the mean of the 18.48 and 31.89 that lm-eval found
    (discuss.huggingface.co/t/105187)."""
    (exam,) = [exam for exam in SUITES["v2"].tasks if exam.name == "leaderboard_ifeval"]
    assert exam.rules.keys() == {"prompt_level_strict", "inst_level_strict"} <= load_task(exam.name).extractions.keys()
    three = Item(id="1", index=0, contexts=("Write.",), reference='{"instruction_id_list": ["a", "b", "c"]}')
    assert [weight(three) for weight in exam.rules.values()] == [1, 3]


def test_a_battle_that_is_not_over_is_not_judged(add_task: AddTask, contenders: Contenders) -> None:
    result = fought(add_task(toy_task()), contenders, shares(30, 40), shares(24, 40))
    half = replace(result, state="stopped", a=dict(list(result.a.items())[:20]))
    with pytest.raises(CallerMistake, match="Battle first is stopped after 20 of 40 items"):
        suite_task_result(SuiteTask(name="toy", shots=0), half)


# ---- together


@pytest.fixture
def three(add_task: AddTask, contenders: Contenders) -> list[tuple[SuiteTask, BattleResult]]:
    """Two tasks with a clear winner each, and one where both are alike."""
    scores = {"one": (34, 16), "two": (30, 12), "even": (20, 20)}
    tasks = {name: add_task(toy_task(name)) for name in scores}
    return [
        (SuiteTask(name=name, shots=0), fought(tasks[name], contenders, shares(a, 40), shares(b, 40)))
        for name, (a, b) in scores.items()
    ]


PRESET = Suite(name="three", about="toys", tasks=(SuiteTask(name="one", shots=0),), scale="above chance")


def test_judged_together(three: list[tuple[SuiteTask, BattleResult]]) -> None:
    found = suite_result(PRESET, three, {})
    assert found.raw.gap == pytest.approx((18 + 18 + 0) / 120)
    assert found.above.gap == pytest.approx(1.5 * 36 / 120)
    assert found.raw.outcomes["one"] == "a" and found.raw.outcomes["even"] == "undecided"
    assert found.raw.p_values["one"] == pytest.approx(3 * found.tasks["one"].verdict.p_value)
    mean_a, mean_b = fmean((34, 30, 20)) / 40, fmean((16, 12, 20)) / 40
    shown_b = fmean(max(0.0, (right / 40 - 1 / 3) * 1.5) for right in (16, 12, 20))  # 12 of 40 are below a third
    assert found.average == pytest.approx(((mean_a - 1 / 3) * 1.5, shown_b))
    raw = suite_result(replace(PRESET, scale="raw"), three, {})
    assert raw.average == pytest.approx((mean_a, mean_b))


def test_what_is_missing_is_said_and_leaves_no_average(three: list[tuple[SuiteTask, BattleResult]]) -> None:
    (exam, result), *others = three
    lost = {i: ItemFailure(item_id=i, reason="error", message="no") for i in result.a}
    found = suite_result(PRESET, [(exam, replace(result, a=lost)), *others], {"gone": "Its items are elsewhere."})
    assert found.average is None and list(found.tasks) == ["two", "even"]
    assert list(found.skipped) == ["gone", "one"] and "left 0 pairs. First failure: no." in found.skipped["one"]
    with pytest.raises(CallerMistake, match=r"No battle of the preset three can be judged\. gone: Its items"):
        suite_result(PRESET, [], {"gone": "Its items are elsewhere."})


def test_as_json(three: list[tuple[SuiteTask, BattleResult]]) -> None:
    told = json.loads(json.dumps(as_json(suite_result(PRESET, three, {"gone": "why"}))))
    first = told["tasks"][0]
    assert (first["task"], first["n"], first["winner"], first["winner_holm"]) == ("one", 40, "a", "a")
    assert first["above_chance"]["a"] == pytest.approx((34 / 40 - 1 / 3) * 1.5)
    assert first["above_chance"]["interval"]["low"] == pytest.approx(1.5 * first["interval"]["low"])
    assert told["mean_gap_above_chance"]["gap"] == pytest.approx(0.45)
    assert told["skipped"] == {"gone": "why"} and told["average"] is None
