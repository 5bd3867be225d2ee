"""Benchmarks whose items are generated: any number of them, from a seed and from nothing else, and again from their ids."""

from __future__ import annotations

import importlib.metadata
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import BattleRequest, CallerMistake, Item, Task, load_items, runs
from engine.battles.prepared import battle_items
from engine.errors import NoSource
from engine.harness.config import Decoding
from engine.tasks.generated import EXAMPLES, Generated
from engine.tasks.rendering import few_shot_contexts
from engine.tasks.sampling import draw
from engine.tasks.scoring.extraction import regex_extractor
from engine.tasks.sources import Row
from engine.tasks.task import Scorer
from tests.conftest import toy_task

AddTask = Callable[[Task], Task]
KINDS = ("after", "before", "twice")
HERE = importlib.metadata.version("pytest")  # any package that is surely installed


class Entries(dict[int, Row]):
    """The entries of a kind: there is one for every number."""

    def __init__(self, kind: str, words: str = "What is") -> None:
        super().__init__()
        self.kind, self.words = kind, words

    def __missing__(self, number: int) -> Row:
        answer = {"after": number + 1, "before": number - 1, "twice": 2 * number}[self.kind]
        return {"question": f"{self.words} {self.kind} {number}?", "answer": str(answer)}


def item(index: int, row: Row) -> Item:
    return Item.written(
        row["number"], f"Question: {row['question']}\nAnswer:", row["answer"], id=row["id"], group=row["group"]
    )


def generated(
    entries: Callable[[str], Mapping[int, Row]] = Entries, version: str = HERE, package: str = "pytest"
) -> Generated:
    return Generated(package, version, "pip install that", KINDS, entries)


def endless(source: Generated | None = None, **other: Any) -> Task:
    source = source or generated()
    scorers = {"number": Scorer(regex_extractor(r"\d+"))}
    given = {"item": item, "items_from": (source,), "shots_from": (source.examples(),), "chance": 0.0, "size": None}
    return toy_task("sums", **given, decoding=Decoding(max_tokens=8, until=("\n",)), extractions=scorers, **other)


@pytest.fixture
def sums(add_task: AddTask) -> Task:
    return add_task(endless())


@pytest.fixture
def challenge(sums: Task, contenders: tuple[str, str]) -> BattleRequest:
    return BattleRequest(a=contenders[0], b=contenders[1], task=sums.name, limit=20, seed=3, device="cpu")


# ---- the draw


@given(n=st.integers(0, 40), seed=st.text(max_size=8))
def test_any_number_is_drawn_in_equal_shares_at_every_moment(n: int, seed: str) -> None:
    ids = generated().draw_ids(n, seed)
    assert len(set(ids)) == len(ids) == n
    assert ids == generated().draw_ids(41, seed)[:n]
    for end in range(n + 1):
        shares = Counter(i.partition("/")[0] for i in ids[:end])
        assert end == 0 or max(shares.values()) - min(shares[kind] for kind in KINDS) <= 1
    assert all(int(i.partition("/")[2]) >= EXAMPLES for i in ids)


def test_a_seed_gives_the_same_items_and_another_others() -> None:
    task = endless()
    assert draw(task, 30, 1) == draw(endless(), 30, 1)
    assert not {i.id for i in draw(task, 30, 1)} & {i.id for i in draw(task, 30, 2)}
    assert [i.group for i in draw(task, 30, 1)] != [i.group for i in draw(task, 30, 2)]
    assert not {i.id for i in draw(task, 30, 1)} & {i.id for i in draw(replace(task, name="other"), 30, 1)}


def test_an_item_is_generated_again_from_its_id() -> None:
    (one,) = load_items(endless().with_items(["twice/21"]))
    assert (one.id, one.group, one.index, one.answer) == ("twice/21", "twice", 21, "42")
    assert one.contexts == ("Question: What is twice 21?\nAnswer:",)


def test_items_are_generated_once_for_the_same_ids_and_a_split_stays_as_it_is() -> None:
    task = endless()
    assert load_items(task.with_items(["twice/21"])) is load_items(task.with_items(iter(["twice/21"])))
    bound = task.with_items(["twice/21"])
    assert bound.with_items(["twice/21"]) is bound
    fixed = toy_task()
    assert fixed.with_items(["sky/1"]) is fixed


# ---- what cannot be


@pytest.mark.parametrize(
    "wrong", ["twice", "twice/", "twice/x", "thrice/3", "/3", "twice/-1", "twice/1.5", "twice/" + 11 * "9"]
)
def test_an_id_that_names_nothing_is_refused(wrong: str) -> None:
    with pytest.raises(CallerMistake, match="is no item of pytest"):
        load_items(endless().with_items([wrong]))


@pytest.mark.parametrize(
    ("limit", "words"), [(None, "say how many with --limit"), (1, "at least 2"), (-3, "at least 2")]
)
def test_a_draw_says_how_many(limit: int | None, words: str) -> None:
    with pytest.raises(CallerMistake, match=words):
        draw(endless(), limit, 0)


def test_there_are_no_items_before_some_are_drawn() -> None:
    with pytest.raises(CallerMistake, match="has no items before some are drawn"):
        load_items(endless())


@pytest.mark.parametrize("source", [generated(version="0.0.0"), generated(package="no-such-package-here")])
def test_without_exactly_this_library_it_says_how_to_get_it(source: Generated) -> None:
    task = endless(source)
    assert not task.present and endless().present
    with pytest.raises(NoSource, match="pip install that"):
        draw(task, 5, 0)


# ---- a battle


def test_a_battle_is_planned_over_new_items(challenge: BattleRequest) -> None:
    battle = runs.plan(challenge)
    assert battle.n == 20 and battle.items_digest == runs.plan(challenge).items_digest
    assert runs.plan(replace(challenge, limit=500)).n == 500
    assert not set(battle.item_ids) & set(runs.plan(replace(challenge, seed=4)).item_ids)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"limit": None}, "say how many with --limit"),
        ({"estimand": "benchmark", "stop": "adaptive"}, "has no end"),
        ({"shots": EXAMPLES + 1}, f"has {EXAMPLES} worked examples to choose from"),
    ],
)
def test_a_plan_says_what_an_endless_benchmark_cannot(
    challenge: BattleRequest, wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(CallerMistake, match=words):
        runs.plan(replace(challenge, **wrong))


def test_a_resumed_battle_has_its_items_from_their_ids(challenge: BattleRequest, add_task: AddTask) -> None:
    battle = runs.plan(challenge)
    first = battle_items(battle)
    assert tuple(first) == battle.item_ids
    assert tuple(first.values()) == draw(endless(), 20, 3)
    changed = endless(generated(lambda kind: Entries(kind, words="Say")))
    with pytest.raises(CallerMistake, match="are not those battle"):
        add_task(changed)
        battle_items(battle)


def test_worked_examples_are_of_the_items_kind_and_no_battle_asks_them(challenge: BattleRequest, sums: Task) -> None:
    battle = runs.plan(replace(challenge, shots=3))
    before = few_shot_contexts(sums.with_items(battle.item_ids), battle.a.harness)
    for one in battle_items(battle).values():
        shown = [re.fullmatch(r"Question: What is (\w+) (\d+)\?\nAnswer:", q) for q, _ in before[one.id].examples]
        assert {match[1] for match in shown if match} == {one.group}
        assert len({match[2] for match in shown if match and int(match[2]) < EXAMPLES <= one.index}) == 3
    fewer = few_shot_contexts(sums.with_items(battle.item_ids[:7]), battle.a.harness)
    assert all(fewer[i] == before[i] for i in battle.item_ids[:7])
