"""What a case says to a sheet: right and wrong options, worked-out gaps, free text; and nothing before a try."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from engine import CallerMistake
from labs import Case, Lab, case_of, fresh_case, load_lab, read_lab
from labs.comparability import Claim, compare_claims
from labs.curriculum import OURS
from labs.marking import SheetFact, model_sheet, sheet_facts, stated, tried, without_key
from labs.worksheet import sheet_facts as of_the_worksheet
from tests.labs.conftest import EXAMPLES

LABS = [*(load_lab(f"lab{number}") for number in range(1, 5)), read_lab(EXAMPLES / "weather")]
every_lab = pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)
Rewrite = Callable[[str, str, str], None]


def cases(lab: Lab) -> Iterator[Case]:
    yield from lab.cases
    yield from (fresh_case(lab, seed) for seed in range(40))


def full(lab: Lab) -> dict[str, str]:
    """A try at every row."""
    return {row.id: row.options[-1] if row.options else "three words here" for row in lab.exercise.rows}


def fact(slug: str, case: str, row: str, entry: str) -> SheetFact:
    lab = load_lab(slug)
    (found,) = sheet_facts(lab, case_of(lab, case), {row: entry, "about.case": case})
    return found


# ---- of every shipped case


@every_lab
def test_every_row_of_every_case_is_answered(lab: Lab) -> None:
    assert without_key(lab) == {}
    for case in cases(lab):
        assert {fact.id for fact in sheet_facts(lab, case, full(lab))} == {row.id for row in lab.exercise.rows}


@every_lab
def test_the_authors_own_sheet_agrees_with_the_case(lab: Lab) -> None:
    options = {row.id: row.options for row in lab.exercise.rows}
    for case in cases(lab):
        model = model_sheet(lab, case, full(lab))
        for found in sheet_facts(lab, case, {line.id: line.entry for line in model}):
            assert found.outcome != "differs", (case.id, found)
            assert found.outcome == "agrees" or not options.get(found.id, ()), (case.id, found)


@every_lab
def test_each_row_has_a_model_and_a_reason(lab: Lab) -> None:
    for case in cases(lab):
        lines = {line.id: line for line in model_sheet(lab, case, full(lab))}
        for row in lab.exercise.rows:
            assert lines[row.id].entry, (case.id, row.id)
            assert lab.slug == "weather" or lines[row.id].why, (case.id, row.id)


@every_lab
def test_no_option_is_right_whatever_is_marked(lab: Lab) -> None:
    """A form on which nothing can be wrong answers nobody."""
    for case in cases(lab):
        for row in lab.exercise.rows:
            outcomes = {sheet_facts(lab, case, {row.id: option})[0].outcome for option in row.options}
            assert not row.options or "agrees" in outcomes, (case.id, row.id)
            assert not row.options or len(outcomes) > 1, (case.id, row.id)


@every_lab
def test_what_the_card_says_is_never_called_unsaid(lab: Lab) -> None:
    for case in cases(lab):
        for row in lab.exercise.rows:
            quotes = case.sheet[row.id].quote
            for entry in row.options or ("not stated", "none", "?"):
                (found,) = sheet_facts(lab, case, {row.id: entry})
                assert ("says nothing" in found.card) <= (not quotes), (case.id, row.id, entry)
                assert all(words.rstrip(".") in found.card for words in quotes), (case.id, row.id, entry)


# ---- options and worked-out gaps


def test_a_mark_agrees_differs_or_is_open() -> None:
    assert fact("lab1", "l1-b", "decoding", "given").outcome == "agrees"
    missing = fact("lab1", "l1-b", "decoding", "missing")
    assert (missing.outcome, missing.card) == ("differs", "The card says: “one run each, temperature 0.8”.")
    assert (missing.label, missing.entry) == ("How was the text generated?", "missing")
    half = fact("lab1", "l1-a", "shot_count", "given")
    assert half.outcome == "open" and "No shot count is given for Aster-2" in half.card
    assert fact("lab1", "l1-a", "extraction", "given").card == "The card says nothing of this."


def test_a_gap_is_held_against_its_margin() -> None:
    """86.4 and 85.9 of 14,042: 0.5 ± 0.81, as the case's own last answer works it out; 1234 ± 9 and 1229 ± 11."""
    found = fact("lab3", "l3-a", "noise", "yes")
    assert found.outcome == "differs" and "0.5 points apart" in found.card and "−0.3 to 1.3" in found.card
    assert fact("lab3", "l3-c", "noise", "yes").outcome == "agrees"  # 3.5 ± 3.0
    assert fact("lab3", "l3-b", "noise", "no").outcome == "agrees"  # 7.3 ± 9.8
    margin = math.sqrt(9**2 + 11**2)
    found = fact("lab2", "l2-d", "gap", "no")
    assert found.outcome == "agrees" and f"−{margin - 5:.1f} to {margin + 5:.1f}" in found.card


