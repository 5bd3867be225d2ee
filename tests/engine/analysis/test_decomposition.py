"""A gap in its parts: each read off by hand, bounds against every way to fill them in, and words that add no number."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.decomposition import decompose, repeat_effects, scorer_effect_of
from engine.analysis.repeats import Repeat, plan_repeats
from engine.analysis.variations import Variations, variations_of
from engine.battles.battle import SIDES, Battle, Contender, ItemFailure, ItemResult, Outcome
from engine.battles.rescoring import rescored_score, scoring_rules
from engine.battles.result import BattleResult
from engine.battles.scoring import ranked_outcome, written_outcome
from engine.harness.config import Decoding
from engine.logs import Log, LogRow, align
from engine.logs.decomposition import decompose_logs, other_scorings
from engine.logs.log import Contents
from engine.models.interface import Completion, Logliks, Trouble
from engine.report import as_json, sentences
from engine.stats.decomposition import (
    GapDecomposition,
    Remeasurement,
    SourceEffect,
    decompose_scores,
    item_sampling_effect,
    scorer_effect,
)
from engine.stats.verdict import compare
from engine.tasks.items import digest, load_items
from engine.tasks.task import Item, Scorer, Task
from tests.conftest import Shelf, toy_rows, toy_task

NAMES = ("Gemma", "Qwen")
AddTask = Callable[[Task], Task]


def is_seven(answer: str, item: Item) -> float:
    return float(answer == "7")


def after_marks(text: str) -> str | None:
    return found[1] if (found := re.search(r"#### ([0-9]+)", text)) else None


def last_number(text: str) -> str | None:
    return (re.findall(r"[0-9]+", text) or [None])[-1]


STRICT, FLEXIBLE = Scorer(after_marks, is_seven), Scorer(last_number, is_seven)


@pytest.fixture
def essay(add_task: AddTask) -> Task:
    """Ten sums, all with the answer 7, read by two rules after the manner of GSM8K's."""
    return add_task(
        toy_task(
            rows=[{"group": "sum", "text": f"{i} and what?", "gold": 0} for i in range(10)],
            decoding=Decoding(max_tokens=9, until=("Q:",)),
            extractions={"strict-match": STRICT, "flexible-extract": FLEXIBLE},
        )
    )


def battle_of(task: Task, models: tuple[str, str], **settings: Any) -> Battle:
    items = load_items(task)
    a, b = (Contender(model=model, harness=task.harness()) for model in models)
    plan: dict[str, Any] = {"seed": 0, "margin": 0.02, "level": 0.95, "device": "cpu", "items_digest": digest(items)}
    plan |= {"id": "first", "a": a, "b": b, "task": task.name, "item_ids": tuple(item.id for item in items)}
    return Battle(**(plan | settings))


def result_of(battle: Battle, a: Mapping[str, Outcome], b: Mapping[str, Outcome], state: str = "done") -> BattleResult:
    return BattleResult(
        battle=battle, state=state, a=a, b=b, environment={}, notices=(), seconds=1.0, created=1_700_000_000.0
    )


def repeats(family: Sequence[BattleResult]) -> list[Repeat]:
    return [
        Repeat(battle=one.battle, state=one.state, scores={i: (a.score, b.score) for i, a, b in one.pairs})  # type: ignore[arg-type]
        for one in family
    ]


def decomposed(result: BattleResult, family: Sequence[BattleResult] = ()) -> GapDecomposition | None:
    return decompose(result, repeats(family))


def prompt_effect(result: BattleResult, family: Sequence[BattleResult]) -> SourceEffect:
    return repeat_effects(result, repeats(family))[0]


def run_effect(result: BattleResult, family: Sequence[BattleResult]) -> SourceEffect:
    return repeat_effects(result, repeats(family))[1]


def written(task: Task, texts: Sequence[str | None]) -> dict[str, Outcome]:
    """What came of one text an item; one that ends in … was cut off, None is a failure without a text."""
    outcomes = {}
    for item, text in zip(load_items(task), texts, strict=True):
        told: Completion | Trouble = Trouble(item_id=item.id, reason="endpoint", message="gone away")
        if text is not None:
            told = Completion(item_id=item.id, text=text, truncated=text.endswith("…"), tokens=5, seconds=0.1)
        outcomes[item.id] = written_outcome(task, item, told, task.harness())
    return outcomes


