"""The fight itself: every item once a side, in turns, and a failure is never a wrong answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest

from engine.battles.battle import SIDES, Battle, Contender, ItemFailure, ItemResult, Outcome, Side, Stop
from engine.battles.evaluate import BLOCK, blocks, evaluate
from engine.battles.prepared import battle_items, prepare
from engine.battles.scoring import written_outcome
from engine.errors import CallerMistake
from engine.harness.config import Decoding
from engine.models.interface import Completion, Logliks, Trouble
from engine.tasks.items import digest, load_items
from engine.tasks.sampling import draw_subset
from engine.tasks.scoring.normalisation import best_choice
from engine.tasks.task import Item, Scorer, Task
from tests.conftest import ToyModel, toy_rows, toy_task
from tests.engine.quiz import Reader, quiz

AddTask = Callable[[Task], Task]
NOTHING: dict[Side, Collection[str]] = {"a": (), "b": ()}


def battle_over(task: Task, n: int | None = None, **harness: Any) -> Battle:
    items = draw_subset(load_items(task), n, seed=5)
    a, b = (Contender(model=name, harness=task.harness(**harness)) for name in ("ruby", "jade"))
    plan = {"items_digest": digest(items), "seed": 5, "margin": 0.02, "level": 0.95, "device": "cpu"}
    return Battle(id="x", a=a, b=b, task=task.name, item_ids=tuple(item.id for item in items), **plan)  # type: ignore[arg-type]


def models(**options: Any) -> dict[Side, Any]:
    return {"a": ToyModel("ruby", **options), "b": ToyModel("jade", **options)}


def outcomes_of(battle: Battle, both: Any, done: Any = NOTHING) -> dict[Side, list[Outcome]]:
    told: dict[Side, list[Outcome]] = {"a": [], "b": []}
    for side, batch in evaluate(prepare(battle), both, done):
        told[side] += batch
    return told


def test_every_item_once_a_side(toy: Task) -> None:
    battle = battle_over(toy)
    told = outcomes_of(battle, models())
    for side in SIDES:
        assert Counter(o.item_id for o in told[side]) == Counter(battle.item_ids)
        assert all(isinstance(o, ItemResult) for o in told[side])


def test_the_sides_take_turns_at_blocks_of_the_battles_order(add_task: AddTask) -> None:
    task = add_task(toy_task(rows=toy_rows({"sky": 2 * BLOCK + 5})))
    battle = battle_over(task)
    turns = [
        (side, [o.item_id for _, batch in batches for o in batch])
        for side, batches in groupby(evaluate(prepare(battle), models(), NOTHING), key=lambda step: step[0])
    ]
    parts = [list(battle.item_ids[:32]), list(battle.item_ids[32:64]), list(battle.item_ids[64:])]
    assert turns == [(side, part) for part in parts for side in SIDES]


@pytest.mark.parametrize(
    ("n", "stop", "starts"),
    [
        (3000, "planned", [0, 32, 64, 128, 256, 512, 1024, 2048]),  # as many as went before, 1,024 at most
        (3200, "planned", [0, 32, 64, 128, 256, 512, 1024, 2048, 3072]),
        (100, "adaptive", [0, 32, 64, 96]),  # it may stop at any item: what is ahead may be in vain
    ],
)
def test_turns_grow_with_a_planned_battle(n: int, stop: Stop, starts: list[int], toy: Task) -> None:
    battle = replace(battle_over(toy), item_ids=tuple(map(str, range(n))), stop=stop)
    assert [part.start for part in blocks(battle)] == starts


def test_what_is_done_is_not_run_again_and_the_rest_comes_out_the_same(toy: Task) -> None:
    battle = battle_over(toy)
    whole = outcomes_of(battle, models())
    done = {"a": set(battle.item_ids[:7]), "b": set(battle.item_ids[30:])}
    both = models()
    rest = outcomes_of(battle, both, done)
    for side in SIDES:
        assert done[side].isdisjoint(both[side].asked)
        assert rest[side] == [o for o in whole[side] if o.item_id not in done[side]]


def test_a_model_with_nothing_left_is_not_asked(toy: Task) -> None:
    battle = battle_over(toy)
    everything = set(battle.item_ids)
    assert outcomes_of(battle, models(), {"a": everything, "b": everything}) == {"a": [], "b": []}


def test_a_failure_is_not_a_wrong_answer(toy: Task) -> None:
    battle = battle_over(toy, 6)
    failed = battle.item_ids[2]
    told = outcomes_of(battle, {"a": ToyModel("ruby", fails={failed}), "b": ToyModel("jade")})
    assert [o for o in told["a"] if isinstance(o, ItemFailure)] == [
        ItemFailure(item_id=failed, reason="error", message="told to fail")
    ]
    assert all(isinstance(o, ItemResult) for o in told["b"])


def test_a_result_is_scored_by_the_choice_it_keeps(toy: Task) -> None:
    gold = {item.id: item.gold for item in load_items(toy)}
    for outcome in outcomes_of(battle_over(toy), models())["a"]:
        assert isinstance(outcome, ItemResult)
        assert outcome.choice == max(range(3), key=lambda i: outcome.logliks[i])
        assert outcome.score == (outcome.choice == gold[outcome.item_id])


def test_changed_items_are_not_mixed_with_old_results(add_task: AddTask) -> None:
    rows = toy_rows({"sky": 9})
    battle = battle_over(add_task(toy_task(rows=rows)))
    add_task(toy_task(rows=[{**rows[0], "text": "question sky0 (corrected)"}, *rows[1:]]))
    with pytest.raises(CallerMistake, match="are not those battle x was planned with"):
        battle_items(battle)
    add_task(toy_task(rows=[{**row, "group": "sea"} for row in rows]))
    with pytest.raises(CallerMistake, match="are not those battle x was planned with"):
        prepare(battle)


# ---- which choice wins


@pytest.mark.parametrize(
    ("logliks", "rule", "winner"),
    [
        ((-4.0, -6.0), "sum", 0),
        ((-4.0, -6.0), "characters", 1),  # -4/2 = -2 against -6/4 = -1.5
        ((-5.0, -5.0), "sum", 0),  # the first wins a tie, as in lm-eval (numpy.argmax)
        ((-2.0, -4.0), "characters", 0),
        ((-2.0, -3.9), "characters", 1),
    ],
)
def test_best_choice(logliks: tuple[float, ...], rule: str, winner: int) -> None:
    assert best_choice(logliks, ("ab", "abcd"), rule) == winner


def test_length_is_counted_in_characters_not_bytes() -> None:
    assert best_choice((-2.0, -3.5), ("ab", "éé"), "characters") == 0  # by bytes: -1.0 against -0.875


# ---- written answers


def number(text: str) -> str | None:
    return next((word for word in text.split() if word.isdigit()), None)


def is_seven(answer: str, item: Item) -> float:
    return float(answer == "7")


@pytest.fixture
def essay(add_task: AddTask) -> Task:
    decoding = Decoding(max_tokens=9, until=("Q:",))
    rows = [{"group": "sum", "text": f"{i} + 7?", "gold": 0} for i in range(4)]
    rules = {"number": Scorer(number, is_seven), "shout": Scorer(str.upper, is_seven)}
    return add_task(toy_task(rows=rows, decoding=decoding, extractions=rules))


@pytest.mark.parametrize(
    ("text", "truncated", "answer", "score"),
    [
        ("it is 7", False, "7", 1.0),
        ("it is 8", False, "8", 0.0),
        ("I give up", False, None, 0.0),
        ("it is 7 as", True, "7", 1.0),
    ],
)
def test_a_written_answer(essay: Task, text: str, truncated: bool, answer: str | None, score: float) -> None:
    written = Completion(item_id="sum/0", text=text, truncated=truncated, tokens=12, seconds=0.5)
    told = written_outcome(essay, load_items(essay)[0], written, essay.harness())
    assert isinstance(told, ItemResult)
    assert (told.text, told.answer, told.score, told.choice) == (text, answer, score, None)


def test_cut_off_before_an_answer_is_a_failure(essay: Task) -> None:
    written = Completion(item_id="sum/0", text="let me think", truncated=True, tokens=1_200, seconds=0.5)
    told = written_outcome(essay, load_items(essay)[0], written, essay.harness())
    assert isinstance(told, ItemFailure)
    assert (told.reason, told.text) == ("truncated", "let me think")
    assert "1,200 tokens" in told.message


def test_trouble_while_writing_is_a_failure(essay: Task) -> None:
    trouble = Trouble(item_id="sum/0", reason="endpoint", message="gone away")
    told = written_outcome(essay, load_items(essay)[0], trouble, essay.harness())
    assert told == ItemFailure(item_id="sum/0", reason="endpoint", message="gone away")


def test_a_writing_battle_uses_the_contenders_rule(essay: Task) -> None:
    told = outcomes_of(battle_over(essay, extraction="shout"), models(says="seven"))
    assert {o.answer for o in told["a"] if isinstance(o, ItemResult)} == {"SEVEN"}
    assert len(told["a"]) == len(told["b"]) == 4


# ---- another way of asking, another way of computing


def test_reversed_options_are_told_as_the_benchmark_numbers_them(add_task: AddTask) -> None:
    """The reader goes by the texts, so nothing it says of an option may depend on where that stood."""
    task = add_task(quiz())
    reader = Reader(lambda number, text: number % 2 == 0)
    given, turned = (
        outcomes_of(battle_over(task, option_order=order), {"a": reader, "b": reader})["a"]
        for order in ("given", "reversed")
    )
    assert given == turned
    right = {o.item_id: o.score for o in turned if isinstance(o, ItemResult)}
    assert right == {str(i): float(i % 2 == 0) for i in range(32)}


def test_who_goes_by_the_place_is_found_out_by_reversing(add_task: AddTask) -> None:
    class First(ToyModel):
        def rank(self, items: Any, skip: Any = ()) -> Any:
            for item in items:
                yield [Logliks(item_id=item.item_id, sums=(-1.0, -2.0, -3.0), tokens=1, seconds=0.1)]

    task = add_task(quiz(30))
    both: dict[Side, Any] = {"a": First("a"), "b": First("b")}
    given, turned = (outcomes_of(battle_over(task, option_order=order), both)["a"] for order in ("given", "reversed"))
    assert {(o.choice, o.logliks) for o in given if isinstance(o, ItemResult)} == {(0, (-1.0, -2.0, -3.0))}
    assert {(o.choice, o.logliks) for o in turned if isinstance(o, ItemResult)} == {(2, (-3.0, -2.0, -1.0))}
    places = {o.item_id: o.score for o in turned if isinstance(o, ItemResult)}
    assert places == {str(i): float(i % 3 == 2) for i in range(30)}


@pytest.mark.parametrize(("batch", "sizes"), [(None, [32, 8]), (1, [1] * 40), (5, [5] * 6 + [2, 5, 3]), (99, [32, 8])])
def test_no_more_items_at_a_time_than_asked_for(batch: int | None, sizes: list[int], add_task: AddTask) -> None:
    task = add_task(quiz(40))
    reader = Reader(lambda number, text: True)
    told = outcomes_of(battle_over(task, batch=batch), {"a": reader, "b": ToyModel("b")})
    assert reader.sizes == sizes
    assert len(told["a"]) == 40


def test_parts_of_a_block_are_the_same_whatever_is_done(add_task: AddTask) -> None:
    task = add_task(quiz(40))
    battle = battle_over(task, batch=5)
    reader = Reader(lambda number, text: True)
    rest = outcomes_of(battle, {"a": reader, "b": ToyModel("b")}, {"a": set(battle.item_ids[3:14]), "b": ()})
    assert reader.sizes == [5] * 6 + [2, 5, 3]
    assert len(rest["a"]) == 29


def test_the_stop_strings_follow_the_labels(add_task: AddTask) -> None:
    class Writer(ToyModel):
        told: Decoding

        def write(self, items: Any, decoding: Decoding, skip: Any = ()) -> Any:
            self.told = decoding
            return super().write(items, decoding, skip)

    decoding = Decoding(max_tokens=9, until=("Question:", "###"))
    task = add_task(quiz(4, decoding=decoding, extractions={"all": Scorer(str.strip)}))
    writer = Writer("w")
    outcomes_of(battle_over(task, prompt_variant="short labels"), {"a": writer, "b": writer})
    assert writer.told == Decoding(max_tokens=9, until=("Q:", "###"))