def test_two_drawn_ratings_are_held_against_both_margins() -> None:
    lab, seen = load_lab("lab2"), set()
    for case in (fresh_case(lab, 4 * seed) for seed in range(30)):
        one, two = (re.search(rf"{sign} ([\d,]+) ±(\d+)", case.text) for sign in ("of", "has"))
        assert one and two and case.id.startswith("f-rating")
        (a, da), (b, db) = ((int(found[1].replace(",", "")), int(found[2])) for found in (one, two))
        right = "yes" if a - b > math.sqrt(da**2 + db**2) else "no"
        assert sheet_facts(lab, case, {"gap": right})[0].outcome == "agrees", case.text
        seen.add(right)
    assert seen == {"yes", "no"}


def test_leads_that_point_two_ways_do_not_hold_on_three_benchmarks() -> None:
    lab, seen = load_lab("lab3"), set()
    for case in (fresh_case(lab, seed) for seed in range(2, 202, 4)):
        pairs = re.findall(r" (\d+\.\d), [\w-]+ (\d+\.\d)\.", case.text)
        assert len(pairs) == 3 and case.id.startswith("battery"), case.text
        two_ways = len({float(a) > float(b) for a, b in pairs}) > 1
        (no,) = sheet_facts(lab, case, {"breadth": "no"})
        (yes,) = sheet_facts(lab, case, {"breadth": "yes"})
        if two_ways:
            assert (no.outcome, yes.outcome) == ("agrees", "differs"), case.text
        else:
            assert yes.outcome in ("agrees", "open"), case.text
        seen.add(two_ways)
    assert seen == {True, False}


# ---- free text


def test_free_text_is_not_called_unsaid_where_the_case_speaks() -> None:
    for silent in ("not stated", "None.", "?", "n/a", "There is none", "no such column"):
        assert fact("lab2", "l2-c", "category", silent).outcome == "differs", silent
        assert fact("lab2", "l2-d", "category", silent).outcome == "agrees", silent
    assert fact("lab4", "l4-a", "stop", "not stated").outcome == "open"


def test_free_text_that_speaks_of_the_case_agrees_and_the_rest_stays_open() -> None:
    found = fact("lab2", "l2-c", "category", "Factual QA, Juniper is first there")
    assert found.outcome == "agrees" and "“factual”" in found.card
    assert fact("lab2", "l2-c", "category", "The third one from the left").outcome == "open"


def test_a_number_of_ones_own_is_asked_for_and_a_difference_is_known() -> None:
    found = fact("lab1", "l1-a", "verdict", "Aster-2 has 81.1 on MMLU")
    assert found.outcome == "open" and "Not on the card: 81.1." in found.card
    for known in ("Aster-2 has 88.1, Borealis 85.2", "Aster-2 leads by 2.9 points"):
        assert fact("lab1", "l1-a", "verdict", known).outcome == "agrees"