def scored(items: Sequence[str], scores: Sequence[float]) -> dict[str, Outcome]:
    return {item: ItemResult(item_id=item, score=score) for item, score in zip(items, scores, strict=True)}


RIGHT, WRONG, LOOSE, SILENT, CUT, CUT_LOOSE = "#### 7", "#### 8", "it is 7", "no idea", "let me see…", "so 7 or…"


# ---- the instrument


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


# ---- stored scores


def test_scores_from_files_are_read_again_and_nothing_is_run_again() -> None:
    ids = [str(i) for i in range(8)]
    strict = [1, 1, 1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0, 0]
    loose = [1, 1, 1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1, None, 0]
    verdict = compare(*strict, names=NAMES)
    own, other = (tuple(dict(zip(ids, side, strict=True)) for side in pair) for pair in (strict, loose))
    told = decompose_scores(verdict, own, {"strict": own, "loose": other}, ((), ids[2:7]))  # type: ignore[arg-type,dict-item]
    assert [r.gap for r in told.parts[1].readings] == pytest.approx([3 / 8, -1 / 8, -2 / 8, 3 / 8])
    assert told.parts[1].readings[2].label == "every unread answer of Qwen right"
    assert [part.measured for part in told.parts] == [True, True, False, False]
    assert "logs of both sides from a second run are needed" in sentences(told)[2]


def test_the_extremes_of_reading_each_side_by_another_rule() -> None:
    ids = "pqrs"
    rules = {  # right of A and B: 2 and 1, 4 and 2, 1 and 3
        name: (dict(zip(ids, a, strict=True)), dict(zip(ids, b, strict=True)))
        for name, a, b in (
            ("x", [1, 1, 0, 0], [1, 0, 0, 0]),
            ("y", [1, 1, 1, 1], [1, 1, 0, 0]),
            ("z", [1, 0, 0, 0], [1, 1, 1, 0]),
        )
    }
    told = decompose_scores(compare([1, 1, 0, 0], [1, 0, 0, 0], names=NAMES), rules["x"], rules)
    part = told.parts[1]
    assert [(m.label, m.gap) for m in part.mixed] == [
        ("Gemma by x, Qwen by z", -1 / 4),
        ("Gemma by y, Qwen by x", 3 / 4),
    ]
    assert (part.low, part.high) == (-2 / 4, 2 / 4)


def test_a_rule_that_finds_no_answer_at_all_is_no_reading() -> None:
    own, nothing = ({"x": 1.0, "y": 0.0}, {"x": 0.0, "y": 0.0}), ({"x": None, "y": None}, {"x": None, "y": None})
    part = scorer_effect(NAMES, 0.5, own, {"own": own, "strict": nothing}, ((), ()))
    assert ([reading.label for reading in part.readings], part.mixed) == (["own"], ())
    assert "strict found no answer on either side" in part.about


def test_what_closes_the_gap_and_what_only_might() -> None:
    ids = "pqrstuvw"
    a, b = (dict(zip(ids, side, strict=True)) for side in ([1] * 6 + [0] * 2, [1] * 4 + [0] * 4))
    verdict = compare(list(a.values()), list(b.values()), names=NAMES)
    even = decompose_scores(verdict, (a, b), {"own": (a, b), "even": (a, {**b, "u": 1, "v": 1})})
    assert "“even” takes it from 25.0 points in favour of Gemma to no gap on 8 items" in sentences(even)[1]
    assert sentences(even)[1].endswith("which alone closes it.")
    lost = decompose_scores(verdict, (a, b), {"own": (a, b)}, ((), "uvw"))
    assert sentences(lost)[1].endswith(
        "“every unread answer of Qwen right” would take it from 25.0 points in favour of Gemma to 12.5 points in "
        "favour of Qwen on 8 items (3 answers changed), which alone could turn it."
    )


def test_one_score_an_item_says_nothing_of_the_instrument() -> None:
    own = {"x": 1.0, "y": 0.0}, {"x": 0.0, "y": 0.0}
    told = decompose_scores(compare([1, 0], [0, 0], names=NAMES), own, {"acc": own})
    assert not told.parts[1].measured
    assert "are not" not in sentences(told)[1] and "left the gap" not in sentences(told)[1]


