"""Published scores without logs: the arithmetic against other hands. The words are tested with the report room."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.cli import main
from engine.errors import CallerMistake
from engine.report import explain
from engine.stats.published import published_gap
from engine.stats.verdict import compare
from tests.engine.stats.reference import DETECTABLE_GAPS, MMLU

# ---- the reference: one pair of scores, three conclusions


def test_three_conclusions_from_one_pair_of_scores() -> None:
    """Section 1 of the statistics reference: unpaired z = 1.90, p = .058; correlated by .5 p = .007, by .7 p = .0005."""
    apart = published_gap(*MMLU).separate
    assert (round(apart.z, 2), round(apart.p_value, 3), apart.winner) == (-1.90, 0.058, "undecided")
    half, more = (published_gap(*MMLU, correlation=rho).paired for rho in (0.5, 0.7))
    assert half and more
    assert (round(half.p_value, 3), half.winner) == (0.007, "b")
    assert (round(more.p_value, 4), more.winner) == (0.0005, "b")


@pytest.mark.parametrize(("n", "unpaired", "paired", "digits"), DETECTABLE_GAPS)
def test_the_table_of_detectable_gaps(n: int, unpaired: float, paired: float, digits: int) -> None:
    found = published_gap("80.0", "80.0", n, correlation=0.5)
    assert found.paired
    assert 100 * found.separate.detectable_gap == pytest.approx(unpaired, abs=0.051 if digits else 0.51)
    assert round(100 * found.paired.detectable_gap, digits) == paired


# ---- two separate exams

# statsmodels 0.15.0 on the counts, in an environment of its own:
#   confint_proportions_2indep(a, n, b, m, compare="diff", method="newcomb", correction=False)
#   z, p = proportions_ztest([a, b], [n, m])
# counts 117 and 112, 1095 and 1049, 984 and 946, 48 and 60, 50 and 43, 0 and 5
SEPARATE = [
    ("71.3", 164, "68.3", 164, -0.068495, 0.128665, 0.60141, 0.547566),
    ("83.02", 1319, "79.53", 1319, 0.005092, 0.064606, 2.29572, 0.021692),
    ("83.96", 1172, "80.72", 1172, 0.001532, 0.063272, 2.05818, 0.039573),
    ("96.0", 50, "75.0", 80, 0.084848, 0.318773, 3.10669, 0.001892),
    ("100.0", 50, "86.0", 50, 0.039703, 0.261862, 2.74352, 0.006079),
    ("0.0", 20, "25.0", 20, -0.468701, -0.037765, -2.39046, 0.016827),
]


@pytest.mark.parametrize(("a", "n", "b", "m", "low", "high", "z", "p"), SEPARATE)
def test_separate_exams_as_statsmodels(
    a: str, n: int, b: str, m: int, low: float, high: float, z: float, p: float
) -> None:
    found = published_gap(a, b, n, n_b=m)
    assert found.a.exact and found.b.exact
    apart = found.separate
    assert (apart.interval.low, apart.interval.high) == pytest.approx((low, high), abs=1e-6)
    assert (apart.z, apart.p_value) == pytest.approx((z, p), abs=1e-5)
    assert apart.p_range == pytest.approx((p, p), abs=1e-5)
    assert apart.winner == ("undecided" if p > 0.05 else "a" if z > 0 else "b")


def test_a_figure_stands_for_every_score_that_rounds_to_it() -> None:
    # statsmodels as above, over all counts k with f"{100 * k / 14042:.1f}" == "85.0" (11929 to 11942) or "85.8"
    # (12042 to 12055): min and max of proportions_ztest([x, y], [14042, 14042])[1]
    found = published_gap(*MMLU)
    assert (round(found.a.low * 14_042), round(found.a.high * 14_042)) == (11_929, 11_942)
    assert (round(found.b.low * 14_042), round(found.b.high * 14_042)) == (12_042, 12_055)
    assert found.separate.p_range == pytest.approx((0.0332252, 0.0910354), abs=1e-7)
    assert found.gaps == pytest.approx((-126 / 14_042, -100 / 14_042))


def test_a_gap_that_the_rounding_could_undo_has_no_winner() -> None:
    """85 and 86 in whole percents: z = -2.38 as printed, but the gap may be as small as 2 items."""
    found = published_gap(85, 86, 14_042)
    assert found.separate.p_value < 0.02 and found.separate.interval.excludes_zero
    assert found.separate.winner == "undecided" and found.separate.p_range[1] > 0.9
    assert published_gap("85.0", "86.0", 14_042).separate.winner == "b"


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [("85", 0.845, 0.855), (85, 0.845, 0.855), (85.0, 0.8495, 0.8505), ("85.00%", 0.84995, 0.85005)],
)
def test_the_last_digit_says_how_it_was_rounded(given: Any, low: float, high: float) -> None:
    score = published_gap(given, "10.0", 10**6).a
    assert (score.low, score.high) == pytest.approx((low, high), abs=2e-6)


def test_a_figure_that_no_count_gives() -> None:
    """43 of 50 are 86.0 and 42 are 84.0, so 85.3 is no share of 50 right answers."""
    found = published_gap("85.3", "80.0", 50)
    assert not found.a.fits and found.b.fits
    assert "No whole number of right answers out of 50 is told as 85.3" in found.caveats[0]
    assert (found.a.low, found.a.high) == pytest.approx((0.8525, 0.8535))
    assert "only 0 answers of one kind" in published_gap("100", "80", 50).caveats[0]
    assert published_gap(*MMLU).caveats == ()


# ---- one exam: what would have to be true

# scipy 1.17.1, numpy 2.4: for k from the lead upwards in twos, the last with binomtest((k - lead) // 2, k).pvalue < .05;
# the correlation is np.corrcoef of answers with those cells; None where the first k fails already
CONDITIONS = [
    ("85.00", "85.80", 14_042, 3206, 0.0845364),  # 11,936 against 12,048
    ("71.3", "67.1", 164, 9, 0.8759025),
    ("83.02", "79.53", 1319, 494, -0.2294622),
    ("90.0", "50.0", 1000, 600, -0.3333333),
    ("100.0", "86.0", 50, 7, None),
    ("51.2", "47.6", 164, 6, 0.9294016),
]


@pytest.mark.parametrize(("a", "b", "n", "items", "correlation"), CONDITIONS)
def test_the_most_items_they_may_differ_on(a: str, b: str, n: int, items: int, correlation: float | None) -> None:
    condition = published_gap(a, b, n).condition
    assert condition and condition.items == items
    assert condition.correlation == (pytest.approx(correlation, abs=1e-6) if correlation is not None else None)


def test_what_the_rounding_hides_makes_it_stricter() -> None:
    # the same recipe for 11,942 against 12,042
    surely = published_gap(*MMLU).surely
    assert surely and (surely.items, round(surely.correlation or 0, 6)) == (2550, 0.271913)


def test_a_lead_too_small_for_any_agreement() -> None:
    """5 items ahead: even if all differences go one way, McNemar's p is 2 / 2^5 = .0625; 6 make .031."""
    assert published_gap("51.2", "48.2", 164).condition is None
    assert published_gap("51.2", "47.6", 164).condition


