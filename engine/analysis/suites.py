"""Suites: several benchmarks, each asked in one way, so that two models are compared over all of them at once.

`v1` and `v2` ask and score as the Open LLM Leaderboard did in its two lives. What a suite is stands here; what its
battles come to is in `suite_results.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from engine import runs
from engine.battles.battle import Battle
from engine.errors import CallerMistake, Unknown
from engine.models.registry import find
from engine.runs.request import BattleRequest
from engine.store.ledger import Entry
from engine.tasks.registry import load_task
from engine.tasks.task import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTask:
    """One task of a suite, and how its score is made."""

    name: str
    """The benchmark, by its name in `engine.tasks`."""
    shots: int
    settings: Mapping[str, object] = field(default_factory=dict)
    """Normalisation or extraction, where the suite has another one than the task."""
    chance: float | Mapping[str, float] | None = None
    """What guessing scores, for the whole task or by group; None for what it scores on the items' own choices."""
    averaged: Literal["items", "groups"] = "items"
    """Whether the suite's score counts every item once, or every group."""
    rules: Mapping[str, Callable[[Item], float]] = field(default_factory=dict)
    """Rules of the task whose scores are averaged, each with what an item counts for; none for the task's own rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Several benchmarks, and the scale on which their average is taken."""

    name: str
    about: str
    tasks: tuple[SuiteTask, ...]
    scale: Literal["raw", "above chance"]
    limit: int | None = None
    """Items of each task unless asked otherwise; None for all."""


def _once(item: Item) -> float:
    return 1.0


def _by_instruction(item: Item) -> float:
    """IFEval's instruction-level accuracy counts instructions, of which a prompt has up to three."""
    return len(json.loads(item.reference)["instruction_id_list"])


_PER_CHARACTER = {"normalisation": "characters"}

SUITES: Mapping[str, Suite] = {
    suite.name: suite
    for suite in (
        # huggingface.co/docs/leaderboards/open_llm_leaderboard/archive; MMLU was averaged over its 57 subjects.
        Suite(
            name="v1",
            about="the six tasks of the Open LLM Leaderboard of 2023, which averaged scores as they are; it ran an "
            "older lm-eval, so its printed numbers may differ",
            scale="raw",
            tasks=(
                SuiteTask(name="arc_challenge", shots=25, settings=_PER_CHARACTER),
                SuiteTask(name="hellaswag", shots=10, settings=_PER_CHARACTER),
                SuiteTask(name="mmlu", shots=5, averaged="groups"),
                SuiteTask(name="truthfulqa_mc2", shots=0),
                SuiteTask(name="winogrande", shots=5),
                SuiteTask(name="gsm8k", shots=5, settings={"extraction": "strict-match"}, chance=0.0),
            ),
        ),
        # huggingface.co/docs/leaderboards/open_llm_leaderboard/normalization, and the notebook it links to for IFEval
        # and the numbers of choices. Object placements have up to 5 choices, and guessing scores a little more.
        Suite(
            name="v2",
            about="the six tasks of the Open LLM Leaderboard of 2024, which averaged scores above chance",
            scale="above chance",
            tasks=(
                SuiteTask(
                    name="leaderboard_ifeval",
                    shots=0,
                    chance=0.0,
                    rules={"prompt_level_strict": _once, "inst_level_strict": _by_instruction},
                ),
                SuiteTask(name="leaderboard_bbh", shots=3, averaged="groups"),
                SuiteTask(name="leaderboard_math_hard", shots=4, chance=0.0),
                SuiteTask(name="leaderboard_gpqa", shots=0, chance=0.25),
                SuiteTask(
                    name="leaderboard_musr",
                    shots=0,
                    chance={"murder_mysteries": 1 / 2, "object_placements": 1 / 5, "team_allocation": 1 / 3},
                    averaged="groups",
                ),
                SuiteTask(name="leaderboard_mmlu_pro", shots=5, chance=0.1),
            ),
        ),
        Suite(
            name="small",
            about="five tasks that come with the packs, without worked examples, for a first look",
            scale="above chance",
            limit=200,
            tasks=tuple(
                SuiteTask(name=name, shots=0) for name in ("arc_easy", "hellaswag", "openbookqa", "piqa", "winogrande")
            ),
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTask:
    """A task and its battle: a new one, or the one that was planned alike before; or why there is none."""

    task: SuiteTask
    battle: Battle | None = None
    before: Entry | None = None
    why: str = ""


def suite(name: str) -> Suite:
    """Raises Unknown when there is no such suite."""
    if name not in SUITES:
        raise Unknown.name("preset", name, SUITES)
    return SUITES[name]


def plan_suite(suite: Suite, request: BattleRequest) -> tuple[PlannedTask, ...]:
    """A battle for every task, with the request's contenders and its number of items, as far as a task has them.

    Nothing is written down. A plan is complete, so a battle that was planned alike in every point is the same one:
    it is gone on with, or taken as it came out.

    Raises:
        CallerMistake: no task of the suite can be fought.
    """
    find(request.a), find(request.b)
    earlier = [entry for entry, _ in runs.history() if isinstance(entry, Entry)]
    planned = tuple(_planned(task, suite, request, earlier) for task in suite.tasks)
    if not any(task.battle for task in planned):
        raise CallerMistake(f"No task of the preset {suite.name} can be fought here. The first: {planned[0].why}")
    return planned


def _planned(task: SuiteTask, suite: Suite, request: BattleRequest, earlier: list[Entry]) -> PlannedTask:
    try:
        limit, size = suite.limit if request.limit is None else request.limit, load_task(task.name).size
        if limit is not None and size is not None and limit >= size:
            limit = None
        of_task = replace(request, task=task.name, shots=task.shots, limit=limit, settings=dict(task.settings))
        battle = runs.plan(of_task)
    except CallerMistake as error:
        return PlannedTask(task=task, why=str(error))
    same = [entry for entry in earlier if replace(entry.battle, id=battle.id) == battle]
    before = next((entry for entry in same if entry.state == "done"), same[0] if same else None)
    return PlannedTask(task=task, battle=before.battle if before else battle, before=before)


def start(planned: PlannedTask) -> str:
    """Queues the battle, or goes on with the one there was. Returns its id.

    Raises:
        CallerMistake: there is none.
    """
    if planned.battle is None:
        raise CallerMistake(planned.why)
    if planned.before is None:
        return runs.start(planned.battle)
    if planned.before.state in ("stopped", "failed"):
        runs.resume(planned.battle.id)
    return planned.battle.id