def test_real_scores_beyond_one_have_no_bounds() -> None:
    own = {"x": 3.5, "y": 0.0, "z": None}, {"x": 1.0, "y": 2.0, "z": 1.0}
    part = scorer_effect(NAMES, 0.25, own, {"points": own}, ((), ()))
    assert [reading.bound for reading in part.readings] == [False]
    assert part.about.endswith("with no bounds as scores lie outside 0 to 1")


def log(
    scores: Mapping[str, float | None], selector: str = "", about: Mapping[str, Mapping[str, Any]] | None = None
) -> Log:
    metric, _, used = selector.partition(",")
    rows = {
        i: LogRow(id=i, score=score, question=f"q:{i[0]}", **(about or {}).get(i, {})) for i, score in scores.items()
    }
    settings = {"metric": metric, "extraction": used, "shots": "5"}
    return Log(name="x", file="x.jsonl", format="toy", selector=selector, rows=rows, settings=settings)


@pytest.mark.parametrize("mark", ["", "!"])  # under other ids the items are matched by their questions
def test_two_logs_in_their_parts(mark: str) -> None:
    a = {"p": 1.0, "q": 0.0, "r": 0.0, "s": None}
    b = {f"{i}{mark}": score for i, score in {"p": 0.0, "q": 0.0, "r": 0.0, "s": 1.0}.items()}
    gone_a = {"p": {"truncated": True}, "q": {"answer": ""}, "r": {"truncated": True, "answer": "5"}}
    gone_b = {f"p{mark}": {"truncated": True}}
    strict = log(a, "exact_match,strict", gone_a), log(b, "exact_match,strict", gone_b)
    loose = log({**a, "q": 1.0}, "exact_match,loose"), log({**b, f"q{mark}": 1.0, f"r{mark}": 1.0}, "exact_match,loose")
    aligned = align(*strict)
    told = decompose_logs(compare([1, 0, 0], [0, 0, 0], names=NAMES), aligned, {"exact_match,loose": loose})
    found, other, low, high = told.parts[1].readings
    assert (found.label, found.n, found.flips, found.unread) == ("exact_match,strict", 3, 0, 2)
    assert (found.gap, other.gap) == (pytest.approx(1 / 3), pytest.approx(0.0))
    assert (other.n, other.flips, other.unread) == (3, 3, 0)
    # Unread: q of A (nothing found) and s (failed), p of B (cut off, no answer given). A's p was right and its r was read.
    assert (low.gap, high.gap) == (pytest.approx((1 - 2) / 4), pytest.approx((3 - 1) / 4))


def test_which_scores_of_a_file_are_the_same_outputs_read_again() -> None:
    def contents(kind: str = "metric or filter") -> Contents:
        names = ("exact_match,strict", "exact_match,loose", "acc,strict", "brier,strict")
        logs = {name: log({"p": 1.0, "q": 0.0}, name) for name in names}
        other = replace(log({"p": 1.0, "q": 0.0}, "acc,robust"), settings={"metric": "acc", "shots": "0"})
        return Contents(kind=kind, logs={**logs, "acc,robust": other})

    a, b = contents(), contents()
    aligned = align(a.logs["exact_match,strict"], b.logs["exact_match,strict"])
    assert set(other_scorings(aligned, a, b)) == {"exact_match,loose", "acc,strict"}
    assert other_scorings(aligned, a, contents("model")) == {}
    brier = align(a.logs["brier,strict"], b.logs["brier,strict"])
    assert other_scorings(brier, a, b) == {}


# ---- what holds for every split

cell = st.sampled_from([0.0, 1.0])
lossy = st.sampled_from([0.0, 1.0, None])


