"""Presets: what they ask is what the leaderboards asked, and a plan that was made before is gone on with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine import BattleRequest, CallerMistake, Task, runs
from engine.analysis import suites
from engine.analysis.suites import SUITES, Suite, SuiteTask
from engine.harness.config import Decoding
from engine.store.ledger import Ledger
from engine.tasks.registry import TASKS, load_task
from engine.tasks.sources import DataPackage
from engine.tasks.task import Scorer
from tests.conftest import Shelf, toy_rows, toy_task

AddTask = Callable[[Task], Task]


@pytest.fixture
def two(add_task: AddTask) -> Suite:
    """One task of forty items, one of twelve, and one whose items are elsewhere."""
    add_task(toy_task("large"))
    add_task(toy_task("little", rows=toy_rows({"sky": 12}), shots=toy_rows({"sky": 3}, "example")))
    add_task(toy_task("gone", items_from=(Shelf(here=False),)))
    exams = (SuiteTask(name="large", shots=0), SuiteTask(name="little", shots=2), SuiteTask(name="gone", shots=0))
    return Suite(name="two", about="toys", tasks=exams, scale="raw")


@pytest.fixture
def challenge(contenders: tuple[str, str]) -> BattleRequest:
    return BattleRequest(a=contenders[0], b=contenders[1], task="", device="cpu")


# ---- what they ask

# Open LLM Leaderboard, "About" and "Archive" of its documentation: task, worked examples, metric. lm-eval calls the
# highest per character acc_norm, and the highest total acc.
V1 = {
    "arc_challenge": (25, "characters"),
    "hellaswag": (10, "characters"),
    "mmlu": (5, "sum"),
    "truthfulqa_mc2": (0, "sum"),
    "winogrande": (5, "sum"),
    "gsm8k": (5, "strict-match"),
}
V2 = {
    "leaderboard_ifeval": (0, ""),
    "leaderboard_bbh": (3, "characters"),
    "leaderboard_math_hard": (4, "exact_match"),
    "leaderboard_gpqa": (0, "characters"),
    "leaderboard_musr": (0, "characters"),
    "leaderboard_mmlu_pro": (5, "sum"),
}


@pytest.mark.parametrize(("name", "asked"), [("v1", V1), ("v2", V2)])
def test_shots_and_metrics_are_the_leaderboards(name: str, asked: dict[str, tuple[int, str]]) -> None:
    exams = {exam.name: exam for exam in SUITES[name].tasks}
    assert {task: exam.shots for task, exam in exams.items()} == {task: shots for task, (shots, _) in asked.items()}
    for task, (_, metric) in asked.items():
        if task in TASKS:
            harness = load_task(task).harness(**exams[task].settings)
            assert metric in (harness.extraction if load_task(task).writes else harness.normalisation), task


def test_every_task_of_small_comes_with_the_packs() -> None:
    for exam in SUITES["small"].tasks:
        assert any(isinstance(source, DataPackage) for source in load_task(exam.name).items_from), exam.name


def test_numbers_of_choices_are_the_leaderboards() -> None:
    """Of each BBH subtask, in the notebook its documentation links to: 1 over them is what it takes for chance."""
    from engine.tasks.catalogue.bbh import RANKED, ranked_sheets

    if not DataPackage("lm_eval/tasks/leaderboard/bbh_mc/*.yaml", package="lm-eval").present():
        pytest.skip("the pack lm-eval is not installed")
    choices = (2, 2, 6, 3, 2, 11, 2, 5, 7, 3, 6, 2, 19, 5, 18, 6, 6, 2, 2, 4, 5, 7, 3, 2)
    assert tuple(len(ranked_sheets()[name]["doc_to_choice"]) for name in RANKED) == choices


def test_a_preset_there_is_not() -> None:
    with pytest.raises(CallerMistake, match=r"no preset called 'v3'.*Known: small, v1, v2"):
        suites.suite("v3")


# ---- planning


def test_one_battle_a_task_as_far_as_it_has_items(two: Suite, challenge: BattleRequest) -> None:
    large, little, gone = suites.plan_suite(two, replace(challenge, limit=20))
    assert large.battle is not None and little.battle is not None
    assert (large.battle.n, large.battle.a.harness.shots) == (20, 0)
    assert (little.battle.n, little.battle.b.harness.shots) == (12, 2)
    assert gone.battle is None and "not on this machine" in gone.why
    assert runs.history() == []


def test_the_presets_own_number_of_items(two: Suite, challenge: BattleRequest) -> None:
    ten = replace(two, limit=10)
    assert [one.battle.n for one in suites.plan_suite(ten, challenge) if one.battle] == [10, 10]
    assert [one.battle.n for one in suites.plan_suite(ten, replace(challenge, limit=15)) if one.battle] == [15, 12]


def test_what_was_planned_alike_is_the_same_battle(two: Suite, challenge: BattleRequest, taken: None) -> None:
    first = [one for one in suites.plan_suite(two, challenge) if one.battle]
    ids = [suites.start(one) for one in first]
    runs.stop(ids[1])
    again = [one for one in suites.plan_suite(two, challenge) if one.battle]
    assert [one.battle.id for one in again if one.battle] == ids
    assert [one.before.state for one in again if one.before] == ["queued", "stopped"]
    assert [suites.start(one) for one in again] == ids
    assert [runs.result(battle_id).state for battle_id in ids] == ["queued", "queued"]
    assert len(runs.history()) == 2


@pytest.mark.parametrize("other", [{"seed": 1}, {"limit": 11}, {"margin": 0.05}, {"dtype": "float32"}])
def test_another_plan_is_another_battle(
    other: dict[str, Any], two: Suite, challenge: BattleRequest, taken: None
) -> None:
    for one in suites.plan_suite(two, challenge):
        if one.battle:
            suites.start(one)
    assert [one.before for one in suites.plan_suite(two, replace(challenge, **other))] == [None, None, None]


def test_a_battle_that_came_to_its_end_is_preferred(two: Suite, challenge: BattleRequest, taken: None) -> None:
    large = suites.plan_suite(two, challenge)[0]
    assert large.battle is not None
    done = suites.start(large)
    with Ledger() as ledger:
        ledger.set_state(done, "done", only_from=("queued",))
        ledger.add(replace(large.battle, id="later"))
    before = suites.plan_suite(two, challenge)[0].before
    assert before is not None and (before.battle.id, before.state) == (done, "done")


def test_nothing_that_can_be_fought(two: Suite, challenge: BattleRequest) -> None:
    with pytest.raises(CallerMistake, match=r"No task of the preset two can be fought here.*not on this machine"):
        suites.plan_suite(replace(two, tasks=two.tasks[2:]), challenge)
    with pytest.raises(CallerMistake, match="margin 2"):
        suites.plan_suite(two, replace(challenge, margin=2.0))
    with pytest.raises(CallerMistake, match="no task called 'unheard_of'"):
        suites.plan_suite(replace(two, tasks=(SuiteTask(name="unheard_of", shots=0),)), challenge)


def test_an_exam_without_a_battle_cannot_be_started(two: Suite, challenge: BattleRequest) -> None:
    with pytest.raises(CallerMistake, match="not on this machine"):
        suites.start(suites.plan_suite(two, challenge)[2])


def test_settings_reach_the_harness(add_task: AddTask, challenge: BattleRequest) -> None:
    add_task(toy_task("ranked", normalisation="sum"))
    rules = {"first": Scorer(str), "second": Scorer(str)}
    add_task(toy_task("written", decoding=Decoding(max_tokens=9, until=()), extractions=rules))
    exams = (
        SuiteTask(name="ranked", shots=0, settings={"normalisation": "characters"}),
        SuiteTask(name="written", shots=0, settings={"extraction": "second"}),
    )
    ranked, written = suites.plan_suite(Suite(name="p", about="toys", tasks=exams, scale="raw"), challenge)
    assert ranked.battle is not None and ranked.battle.a.harness.normalisation == "characters"
    assert written.battle is not None and written.battle.b.harness.extraction == "second"