@given(both=st.integers(0, 60), a_only=st.integers(0, 40), b_only=st.integers(0, 40), neither=st.integers(0, 60))
def test_a_log_that_meets_the_condition_shows_a_gap_above_the_noise(
    both: int, a_only: int, b_only: int, neither: int
) -> None:
    """The condition is about logs, so logs are its judge: the engine's own verdict on answers with these scores."""
    n = both + a_only + b_only + neither
    assume(n >= 2 and a_only != b_only)
    a = [1] * (both + a_only) + [0] * (b_only + neither)
    b = [1] * both + [0] * a_only + [1] * b_only + [0] * neither
    found = published_gap(f"{100 * sum(a) / n:.4f}%", f"{100 * sum(b) / n:.4f}%", n)
    met = found.condition is not None and a_only + b_only <= found.condition.items
    assert compare(a, b).above_noise == met
    assert found.condition == found.surely, "four decimals say everything about so few items"
    if found.condition:
        assert found.condition.least <= a_only + b_only <= found.condition.most


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.5, 0.88, 0.9])
def test_the_paired_reading_and_the_condition_are_one_decision(rho: float) -> None:
    found = published_gap("71.3", "67.1", 164, correlation=rho)
    assert found.paired and found.surely and found.surely.correlation
    assert (found.paired.winner == "a") == (rho >= found.surely.correlation)
    assert found.paired.differing is not None
    assert (found.paired.winner == "a") == (found.paired.differing <= found.surely.items)


def test_paired_as_numpy_on_raw_answers() -> None:
    # numpy on raw answers, cells 100, 20, 10, 34 of 164: correlation np.corrcoef(a, b)[0, 1], with d = a - b
    # d.mean() -+ 1.959963984540054 * d.std() / sqrt(d.size)
    paired = published_gap("73.171", "67.073", 164, correlation=0.5713994191406445).paired
    assert paired and (paired.interval.low, paired.interval.high) == pytest.approx((-0.003814, 0.125765), abs=1e-5)
    assert paired.differing == 30