@st.composite
def splits(draw: st.DrawFn) -> GapDecomposition:
    n = draw(st.integers(2, 24))
    ids = [f"i{k}" for k in range(n)]

    def side(values: st.SearchStrategy[Any], count: int = n) -> dict[str, Any]:
        return dict(zip(ids, draw(st.lists(values, min_size=count, max_size=count)), strict=False))

    own = side(cell), side(cell)
    cluster = draw(st.booleans())
    verdict = compare(
        list(own[0].values()),
        list(own[1].values()),
        names=NAMES,
        clusters=[k % 2 for k in range(n)] if cluster else None,
        margin=draw(st.sampled_from([0.02, 0.0125, 0.2])),
    )
    rules = {"own": own} | {name: (side(lossy), side(lossy)) for name in draw(st.sets(st.sampled_from("xyz")))}
    unread = [draw(st.sets(st.sampled_from(ids), max_size=3)) for _ in range(2)]
    unread_a, unread_b = ({i for i in lost if not scores[i]} for lost, scores in zip(unread, own, strict=True))
    read = scorer_effect(NAMES, verdict.gap, own, rules, (unread_a, unread_b))

    def part(source: Any) -> SourceEffect:
        ways = draw(st.lists(st.sampled_from(["bfloat16", "8 worked examples", "the same again"]), max_size=2))
        readings = []
        for way in ways:
            m = draw(st.integers(2, n))
            new, old = [(side(cell, m), side(cell, m)) for _ in range(2)]
            gap, base = ((sum(a.values()) - sum(b.values())) / m for a, b in (new, old))
            flips = sum(x[i] != y[i] for x, y in zip(new, old, strict=True) for i in x)
            readings.append(Remeasurement(label=way, gap=gap, n=m, base=base, flips=flips))
        found = SourceEffect.from_readings(source, "told so", verdict.gap, readings)
        untried = ("reversed",) if draw(st.booleans()) else ()
        return replace(found, untried=untried, applies=bool(readings or untried or draw(st.booleans())))

    parts = item_sampling_effect(verdict), read, part("protocol"), part("rerun")
    head = {"names": NAMES, "gap": verdict.gap, "n": n, "level": 0.95, "margin": verdict.margin}
    return GapDecomposition(parts=parts, **head)


@given(told=splits())
def test_the_gap_lies_between_the_ends_of_every_part(told: GapDecomposition) -> None:
    for part in told.parts:
        assert part.measured == (part.low is not None)
        if part.low is None or part.high is None:
            assert (part.low, part.high, part.readings) == (None, None, ())
        else:
            assert part.low - 1e-12 <= told.gap <= part.high + 1e-12
            assert all(part.low <= reading.moved(told.gap) <= part.high for reading in part.readings)
    assert [part.source for part in told.parts] == ["item luck", "instrument", "protocol", "rerun"]


@given(
    data=st.lists(st.tuples(lossy, lossy), min_size=2, max_size=12),
    wrong=st.sets(st.integers(0, 11), max_size=3),
)
def test_no_way_to_fill_in_what_was_not_read_leaves_the_bounds(
    data: list[tuple[float | None, float | None]], wrong: set[int]
) -> None:
    """Brute force: every unread answer right or wrong, in all combinations (capped at 2^8)."""
    own = tuple({str(i): pair[side] for i, pair in enumerate(data)} for side in (0, 1))
    unread = {str(i) for i in wrong if i < len(data) and data[i][0] == 0.0}
    gone = [(0, i) for i, s in own[0].items() if s is None or i in unread] + [
        (1, i) for i, s in own[1].items() if s is None
    ]
    gone = gone[:8]
    part = scorer_effect(NAMES, 0.0, own, {}, (unread, ()))  # type: ignore[arg-type]
    if not gone:
        assert part.readings == () and not part.measured
        return
    low, high = part.readings
    known = [{i: s or 0.0 for i, s in side.items()} for side in own]
    for filled in itertools.product([0.0, 1.0], repeat=len(gone)):
        for (side, item), value in zip(gone, filled, strict=True):
            known[side][item] = value
        gap = (sum(known[0].values()) - sum(known[1].values())) / len(data)
        assert low.gap - 1e-12 <= gap <= high.gap + 1e-12


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,]*(?:\.\d+)?", text))


def renderings(told: GapDecomposition) -> set[str]:
    """Every number that a sentence about this split may show."""
    readings = [reading for part in told.parts for reading in part.readings]
    gaps = [told.gap, *(x for part in told.parts for x in (part.low, part.high) if x is not None)]
    gaps += [x for reading in readings for x in (reading.gap, reading.base)]
    counts = [told.n, *(x for reading in readings for x in (reading.n, reading.flips, reading.unread))]
    words = [
        f"{100 * told.level:g}",
        *(part.about for part in told.parts),
        *(x for part in told.parts for x in part.untried),
    ]
    words += [reading.label for reading in readings]
    shown = {f"{100 * abs(gap):.{digits}f}" for gap in gaps for digits in (1, 2, 3, 4)}
    shown |= {f"{count:,}" for count in counts} | {"0.1"} | {f"{100 * told.margin:g}", f"{100 * told.margin:.1f}"}
    return shown.union(*map(numbers, words))


