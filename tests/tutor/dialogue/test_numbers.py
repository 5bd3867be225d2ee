"""The numbers of a message, each held against the case: who is right is never corrected, who slipped mostly is."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs import Case, Facts, case_of, intervals, load_lab
from tutor.dialogue.authored_voice import number_remarks, phrase_languages, phrases
from tutor.dialogue.numbers import NumberCheck, Role, check_numbers, figure
from tutor.dialogue.numbers.equations import equation_before
from tutor.dialogue.numbers.quantities import quantities

TABLE = Path(__file__).parents[2] / "data" / "learner_numbers.tsv"
CASE = load_lab("lab1").cases[1]  # 71.3 against 68.3 percent of 164: ±6.92, ±7.12, and ±9.93 for the gap
CORRECTIONS = ("wrong", "misplaced")


def rows() -> list[tuple[Case, str, list[tuple[str, str, str, float | None]]]]:
    """Learners' sentences with what is to be found in them, written down before the rules were."""
    found = []
    with TABLE.open(encoding="utf-8") as file:
        for case, said, expected in csv.reader((line for line in file if line[0] != "#"), delimiter="\t", quoting=3):
            wanted = [] if expected == "-" else [_wanted(one.split()) for one in expected.split(";")]
            found.append((case_of(load_lab(f"lab{case[1]}"), case), said, wanted))
    return found


def _wanted(words: list[str]) -> tuple[str, str, str, float | None]:
    at = next(at for at, word in enumerate(words) if word in ("confirmed", *CORRECTIONS))
    stated = next(word for word in words if word != "almost") if words[0] != "half" else "half a"
    return stated.rstrip("%"), words[at - 1], words[at], float(words[at + 1]) if len(words) > at + 1 else None


def finds(check: NumberCheck, wanted: tuple[str, str, str, float | None]) -> bool:
    stated, role, verdict, right = wanted
    fits = (check.stated, check.role, check.verdict) == (stated, role, verdict)
    return fits and (right is None or check.right == pytest.approx(right, rel=0.02))


def test_nobody_who_is_right_is_corrected():
    wrongly = []
    for case, said, wanted in rows():
        corrected = [check for check in check_numbers(said, case) if check.verdict in CORRECTIONS]
        wrongly += [(said, check) for check in corrected if not any(finds(check, one) for one in wanted)]
    assert wrongly == []


def test_nearly_all_numbers_are_found_in_their_role():
    wanted = found = 0
    for case, said, expected in rows():
        checks = check_numbers(said, case)
        wanted += len(expected)
        found += sum(any(finds(check, one) for check in checks) for one in expected)
    assert wanted > 220 and found / wanted > 0.95


@pytest.mark.parametrize(
    ("said", "how"),
    [
        ("Cobalt leads by 5 points.", "71.3 − 68.3 = 3"),
        ("I get ±20 for Dune.", "1.96 × √(68.3 × 31.7 / 164) = 7.12"),
        ("The margin of the gap is ±20.", "√(6.92² + 7.12²) = 9.93"),
        ("3 points on 164 problems are 12 problems.", "3% × 164 = 4.92"),
        ("117/164 = 75%", "117 / 164 = 71.3"),
    ],
)
def test_a_correction_shows_its_arithmetic(said: str, how: str):
    found = [check for check in check_numbers(said, CASE) if check.verdict == "wrong"]
    assert [check.how for check in found] == [how]


def test_a_margin_that_fits_nothing_and_belongs_to_nobody_is_asked_about():
    (found,) = check_numbers("It is ±50.", CASE)
    assert (found.verdict, found.stated, found.right) == ("unknown", "50", None)


def test_a_case_without_numbers_corrects_only_arithmetic():
    case = CASE.model_copy(update={"facts": None, "text": "A firm wants summaries."})
    found = check_numbers("Dune leads by 9, ±4. 3% of 200 is 50.", case)
    assert [check.stated for check in found if check.verdict in CORRECTIONS] == ["50"]


