"""A margin that a learner worked out is checked by the calculator; one that nobody worked out is never volunteered."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from labs import Case, Facts, intervals, load_lab
from tutor.dialogue.arithmetic import check_margin

CASE = load_lab("lab1").cases[1]  # 71.3 against 68.3 percent of 164: ±6.92, ±7.12, and ±9.93 for the gap
COBALT, DUNE = "Cobalt-7B", "Dune-7B"


def with_facts(**facts: object) -> Case:
    return CASE.model_copy(update={"facts": Facts(**({"a": "Aster", "b": "Borealis", "n": 164} | facts))})


@pytest.mark.parametrize(
    ("said", "name", "margin"),
    [("±6.9", COBALT, 6.92), ("±7.1", DUNE, 7.12), ("±7", COBALT, 6.92), ("±10", "", 9.93), ("± 9.5 points", "", 9.93)],
)
def test_a_margin_is_held_against_the_score_or_gap_it_is_closest_to(said: str, name: str, margin: float):
    found = check_margin(f"I get {said} for it.", CASE)
    assert found is not None and found.agrees
    assert found.name == name and found.margin == pytest.approx(margin, abs=0.005)
    assert found.gap_margin == pytest.approx(9.93, abs=0.005)


def test_one_standard_error_in_place_of_two_is_found_wrong():
    found = check_margin("The margin is ±3.5, so the lead is real.", CASE)
    assert found is not None and not found.agrees
    assert (found.stated, found.name) == ("3.5", COBALT)


WAYS = "±7.1|± 7.1|+/- 7.1|+ / - 7.1|+/−7.1|+-7.1|plus or minus 7.1|Plus/minus 7.1|±7,1|±7.1214"
FOREIGN = "más menos 7,1|mais ou menos 7,1|正负7.1|正負 7.1"


@pytest.mark.parametrize("said", f"{WAYS}|{FOREIGN}".split("|"))
def test_a_margin_may_be_written_in_many_ways(said: str):
    found = check_margin(f"Dune: {said} points", CASE)
    assert found is not None and (found.name, found.agrees) == (DUNE, True)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "The lead is 3 points of 164.",
        "71.3 ± what?",
        "±0.0 of course",
        "±50 points",
        "±2 problems",
        "7 points or so",
    ],
    ids=["nothing", "no margin", "no number", "zero", "far too wide", "far too narrow", "no sign of a margin"],
)
def test_what_is_no_margin_of_these_scores_gets_no_remark(said: str):
    assert check_margin(said, CASE) is None


@pytest.mark.parametrize("said", ["±150 problems", "±1000", "±1,000"])
def test_a_long_number_is_not_read_by_its_first_digits(said: str):
    assert check_margin(said, CASE) is None


def test_a_small_margin_rounded_to_a_tenth_is_no_error():
    found = check_margin("±0.3", with_facts(n=14_896, score_a=95.0, score_b=95.0))
    assert found is not None and found.agrees and found.margin == pytest.approx(0.35, abs=0.005)
    found = check_margin("±0.2", with_facts(n=14_896, score_a=95.0, score_b=95.0))
    assert found is not None and not found.agrees


def test_only_the_first_margin_is_looked_at():
    found = check_margin("±7 for one, so ±14 for both", CASE)
    assert found is not None and found.stated == "7"


@pytest.mark.parametrize(
    "case",
    [
        CASE.model_copy(update={"facts": None}),
        with_facts(n=None, score_a=71.3, score_b=68.3),
        with_facts(score_a=71.3),
        with_facts(score_b=68.3),
        with_facts(score_a=100.0, score_b=100.0),
    ],
    ids=["no facts", "no count", "one score", "the other", "no spread"],
)
def test_without_numbers_to_check_by_there_is_no_remark(case: Case):
    assert check_margin("±7 points", case) is None


@given(
    n=st.integers(20, 20_000),
    a=st.floats(20, 80),
    b=st.floats(20, 80),
    which=st.sampled_from(["a", "b", "gap"]),
    slip=st.floats(-0.1, 0.1),
)
def test_whoever_works_a_margin_out_with_a_little_rounding_is_agreed_with(
    n: int, a: float, b: float, which: str, slip: float
):
    halves = {"a": intervals.wald(a, n).half, "b": intervals.wald(b, n).half}
    halves["gap"] = intervals.separate_gap(a, b, n).wald.half
    stated = f"{halves[which] * (1 + slip):.2f}"
    assume(0 < float(stated) < 100)
    found = check_margin(f"that is ±{stated}", with_facts(n=n, score_a=a, score_b=b))
    assert found is not None and found.agrees
    assert found.gap_margin == pytest.approx(halves["gap"])
