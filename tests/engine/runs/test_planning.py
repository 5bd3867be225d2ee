"""From a request to a complete plan, or to a refusal before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import BattleRequest, CallerMistake, HarnessConfig, Task, runs
from engine.errors import NoSource
from engine.harness.config import Decoding
from engine.tasks.task import Scorer
from tests.conftest import Shelf, toy_rows, toy_task

AddTask = Callable[[Task], Task]
ENDPOINT = "openai:m@https://host.example/v1"
"""Asked to write, it is asked in a conversation; a local model goes on from a plain text."""


def written_toy() -> Task:
    return toy_task(decoding=Decoding(max_tokens=8, until=("\n",)), extractions={"last": Scorer(str)})


def test_a_plan_is_complete(battle_request: BattleRequest, contenders: tuple[str, str]) -> None:
    battle = runs.plan(battle_request)
    assert (battle.a.model, battle.b.model) == contenders
    assert (battle.n, battle.seed, battle.margin, battle.level, battle.device) == (20, 3, 0.02, 0.95, "cpu")
    assert battle.a.harness == battle.b.harness
    again = runs.plan(battle_request)
    assert again == replace(battle, id=again.id) and again.id != battle.id


def test_what_is_asked_for_is_planned(battle_request: BattleRequest, add_task: AddTask) -> None:
    add_task(toy_task(shots=toy_rows({"sky": 5, "sea": 5}, "example")))
    settings: dict[str, object] = {"normalisation": "characters"}
    battle = runs.plan(replace(battle_request, shots=2, dtype="float32", margin=0.1, settings=settings, limit=None))
    harness = battle.a.harness
    assert (harness.shots, harness.dtype, harness.normalisation, battle.margin) == (2, "float32", "characters", 0.1)
    assert battle.n == 40


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"margin": 0.0}, "margin 0.0 is not between 0 and 1"),
        ({"margin": 1.0}, "margin 1.0"),
        ({"level": 0.5}, "level 0.5 is not between 0.5 and 1"),
        ({"level": 1.0}, "level 1.0"),
        ({"stop": "soon"}, "--stop 'soon' is unknown"),
        ({"estimand": "fame"}, "--target 'fame' is unknown"),
        ({"shots": -1}, "--shots -1 is negative"),
        ({"limit": 1}, "--limit 1 is too few"),
        ({"limit": 41}, "more than the 40 items"),
        ({"device": "tpu"}, "no device 'tpu'"),
        ({"task": "tyo"}, "Did you mean 'toy'"),
        ({"a": "gemma"}, "Did you mean 'gemma-3-270m'"),
        ({"settings": {"extraction": "psychic"}}, "psychic"),
        ({"settings": {"normalisation": "letters"}}, "letters"),
        ({"dtype": "int7"}, "int7"),
    ],
)
def test_a_wrong_plan_is_refused_before_anything_is_written(
    wrong: dict[str, Any], words: str, battle_request: BattleRequest, own_home: Path
) -> None:
    with pytest.raises(CallerMistake, match=words):
        runs.plan(replace(battle_request, **wrong))
    assert not (own_home / "ledger.db").exists()


def test_a_contender_does_not_fight_itself(battle_request: BattleRequest) -> None:
    with pytest.raises(CallerMistake, match="A and B are the same contender"):
        runs.plan(replace(battle_request, b=battle_request.a))


def test_either_contender_may_be_the_one_that_cannot_be_asked_so(
    battle_request: BattleRequest, add_task: AddTask
) -> None:
    add_task(written_toy())
    local = battle_request.a
    for a, b, refused in ((ENDPOINT, local, "B"), (local, ENDPOINT, "A")):
        request = replace(battle_request, a=a, b=b, settings={"thinking": 64})
        with pytest.raises(CallerMistake) as told:
            runs.plan(request)
        assert str(told.value).startswith(f"Contender {refused} ({local}): thinking 64 needs 0 tokens or more")
        chat = runs.plan(replace(request, settings={"thinking": 64, "template": "chat"}))
        assert chat.a.harness == chat.b.harness


def test_what_speaks_against_both_contenders_names_neither(battle_request: BattleRequest, add_task: AddTask) -> None:
    add_task(written_toy())
    mixed = replace(battle_request, b=ENDPOINT)
    for request in (mixed, battle_request):
        with pytest.raises(CallerMistake, match=r"^Toy knows no 'psychic'\. Use one of: last\.$"):
            runs.plan(replace(request, settings={"extraction": "psychic"}))
        with pytest.raises(CallerMistake, match=r"^thinking -1 needs 0 tokens or more"):
            runs.plan(replace(request, settings={"thinking": -1}))


def test_the_worked_examples_of_both_contenders_are_checked(
    battle_request: BattleRequest, add_task: AddTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_task(written_toy())

    def only_for_conversations(task: Task, harness: HarnessConfig) -> None:
        if harness.template == "plain":
            raise NoSource("no examples for a plain text")

    monkeypatch.setattr("engine.runs.planning.check_renderable", only_for_conversations)
    with pytest.raises(NoSource, match=r"^Contender B \(.*ruby\): no examples for a plain text$"):
        runs.plan(replace(battle_request, a=ENDPOINT, b=battle_request.a))


def test_more_examples_than_there_are_is_known_before_the_start(
    battle_request: BattleRequest, add_task: AddTask
) -> None:
    add_task(toy_task(shots=toy_rows({"sky": 5, "sea": 5}, "example")))
    with pytest.raises(CallerMistake, match="--shots 5 or fewer"):
        runs.plan(replace(battle_request, shots=6))


def test_missing_examples_are_known_before_the_start(battle_request: BattleRequest, add_task: AddTask) -> None:
    add_task(replace(toy_task(), shots_from=(Shelf(here=False),)))
    with pytest.raises(CallerMistake, match="the worked examples"):
        runs.plan(replace(battle_request, shots=2))