def test_numbers_are_read_in_words_and_scripts_and_with_either_comma():
    read = {one.stated: one.value for one in quantities("1,319 and 14.042 and 85,2 and १६४ and 12.5 and 14k questions")}
    assert read == {"1,319": 1319, "14.042": 14042, "85,2": 85.2, "१६४": 164, "12.5": 12.5, "14k": 14000}
    words = "twenty-one points, one hundred and sixty-four problems, cinco problemas, 一百六十四道题, half a point"
    assert [one.value for one in quantities(words)] == [21, 164, 5, 164, 0.5]


@pytest.mark.parametrize(
    "said",
    ["GPT-4", "Cobalt-7B", "T (70B)", "in 2023", "step 3", "5-shot", "10 times", "2nd", "pass@1", "temperature 0.8",
     "v1.2.3", "$15", "eight runs", "3 weeks", "1. first"],
)  # fmt: skip
def test_names_years_steps_shots_and_times_are_no_quantities(said: str):
    assert quantities(said) == ()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("117/164 =", 117 / 164), ("√(6.92² + 7.12²) =", 9.9287), ("1.96*sqrt(0.713*0.287/164)=", 0.06923),
        ("3% of 164 is", 4.92), ("0,713·164 ≈", 116.932), ("88.1 − 85.2 =".replace("−", "-"), 2.9),
    ],
)  # fmt: skip
def test_written_arithmetic_is_worked_out(written: str, value: float):
    equation = equation_before(written)
    assert equation is not None and equation.value == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(
    "written", ["", "=", "n =", "root of 4 plus 5 =", "7 =", "p(1-p)/n =", "9**9**9**9 =", "1/0 =", "2^99 ="]
)
def test_anything_else_is_no_arithmetic(written: str):
    assert equation_before(written) is None


@given(st.text(max_size=300))
def test_any_text_can_be_checked(said: str):
    for check in check_numbers(said, CASE):
        assert said[check.start :].startswith(check.stated)


@given(
    n=st.integers(60, 20_000), a=st.floats(20, 80), b=st.floats(20, 80), which=st.sampled_from(["a", "b", ""]),
    slip=st.floats(-0.1, 0.1),
)  # fmt: skip
def test_whoever_works_a_margin_out_with_a_little_rounding_is_never_corrected(
    n: int, a: float, b: float, which: str, slip: float
):
    case = CASE.model_copy(update={"facts": Facts(a="Aster", b="Borealis", n=n, score_a=a, score_b=b)})
    right = intervals.separate_gap(a, b, n).wald.half if not which else intervals.wald({"a": a, "b": b}[which], n).half
    whose = {"a": "Aster", "b": "Borealis", "": "the gap"}[which]
    found = check_numbers(f"That is ±{right * (1 + slip):.2f} for {whose}.", case)
    assert [check.verdict for check in found] == ["confirmed"]


@pytest.mark.parametrize("language", phrase_languages())
def test_every_role_and_verdict_has_words_in_every_language(language: str):
    assert {*Role.__args__} <= {*phrases(language)["number_roles"]}  # type: ignore[attr-defined]
    for verdict in ("confirmed", "wrong", "misplaced", "unknown"):
        for how in ("71.3 − 68.3 = 3", ""):
            check = NumberCheck(role="gap", stated="5", verdict=verdict, right=3.0, how=how)  # type: ignore[arg-type]
            said = number_remarks([check], language)
            assert ("5" in said) == (verdict != "confirmed" or bool(how)) and "{" not in said


def test_a_reply_speaks_of_two_numbers_at_most_and_of_slips_first():
    said = number_remarks(check_numbers("117 vs 112, 5 problems, ±7 each, ±20 for Dune.", CASE))
    assert said.startswith("One number to check: for the margin of Dune-7B you have 20") and said.count(" = ") == 2


def test_a_number_that_only_quotes_the_case_gets_no_remark():
    assert number_remarks(check_numbers("Cobalt has 71.3 and Dune 68.3, a 3 point lead on 164 problems.", CASE)) == ""


def test_figures_are_short():
    assert [figure(value) for value in (0.0692, 6.917, 71.34, 300.0, 14042.0)] == [
        "0.069",
        "6.92",
        "71.3",
        "300",
        "14,042",
    ]