@given(told=splits())
def test_the_words_show_no_number_that_the_split_does_not_hold(told: GapDecomposition) -> None:
    assert len(sentences(told)) == 3
    assert numbers(" ".join(sentences(told))) <= renderings(told)
    for sentence in sentences(told):
        assert sentence.endswith(".") and sentence[0] == sentence[0].upper()
        assert not re.search(r"-\d|nan|None|\.\.|  |\(\)", sentence)


def test_json() -> None:
    own = {"x": 1.0, "y": 0.0}, {"x": 0.0, "y": 0.0}
    told = decompose_scores(compare([1, 0], [0, 0], names=NAMES), own, {"acc": own, "acc_norm": own})
    stored = json.loads(json.dumps(as_json(told)))
    assert (stored["gap"], stored["n"], stored["names"]) == (0.5, 2, list(NAMES))
    assert stored["sentences"] == list(sentences(told))
    assert [(p["source"], p["measured"], p["low"] is None) for p in stored["parts"]] == [
        ("item luck", True, False),
        ("instrument", True, False),
        ("protocol", False, True),
        ("rerun", False, True),
    ]
    assert [r["label"] for r in stored["parts"][1]["readings"]] == ["acc", "acc_norm"]


@given(told=splits())
def test_the_words_never_contradict_the_parts(told: GapDecomposition) -> None:
    luck, largest, left = sentences(told)
    assert f"on the same {told.n:,} items" in luck
    low, high = told.parts[0].low, told.parts[0].high
    assert low is not None and high is not None
    assert ("zero included" in luck) == (low <= 0 <= high)
    assert ("are level" in luck) == (told.gap == 0)
    others = told.parts[1:]
    measured = [part for part in others if part.measured]
    ends = [end for part in measured for end in (part.low, part.high) if end is not None]
    reaches = [end for end in ends if told.gap * end < 0]
    turned = " turn" in largest.replace("close or turn", "").replace("closes or turns", "")
    assert not turned or reaches
    assert (
        turned or not reaches or "closes it" in largest
    )  # what was seen to close it goes before a bound that turns it
    seen = [
        r for p in measured for r in p.readings if not r.bound and r.n >= told.n and told.gap * r.moved(told.gap) < 0
    ]
    assert not seen or "turns it" in largest
    assert ("No other source was measured" in largest) == (not measured)
    assert ("left the gap as it is" in largest) == (bool(measured) and all(end == told.gap for end in ends))
    sources = {"instrument": "the instrument", "protocol": "the protocol", "rerun": "the rerun floor"}
    for part in others:
        name = sources[part.source]
        assert (name in left) == (not part.measured or bool(part.untried))
        assert part.measured or name not in largest
    unknown = any(not part.measured and part.applies for part in others)
    assert ("ot measured: " in left) == unknown == ("unknown" in left)
    assert ("oes not apply here" in left) == any(not part.measured and not part.applies for part in others)


def test_clusters_are_part_of_item_luck() -> None:
    part = item_sampling_effect(compare([1, 0, 1, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1, 1, 0], clusters="aabbccdd"))
    assert "4 clusters" in part.about


def test_item_luck_says_which_interval_it_is() -> None:
    own = {"x": 1.0, "y": 0.0}, {"x": 0.0, "y": 0.0}
    verdict = compare([1, 0], [0, 0])
    found = decompose_scores(verdict, own, {"acc": own})
    assert "(item luck, measured: 95% interval, Tango score, paired)" in sentences(found)[0]
    clustered = compare([1, 0, 1, 1, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1, 1, 0], clusters="aabbccdd")
    about = as_json(decompose_scores(clustered, own, {"acc": own}))["parts"][0]["about"]
    assert about.startswith("95% interval, ") and "4 clusters" in about and "(" not in about
    whole = as_json(decompose_scores(replace(verdict, estimand="benchmark"), own, {"acc": own}))["parts"][0]["about"]
    assert whole.startswith("95% interval of the whole benchmark's gap, ")