# ---- what is calculated with


def test_a_setting_is_held_against_what_the_case_states() -> None:
    assert fact("lab3", "l3-a", "a.shots", "5").outcome == "agrees"
    wrong = fact("lab3", "l3-a", "a.shots", "0")
    assert (wrong.outcome, wrong.label) == ("differs", "A: examples in the prompt") and "5-shot" in wrong.card
    assert fact("lab3", "l3-a", "a.n", "14042.0").outcome == "agrees"
    assert fact("lab3", "l3-a", "a.score", "68.4").card == "The case gives 86.4."
    assert fact("lab3", "l3-c", "a.evaluator", "The leaderboard itself").outcome == "agrees"
    assert fact("lab3", "l3-c", "a.evaluator", "Somebody in Leeds").outcome == "open"  # other words may mean the same
    assert fact("lab3", "l3-c", "a.evaluator", "not stated").outcome == "differs"
    lab = load_lab("lab3")
    assert sheet_facts(lab, lab.cases[0], {"a.shots": "–", "b.shots": ""}) == ()


def test_a_plans_own_numbers_are_nobody_elses() -> None:
    lab = load_lab("lab4")
    case = next(fresh_case(lab, seed) for seed in range(8) if fresh_case(lab, seed).id.startswith("f-route"))
    assert sheet_facts(lab, case, {"stage2.gap": "5"}) == ()
    assert [found.outcome for found in sheet_facts(lab, case, {"stage3.per_day": "7"})] == ["differs"]


def test_no_computed_verdict_calls_not_stated_what_the_case_states() -> None:
    """The settings as the case states them, through the five steps."""
    lab = load_lab("lab3")
    for case in cases(lab):
        card, numbers = stated(lab, case), {"score": float, "n": int, "shots": int, "parameters": float}
        claims = []
        for side in "ab":
            given = {name.partition(".")[2]: text for name, text in card.items() if name.startswith(f"{side}.")}
            claims.append(Claim(**{name: numbers.get(name, str)(text) for name, text in given.items()}))  # type: ignore[arg-type]
        checks = {check.setting: check for check in compare_claims(*claims).settings}
        for name in ("evaluator", "shots", "prompt", "decoding"):
            if f"a.{name}" in card and f"b.{name}" in card:
                assert checks[name].outcome != "not stated", (case.id, name)
        assert checks["evaluator"].outcome == ("same" if card["evaluator"] == "yes" else "differs"), case.id


# ---- when


def test_nothing_is_said_before_something_is_entered() -> None:
    for lab in LABS:
        assert sheet_facts(lab, lab.cases[0], {}) == model_sheet(lab, lab.cases[0], {}) == ()
        assert sheet_facts(lab, lab.cases[0], {lab.exercise.rows[0].id: "  "}) == ()


def test_nothing_is_said_of_a_sheet_about_another_case() -> None:
    lab = load_lab("lab1")
    for about in ("own", "l1-b"):
        sheet = {**full(lab), "about.case": about}
        assert sheet_facts(lab, lab.cases[0], sheet) == model_sheet(lab, lab.cases[0], sheet) == ()


def test_a_model_comes_after_half_of_the_rows_and_shows_the_tried_ones() -> None:
    lab = load_lab("lab1")
    rows = [row.id for row in lab.exercise.rows]
    some = dict.fromkeys(rows[:4], "given")
    assert not tried(lab, some) and model_sheet(lab, lab.cases[0], some) == ()
    some[rows[4]] = "missing"
    assert [line.id for line in model_sheet(lab, lab.cases[0], some)] == rows[:5]
    plan = load_lab("lab4")
    hollow = dict.fromkeys((row.id for row in plan.exercise.rows), "x")
    assert not tried(plan, hollow) and model_sheet(plan, plan.cases[0], hollow) == ()


