"""A battle's gap in its parts: each read off by hand, with the sentences about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.analysis.decomposition import repeat_effects, scorer_effect_of
from engine.analysis.repeats import plan_repeats
from engine.analysis.variations import Variations, variations_of
from engine.battles.battle import SIDES, Battle, ItemResult, Outcome
from engine.battles.result import BattleResult
from engine.battles.scoring import ranked_outcome
from engine.harness.config import Decoding
from engine.models.interface import Logliks
from engine.report import sentences
from engine.stats.decomposition import (
    Remeasurement,
    SourceEffect,
)
from engine.tasks.items import load_items
from engine.tasks.task import Task
from tests.conftest import Shelf, toy_rows, toy_task
from tests.engine.toy_battles import (
    CUT,
    LOOSE,
    RIGHT,
    SILENT,
    STRICT,
    WRONG,
    battle_of,
    decomposed,
    repeats,
    result_of,
    written,
)

AddTask = Callable[[Task], Task]


def prompt_effect(result: BattleResult, family: Sequence[BattleResult]) -> SourceEffect:
    return repeat_effects(result, repeats(family))[0]


def run_effect(result: BattleResult, family: Sequence[BattleResult]) -> SourceEffect:
    return repeat_effects(result, repeats(family))[1]


def scored(items: Sequence[str], scores: Sequence[float]) -> dict[str, Outcome]:
    return {item: ItemResult(item_id=item, score=score) for item, score in zip(items, scores, strict=True)}


# ---- the instrument


def test_each_rule_and_both_bounds(essay: Task, contenders: tuple[str, str]) -> None:
    a = written(essay, [RIGHT] * 5 + [WRONG] * 3 + [SILENT, CUT])
    b = written(essay, [RIGHT] * 2 + [LOOSE] * 5 + [SILENT, SILENT, None])
    part = scorer_effect_of(result_of(battle_of(essay, contenders), a, b))
    # 9 pairs: A is right on 5 of them, B on 2. The tenth has a text of A (cut off) and none of B.
    gap = 3 / 9
    strict, loose, low, high = part.readings
    assert (strict.label, strict.gap, strict.n, strict.flips, strict.unread) == ("strict-match", gap, 9, 0, 8)
    assert (loose.label, loose.n, loose.flips, loose.unread) == ("flexible-extract", 9, 5, 3)
    assert loose.gap == pytest.approx(-2 / 9)  # A 5, B 2 + 5
    # Unread: 2 of A (silent, cut off) and 8 of B (5 loose, 2 silent, 1 failed), over all ten items.
    assert (low.gap, high.gap) == pytest.approx(((5 - 10) / 10, (7 - 2) / 10))
    assert [reading.bound for reading in part.readings] == [False, False, True, True]
    assert (low.label, low.n, low.flips) == ("every unread answer of ruby wrong and of jade right", 10, 8)
    assert (high.label, high.n, high.flips) == ("every unread answer of ruby right and of jade wrong", 10, 2)
    assert all(reading.base == gap for reading in part.readings)
    assert (part.low, part.high) == pytest.approx((-0.5, 0.5))
    assert part.about == (
        "the same outputs read by 2 rules; 2 of ruby and 8 of jade were unread, cut off or failed, "
        "taken as all right and as all wrong"
    )
    # One rule a side: A strict against B flexible, and the other way round. They are told apart and widen nothing.
    assert [(m.label, m.gap) for m in part.mixed] == [
        ("ruby by strict-match, jade by flexible-extract", pytest.approx(-2 / 9)),
        ("ruby by flexible-extract, jade by strict-match", pytest.approx(3 / 9)),
    ]


def test_a_rule_that_turns_the_gap_is_said(essay: Task, contenders: tuple[str, str]) -> None:
    a, b = written(essay, [RIGHT] * 5 + [WRONG] * 5), written(essay, [RIGHT] * 2 + [LOOSE] * 5 + [WRONG] * 3)
    told = decomposed(result_of(battle_of(essay, contenders), a, b))
    assert told is not None
    assert sentences(told) == (
        "ruby is 30.0 points ahead of jade on the same 10 items; the choice of items leaves anything from 6.1 points "
        "in favour of jade to 60.3 points in favour of ruby open, zero included (item luck, measured: 95% interval, "
        "Tango score, paired).",
        "Of the other sources measured, the instrument (how answers are read) moves the gap most: “flexible-extract” "
        "takes it from 30.0 points in favour of ruby to 20.0 points in favour of jade on 10 items (5 answers changed), "
        "which alone turns it.",
        "Not measured: the protocol (how questions are asked; not tried: instruction first) and the rerun floor (the "
        "same asked again; not tried: the same again, one item at a time, bfloat16), so how far the gap moves with "
        "that is unknown.",
    )


def test_one_rule_that_read_everything_moved_nothing_and_that_is_measured(
    add_task: AddTask, contenders: tuple[str, str]
) -> None:
    task = add_task(toy_task(decoding=Decoding(max_tokens=9, until=()), extractions={"strict-match": STRICT}))
    a, b = written(task, [RIGHT] * 30 + [WRONG] * 10), written(task, [RIGHT] * 20 + [WRONG] * 20)
    result = result_of(battle_of(task, contenders), a, b)
    part = scorer_effect_of(result)
    assert part.measured and part.low == part.high == 0.25 and part.mixed == ()
    assert part.about == "the same outputs read by 1 rule; no answer was unread"
    told = decomposed(result)
    assert told is not None
    assert sentences(told)[1] == (
        "The other sources measured left the gap as it is: the instrument (how answers are read) on 40 items, "
        "0 answers changed."
    )


def test_ranked_choices_are_read_by_what_is_stored_of_them(add_task: AddTask, contenders: tuple[str, str]) -> None:
    task = add_task(toy_task())

    def ranked(choose: Callable[[int], tuple[float, ...]]) -> dict[str, Outcome]:
        made = [
            Logliks(item_id=item.id, sums=choose(item.gold or 0), tokens=3, seconds=0.1) for item in load_items(task)
        ]
        return {m.item_id: ranked_outcome(i, m, "sum") for i, m in zip(load_items(task), made, strict=True)}

    # red, green, blue. A: green by sum and by character; B: blue by sum, green by character (-4/5 against -3.5/4).
    a, b = ranked(lambda gold: (-9.0, -2.0, -9.0)), ranked(lambda gold: (-9.0, -4.0, -3.5))
    part = scorer_effect_of(result_of(battle_of(task, contenders), a, b))
    assert [(r.label, r.gap, r.flips) for r in part.readings] == [
        ("highest total (acc)", pytest.approx((13 - 13) / 40), 0),
        ("highest per character (acc_norm)", 0.0, 26),
        ("highest per byte (acc_bytes)", 0.0, 26),
    ]
    assert (part.readings[0].n, part.readings[0].unread, part.low, part.high) == (40, 0, 0.0, 0.0)


def test_questions_that_are_gone_leave_the_instrument_unmeasured(
    essay: Task, add_task: AddTask, contenders: tuple[str, str]
) -> None:
    outcomes = written(essay, [RIGHT, SILENT] * 5)
    result = result_of(battle_of(essay, contenders), outcomes, outcomes)
    add_task(replace(essay, items_from=(Shelf(here=False),)))
    told = decomposed(result)
    assert told is not None
    assert [(part.source, part.low, part.high, part.measured) for part in told.parts[1:]] == [
        (source, None, None, False) for source in ("instrument", "protocol", "rerun")
    ]
    assert all("not on this machine" in part.about for part in told.parts[1:])
    assert sentences(told)[1].startswith("No other source was measured")
    assert sentences(told)[2].count("not on this machine") == 3


def test_without_a_verdict_there_is_nothing_to_split(essay: Task, contenders: tuple[str, str]) -> None:
    battle = battle_of(essay, contenders)
    begun = {battle.item_ids[0]: ItemResult(item_id=battle.item_ids[0], score=1.0, text=RIGHT, answer="7")}
    result = result_of(battle, begun, begun, "running")
    assert decomposed(result) is None
    for part in (scorer_effect_of(result), prompt_effect(result, ()), run_effect(result, ())):
        assert (part.measured, part.about) == (False, "fewer than two pairs are complete")


# ---- the protocol and the rerun


@pytest.fixture
def first(add_task: AddTask, contenders: tuple[str, str]) -> BattleResult:
    """Ten items: A is right on the first six, B on the first four."""
    battle = battle_of(add_task(toy_task(rows=toy_rows({"sky": 10}))), contenders)
    a, b = (scored(battle.item_ids, [1.0] * k + [0.0] * (10 - k)) for k in (6, 4))
    return result_of(battle, a, b)


def again(
    base: BattleResult, scores: tuple[Sequence[float], Sequence[float]], state: str = "done", **change: Any
) -> BattleResult:
    """The battle once more with a setting of both sides changed, over its first items."""
    over = base.battle.item_ids[: len(scores[0])]
    sides = {s: replace(c := base.battle.contender(s), harness=replace(c.harness, **change)) for s in SIDES}
    battle = replace(base.battle, id=f"{change}", repeat_of=base.battle.id, item_ids=over, **sides)
    a, b = (scored(over, side) for side in scores)
    return result_of(battle, a, b, state)


def test_a_repeat_is_read_on_the_items_it_shares(first: BattleResult) -> None:
    # On the first five items the gap was (5 - 4) / 5; now B has the lead there, with 3 answers changed.
    family = [again(first, ([1, 1, 1, 0, 0], [1, 1, 1, 1, 1]), prompt_variant="instruction first")]
    part = prompt_effect(first, family)
    assert part.readings == (Remeasurement(label="instruction first", gap=-0.4, n=5, base=0.2, flips=3),)
    assert (part.low, part.high) == pytest.approx((0.2 - 0.6, 0.2))
    assert part.about.startswith("both sides run again in 1 other way; impossible here: options reversed (")
    assert not run_effect(first, family).measured
    assert not scorer_effect_of(first).measured  # only scores are stored here
    told = decomposed(first, family)
    assert told is not None
    assert sentences(told)[1] == (
        "Of the other sources measured, the protocol (how questions are asked) moves the gap most: “instruction first” "
        "takes it from 20.0 points in favour of ruby to 40.0 points in favour of jade on only 5 of the 10 items "
        "(3 answers changed), which alone could turn it unless it was the luck of so few items."
    )


def test_a_rerun_that_moves_nothing_is_a_measured_zero(first: BattleResult) -> None:
    part = run_effect(first, [again(first, ([1] * 6 + [0] * 4, [1] * 4 + [0] * 6))])
    assert [(r.label, r.n, r.flips) for r in part.readings] == [("the same again", 10, 0)]
    assert part.measured and part.low == part.high == pytest.approx(0.2)
    assert part.untried == ("one item at a time", "bfloat16")


def test_what_is_no_repeat_is_no_reading(first: BattleResult) -> None:
    same, dtype = ([1] * 10, [0] * 10), "bfloat16"
    good = again(first, same, dtype=dtype)
    one_side = replace(good, battle=replace(good.battle, b=first.battle.b))
    swapped = replace(good, battle=replace(good.battle, a=good.battle.b, b=good.battle.a))
    family = [
        again(first, ([1], [0]), dtype=dtype),  # one pair
        again(first, same, state="running", dtype=dtype),
        again(first, same, dtype=dtype, batch=1),  # two settings
        again(first, same, template="chat"),  # not a way to repeat
        one_side,
        swapped,
        replace(good, battle=replace(good.battle, repeat_of="another")),
        replace(good, battle=replace(good.battle, device="cuda")),
        first,
        replace(first, battle=replace(first.battle, repeat_of=first.battle.id)),
    ]
    assert not run_effect(first, family).measured and not prompt_effect(first, family).measured
    assert [reading.label for reading in run_effect(first, [*family, good]).readings] == [dtype]


def test_only_what_both_can_be_given_is_untried(first: BattleResult) -> None:
    b = replace(first.battle.b, harness=replace(first.battle.b.harness, batch=1))
    assert run_effect(replace(first, battle=replace(first.battle, b=b)), ()).untried == ("the same again", "bfloat16")


def test_every_repeat_that_is_planned_is_a_reading(first: BattleResult) -> None:
    family = []
    for battle in plan_repeats(first.battle, 4):
        a, b = (scored(battle.item_ids, side) for side in ([1, 1, 1, 0], [1, 1, 1, 1]))
        family.append(result_of(battle, a, b))
    told = decomposed(first, family)
    assert told is not None
    asked, ran = told.parts[2:]
    assert len(asked.readings) + len(ran.readings) == len(family) >= 4
    assert (asked.untried, ran.untried) == ((), ())
    assert {(r.n, r.gap, r.base, r.flips) for r in asked.readings + ran.readings} == {(4, -0.25, 0.0, 1)}
    assert (ran.low, ran.high) == pytest.approx((0.2 - 0.25, 0.2))
    assert "measured only in part" not in sentences(told)[2]


def test_a_source_with_nothing_to_change_does_not_apply(first: BattleResult, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_possible(battle: Battle, side: Any) -> Variations:
        return replace(variations_of(replace(battle, device="cpu"), side), possible=())

    monkeypatch.setattr("engine.analysis.variations.variations_of", nothing_possible)
    told = decomposed(replace(first, battle=replace(first.battle, device="elsewhere")))
    assert told is not None
    assert [part.applies for part in told.parts] == [True, True, False, False]
    assert "; does not apply here: the protocol (how questions are asked; not run again; imp" in sentences(told)[2]
