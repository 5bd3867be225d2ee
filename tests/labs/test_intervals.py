"""The labs' calculator against other hands: published tables, statsmodels (as the engine's intervals), numpy on raw
answers.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import CallerMistake
from labs.intervals import same_items_gap, separate_gap, wald, wilson
from tests.engine.stats.reference import ONE_SCORE, TWO_SCORES

# The table of section 1 of the statistics reference this project was started from: n, half-width in points at 80%.
HALF_WIDTHS = [
    ("MMLU", 14_042, 0.66),
    ("HellaSwag", 10_042, 0.78),
    ("GSM8K", 1_319, 2.16),
    ("ARC-Challenge", 1_172, 2.29),
    ("HumanEval", 164, 6.12),
    ("a custom set", 50, 11.09),  # the table has 11; 1.96 * sqrt(0.8 * 0.2 / 50) by hand
]

# numpy 2.4.6 on the raw answers a, b (0 or 1) made of the four cells, with d = a - b:
#   np.corrcoef(a, b)[0, 1] and 100 * (d.mean() -+ 1.959963984540054 * d.std() / sqrt(d.size))
# both right, only A, only B, neither, correlation, low, high
PAIRED = [
    (100, 20, 10, 34, 0.5713994191406445, -0.3814, 12.5765),
    (900, 120, 80, 219, 0.5890507388609421, 0.9375, 5.1277),
    (30, 5, 5, 10, 0.5238095238095236, -12.3959, 12.3959),
    (40, 0, 6, 4, 0.5897678246195888, -21.0073, -2.9927),  # the most these two scores can correlate
]

shares = st.integers(0, 200).map(lambda k: k / 2)


# ---- one score


@pytest.mark.parametrize(("name", "n", "half"), HALF_WIDTHS)
def test_half_widths_of_the_reference_table(name: str, n: int, half: float) -> None:
    assert round(wald(80.0, n).half, 2) == half


def test_the_margin_shrinks_towards_the_edges() -> None:
    # the reference notes that 1.4 points hold on GSM8K near 93%, where 2.16 hold at 80%
    assert round(wald(93.0, 1319).half, 1) == 1.4


@pytest.mark.parametrize(("k", "n", "low", "high", "wald_low", "wald_high"), ONE_SCORE)
def test_one_score_as_statsmodels(k: int, n: int, low: float, high: float, wald_low: float, wald_high: float) -> None:
    score = 100 * k / n
    found, plain = wilson(score, n), wald(score, n)
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high), abs=1e-4)
    assert (plain.low, plain.high) == pytest.approx((100 * wald_low, 100 * wald_high), abs=1e-4)
    assert (found.method, plain.method) == ("Wilson", "Wald")


def test_another_level() -> None:
    # statsmodels as above: proportion_confint(117, 164, alpha=0.1, method="wilson")
    span = wilson(100 * 117 / 164, 164, level=0.90)
    assert (span.low, span.high) == pytest.approx((65.2243, 76.7659), abs=1e-4)


def test_a_printed_score_stands_for_a_whole_number_of_right_answers() -> None:
    # 117 of 164 is 71.341...%, and 71.3 of 100 times 164 is 116.93
    assert wilson(71.3, 164) == wilson(100 * 117 / 164, 164)


# ---- two separate scores


@pytest.mark.parametrize(("a", "n", "b", "m", "low", "high", "wald_low", "wald_high", "z", "p"), TWO_SCORES)
def test_two_scores_as_statsmodels(
    a: int, n: int, b: int, m: int, low: float, high: float, wald_low: float, wald_high: float, z: float, p: float
) -> None:
    gap = separate_gap(100 * a / n, 100 * b / m, n, m)
    assert (gap.newcombe.low, gap.newcombe.high) == pytest.approx((100 * low, 100 * high), abs=1e-4)
    assert gap.newcombe.excludes_zero == (low > 0 or high < 0)
    assert (gap.wald.low, gap.wald.high) == pytest.approx((100 * wald_low, 100 * wald_high), abs=1e-4)
    assert (gap.z, gap.p_value) == pytest.approx((z, p), abs=1e-5)
    assert gap.points == pytest.approx(100 * a / n - 100 * b / m)


def test_newcombes_own_example() -> None:
    # Newcombe 1998, Statistics in Medicine 17:873, table II, contrast (a), method 10: 56/70 - 48/80
    gap = separate_gap(80.0, 60.0, 70, 80)
    assert (round(gap.newcombe.low / 100, 4), round(gap.newcombe.high / 100, 4)) == (0.0524, 0.3339)


def test_one_count_serves_both() -> None:
    assert separate_gap(74.4, 67.1, 164) == separate_gap(74.4, 67.1, 164, 164)


def test_overlapping_intervals_are_no_test() -> None:
    """The lesson of lab 3: 83.0 and 79.5 on GSM8K overlap, and still z is 2.3."""
    one, two = wald(83.0, 1319), wald(79.5, 1319)
    gap = separate_gap(83.0, 79.5, 1319)
    assert one.low < two.high
    assert gap.wald.excludes_zero and gap.newcombe.excludes_zero
    assert round(gap.z, 1) == 2.3


@given(a=shares, b=shares, n=st.integers(2, 3000))
def test_turned_round_the_gap_changes_its_sign(a: float, b: float, n: int) -> None:
    gap, other = separate_gap(a, b, n), separate_gap(b, a, n)
    for one, two in ((gap.wald, other.wald), (gap.newcombe, other.newcombe)):
        assert (one.low, one.high) == pytest.approx((-two.high, -two.low), abs=1e-9)
    assert (gap.z, gap.p_value) == pytest.approx((-other.z, other.p_value), abs=1e-9)


# ---- the same items


@pytest.mark.parametrize(("both", "a_only", "b_only", "neither", "correlation", "low", "high"), PAIRED)
def test_same_items_as_numpy_on_the_raw_answers(
    both: int, a_only: int, b_only: int, neither: int, correlation: float, low: float, high: float
) -> None:
    n = both + a_only + b_only + neither
    gap = same_items_gap(100 * (both + a_only) / n, 100 * (both + b_only) / n, n, correlation)
    assert (gap.wald.low, gap.wald.high) == pytest.approx((low, high), abs=1e-4)
    assert gap.newcombe == gap.wald


def test_three_conclusions_from_one_pair_of_scores() -> None:
    """Section 1 of the reference: MMLU, 85.0 against 85.8; unpaired, then correlated by .5 and by .7."""
    apart = separate_gap(85.8, 85.0, 14_042)
    assert (round(apart.z, 2), round(apart.p_value, 3)) == (1.90, 0.058)
    assert round(same_items_gap(85.8, 85.0, 14_042, 0.5).p_value, 3) == 0.007
    assert round(same_items_gap(85.8, 85.0, 14_042, 0.7).p_value, 4) == 0.0005


def test_without_correlation_pairing_changes_nothing() -> None:
    apart, paired = separate_gap(83.0, 79.5, 1319).wald, same_items_gap(83.0, 79.5, 1319, 0.0).wald
    assert (apart.low, apart.high) == pytest.approx((paired.low, paired.high))


# ---- what is refused


@pytest.mark.parametrize("score", [-0.1, 100.1, float("nan")])
@pytest.mark.parametrize("function", [wald, wilson])
def test_a_score_is_a_percentage(function, score: float) -> None:
    with pytest.raises(CallerMistake, match=rf"The score is {score}; give a percentage from 0 to 100"):
        function(score, 100)


@pytest.mark.parametrize("n", [1, 0, -5])
def test_an_interval_needs_two_items(n: int) -> None:
    for asked in (lambda: wald(80.0, n), lambda: wilson(80.0, n), lambda: separate_gap(80.0, 70.0, 100, n)):
        with pytest.raises(CallerMistake, match=rf"The number of questions is {n}; an interval needs at least 2"):
            asked()


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_is_a_fraction(level: float) -> None:
    for asked in (
        lambda: wald(80.0, 100, level),
        lambda: wilson(80.0, 100, level),
        lambda: separate_gap(80.0, 70.0, 100, level=level),
        lambda: same_items_gap(80.0, 70.0, 100, 0.5, level),
    ):
        with pytest.raises(CallerMistake, match=rf"The level is {level}; give a fraction such as 0.95"):
            asked()


@pytest.mark.parametrize("correlation", [1.01, -1.01, float("nan")])
def test_a_correlation_has_limits(correlation: float) -> None:
    with pytest.raises(CallerMistake, match=rf"The correlation is {correlation}; it lies between -1 and 1"):
        same_items_gap(80.0, 70.0, 100, correlation)


def test_a_correlation_these_scores_cannot_have() -> None:
    # 90 and 50 of 100: at best B is right only where A is, phi = (0.5 - 0.45) / sqrt(0.09 * 0.25) = 1/3
    assert same_items_gap(90.0, 50.0, 100, 0.33).points == 40
    with pytest.raises(CallerMistake, match=r"Scores of 90 and 50 cannot correlate by 0\.5.* 0\.33 is the most"):
        same_items_gap(90.0, 50.0, 100, 0.5)