@given(a=st.integers(0, 1000), b=st.integers(0, 1000), n=st.integers(2, 20_000), level=st.sampled_from([0.9, 0.95]))
def test_turned_round_the_gap_changes_its_sign(a: int, b: int, n: int, level: float) -> None:
    one, two = (published_gap(f"{x / 10:.1f}%", f"{y / 10:.1f}%", n, level=level) for x, y in ((a, b), (b, a)))
    assert (one.gap, one.separate.z) == (-two.gap, pytest.approx(-two.separate.z))
    assert one.separate.p_range == pytest.approx(two.separate.p_range)
    for here, there in ((one.condition, two.condition), (one.surely, two.surely)):
        assert (here and (here.items, here.least, here.most)) == (there and (there.items, there.least, there.most))
    assert {one.separate.winner, two.separate.winner} in ({"a", "b"}, {"undecided"})


# ---- the command line


def test_the_command_tells_what_the_function_does(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "gap.json"
    call = ["verdict", "--published", "85.0", "85.8", "--n", "14042", "--correlation", "0.5", "--json", str(file)]
    assert main(call) == 0
    found = published_gap(*MMLU, correlation=0.5)
    assert capsys.readouterr().out.splitlines() == list(explain(found))
    told = json.loads(file.read_text())
    assert told["sentences"] == list(explain(found))
    assert told["paired"]["winner"] == "b" and told["condition"]["items"] == 3206


def test_the_command_speaks_to_experts_and_notes_caveats(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verdict", "--published", "85.3", "80", "--n", "50", "--n-b", "60", "--register", "expert"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Unpaired: undecided") and "Note: No whole number of right answers out of 50" in out


@pytest.mark.parametrize(
    ("call", "way_out"),
    [
        (["--published", "85", "86"], "add --n, the number of items"),
        (["--published", "85", "86", "--n", "50", "a.jsonl"], "leave out either the logs or --published"),
        (["a.jsonl", "b.jsonl", "--n", "50", "--n-b", "60"], "--n and --n-b can only stand with published scores"),
        (["--published", "0.85", "0.86", "--n", "50"], 'write "0.85%"'),
        (["--published", "85", "--n", "50"], "expected 2 arguments"),
    ],
)
def test_a_mistake_is_one_line(call: list[str], way_out: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verdict", *call]) == 2
    err = capsys.readouterr().err
    assert way_out in err and err.count("\n") == 1


# ---- what is refused


@pytest.mark.parametrize("figure", ["85,8", "100.1", -1, "nan", float("nan"), float("inf"), True, "", "eighty", "٨٥"])
def test_a_score_is_a_percentage(figure: Any) -> None:
    with pytest.raises(CallerMistake, match=r"The score `b` is .*: write a percentage from 0 to 100, such as 85\.8"):
        published_gap("85.0", figure, 100)


def test_a_fraction_is_asked_about() -> None:
    with pytest.raises(CallerMistake, match=r'`a` is 0.85: if that is a fraction, write the percentage 85; .* "0.85%"'):
        published_gap(0.85, 0.858, 14_042)
    assert published_gap("0.85%", "0.9 %", 14_042).gap == pytest.approx(-0.0005)
    assert published_gap(0, 1, 50).a.share == 0


@pytest.mark.parametrize("n", [1, 0, -5, 2.5, True, 10**12])
def test_a_number_of_items(n: Any) -> None:
    with pytest.raises(CallerMistake, match=r"`n` is .*: give the number of items, from 2 to 1,000,000,000"):
        published_gap("85.0", "85.8", n)
    with pytest.raises(CallerMistake, match=r"`n_b` is"):
        published_gap("85.0", "85.8", 100, n_b=n)


def test_a_level_is_a_fraction() -> None:
    with pytest.raises(CallerMistake, match="`level` is 95"):
        published_gap(*MMLU, level=95)


def test_a_correlation_these_scores_cannot_have() -> None:
    # 90 and 50 of 100: at best B is right only where A is, (0.5 - 0.45) / sqrt(0.09 * 0.25) = 1/3
    with pytest.raises(CallerMistake, match=r"scores of 90 and 50 can only correlate by -0\.33 to 0\.33"):
        published_gap("90", "50", 100, correlation=0.5)
    with pytest.raises(CallerMistake, match="correlate by"):
        published_gap("90", "50", 100, correlation=float("nan"))
    with pytest.raises(CallerMistake, match="A has 164 items and B 1,319"):
        published_gap("90", "50", 164, n_b=1319, correlation=0.5)
    with pytest.raises(CallerMistake, match="a score of 0 or 100 correlates with nothing"):
        published_gap("100", "50", 164, correlation=0.5)