def test_a_lab_without_keys_answers_nothing(weather_without_keys: Lab) -> None:
    lab = weather_without_keys
    assert sheet_facts(lab, lab.cases[0], full(lab)) == model_sheet(lab, lab.cases[0], full(lab)) == ()
    assert without_key(lab) == {"weather-a": tuple(row.id for row in lab.exercise.rows)} | {
        "same-town": tuple(row.id for row in lab.exercise.rows)
    }


def test_the_worksheet_hands_it_on_and_a_fact_is_frozen() -> None:
    assert of_the_worksheet is sheet_facts
    with pytest.raises(FrozenInstanceError):
        fact("lab1", "l1-a", "extraction", "given").outcome = "agrees"  # type: ignore[misc]


# ---- mistakes of an author


@pytest.fixture
def weather_without_keys() -> Lab:
    lab = read_lab(EXAMPLES / "weather")
    bare = {"cases": lab.cases, "templates": lab.templates}
    return lab.model_copy(
        update={name: tuple(each.model_copy(update={"sheet": {}}) for each in every) for name, every in bare.items()}
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('same_days = { right = ["no"]', 'same_day = { right = ["no"]', "names the line “same_day”; this form has base_rate"),
        ('right = ["no"]', 'right = ["never"]', "has the option “never”; the row offers “yes”, “no”"),
        ('"Skylark in a dry town"', '"Skylark in a dry place"', "quotes “Skylark in a dry place”, which the case does not"),
        ("gaps = [[88.0, 82.0, 50]]", 'right = ["no"], gaps = [[88.0, 82.0, 50]]', "in place of `right`"),
        ("gaps = [[88.0, 82.0, 50]]", "gaps = [[88.0, 82.0]]", "at least 3 items"),
        ("gaps = [[88.0, 82.0, 50]]", 'gaps = [["{score_a}", 82.0, 50]]', "which are not all numbers"),
        ("rain = { low = 6, high = 12 }", 'rain = { by = "n", low = 6, high = 12 }\nx = { by = "n" }', "both `by` and `gives`"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_key_is_named(weather: Path, rewrite: Rewrite, old: str, new: str, told: str) -> None:
    rewrite("cases.toml", old, new)
    with pytest.raises(CallerMistake, match=re.escape(told)):
        read_lab(weather)


def test_a_slot_can_stand_for_what_another_ones_value_means(weather: Path, rewrite: Rewrite) -> None:
    """The template draws n among 40, 60, 80 and 120."""
    marks = '"40" = "yes", "60" = "no", "80" = "no", "120" = "no"'
    looked_up = f'rain = {{ low = 6, high = 12 }}\nmark = {{ by = "n", gives = {{ {marks} }} }}'
    rewrite("cases.toml", "rain = { low = 6, high = 12 }", looked_up)
    rewrite("cases.toml", 'right = ["yes"], quote = ["on the same {n}', 'right = ["{mark}"], quote = ["on the same {n}')
    made = [fresh_case(read_lab(weather), seed) for seed in range(20)]
    assert {case.facts and case.facts.n: case.sheet["same_days"].right for case in made} == {
        40: ("yes",),
        60: ("no",),
        80: ("no",),
        120: ("no",),
    }
    small = next(seed for seed, case in enumerate(made) if case.facts and case.facts.n == 40)
    rewrite("cases.toml", '"40" = "yes"', '"40" = "maybe"')
    with pytest.raises(CallerMistake, match="has the option “maybe”"):
        fresh_case(read_lab(weather), small)
    rewrite("cases.toml", '"40" = "maybe", ', "")
    with pytest.raises(CallerMistake, match=r"looks mark up by n, which is 40 here.*into `gives`"):
        fresh_case(read_lab(weather), small)


def test_the_shipped_labs_are_these() -> None:
    assert sorted(file.parent.name for file in OURS.glob("*/lab.toml")) == [lab.slug for lab in LABS[:4]]
