"""The sizes of the three stages against other hands, and what must hold for every plan.

From statsmodels 0.15.0 in an environment of its own (`pip install statsmodels`), and scipy for `highest_rate`:
    proportion_confint(right, n, method="wilson")
    the largest k < right with confint_proportions_2indep(right, n, k, n, method="newcomb", compare="diff")[0] > 0
    NormalIndPower(ddof=0).solve_power(gap / sqrt(discordance), alpha=1 - level, power=power, ratio=0)
    samplesize_proportions_2indep_onetail(difference, baseline, power, alpha=1 - level, alternative="two-sided")
    beta.ppf(level, 1, n): the Clopper-Pearson bound at 0 failures
"""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import CallerMistake
from labs.intervals import separate_gap
from labs.sample_sizes import SampleSizes, chats_per_arm, clean_cases, highest_rate, own_set, pilot, shortlist
from tests.engine.stats.reference import DETECTABLE_GAPS

# ---- stage 1


@pytest.mark.parametrize(
    ("right", "n", "low", "high", "highest_behind"),
    [
        (11936, 14042, 84.40201, 85.58312, 11817),
        (1055, 1319, 77.73986, 82.05566, 1013),
        (148, 164, 84.74034, 93.90531, 135),
        (80, 100, 71.11708, 86.66331, 67),
        (40, 50, 66.96289, 88.75625, 31),
        (50, 50, 92.86524, 100.0, 45),
    ],
)
def test_a_published_score_against_statsmodels(
    right: int, n: int, low: float, high: float, highest_behind: int
) -> None:
    found = shortlist(100 * right / n, n)
    assert (found.span.low, found.span.high) == pytest.approx((low, high), abs=1e-5)
    assert found.apart == pytest.approx(100 * (right - highest_behind) / n)


def test_no_score_is_clear_of_one_right_answer_in_five() -> None:
    found = shortlist(20.0, 5)
    assert found.apart is None and "cannot shorten the list" in found.sentence


@pytest.mark.parametrize(
    ("n", "half", "unpaired", "paired"),
    [
        (n, half, unpaired, paired)
        for (n, unpaired, paired, _), half in zip(DETECTABLE_GAPS, (0.66, 0.78, 2.16, 2.29, 6.12, 11), strict=True)
    ],
)
def test_the_reference_table(n: int, half: float, unpaired: float, paired: float) -> None:
    """shared/reference/statistics.md, section 1: 80%, power 80%, right answers correlated by 0.5."""
    found = shortlist(80.0, n)
    assert found.unpaired is not None and found.paired is not None
    assert found.unpaired == pytest.approx(unpaired, abs=0.5 if n == 50 else 0.06)
    assert found.paired == pytest.approx(paired, abs=0.5 if n == 50 else 0.06)
    assert found.span.half == pytest.approx(half, rel=0.05)  # the table's is Wald's


@pytest.mark.parametrize("score", [0.0, 100.0])
def test_the_ends_have_no_spread_to_plan_by(score: float) -> None:
    found = shortlist(score, 50)
    assert found.unpaired is None and found.paired is None and "power" not in found.sentence


def test_the_gap_in_the_sentence_is_never_too_small() -> None:
    """0.85 told as 0.8 would contradict the calculator."""
    found = shortlist(85.0, 14042)
    assert found.apart is not None and 0.8 < found.apart < 0.9
    assert "seen 0.9 points or more below" in found.sentence
    assert "84.4 to 85.6% (Wilson)" in found.sentence


@given(n=st.integers(2, 400), share=st.floats(0, 1), level=st.sampled_from([0.9, 0.95, 0.99]))
def test_apart_is_the_first_count_that_is_clear(n: int, share: float, level: float) -> None:
    right = round(share * n)
    found = shortlist(100 * right / n, n, level=level)
    clear = [k for k in range(right) if separate_gap(100 * right / n, 100 * k / n, n, level=level).newcombe.low > 0]
    if found.apart is None:
        assert clear == []
    else:
        assert round(right - found.apart / 100 * n) == clear[-1] == len(clear) - 1


# ---- stage 2


@pytest.mark.parametrize(
    ("gap", "discordance", "level", "power", "items"),
    [
        (5, 30, 0.95, 0.8, 941.863),
        (3, 30, 0.95, 0.8, 2616.287),
        (-2, 20, 0.95, 0.8, 3924.430),
        (10, 12, 0.95, 0.8, 94.186),
        (5, 30, 0.99, 0.9, 1785.526),
    ],
)
def test_items_against_statsmodels(gap: float, discordance: float, level: float, power: float, items: float) -> None:
    found = own_set(gap, discordance=discordance, level=level, power=power)
    assert found.needed == found.n == math.ceil(items)
    assert found.detectable == pytest.approx(abs(gap), rel=0.01)


@pytest.mark.parametrize(
    ("score", "n", "half"),
    [(50, 150, 7.900988), (None, 942, 3.186463), (85, 120, 6.381859), (None, 100, 9.616847)],
)
def test_the_margin_of_one_score_against_statsmodels(score: float | None, n: int, half: float) -> None:
    assert own_set(5, score=score, n=n).half == pytest.approx(half, abs=1e-6)


def test_a_small_set_is_warned_about() -> None:
    found = own_set(5, n=60)
    assert found.needed == 942 and found.n == 60
    few, short = found.cautions
    assert "fewer than 100" in few and "12.3 points" in few
    assert "fewer than the 942" in short and "19.8 points" in short
    assert own_set(5).cautions == () and own_set(10, n=300).cautions == ()


def test_a_hundred_is_not_few() -> None:
    assert [caution for caution in own_set(30, n=100).cautions if "fewer than 100" in caution] == []
    assert any("fewer than 100" in caution for caution in own_set(30, n=99).cautions)


def test_a_gap_beyond_the_discordance_is_said() -> None:
    found = own_set(40)
    assert found.needed == 20  # 2.8016^2 / 0.4 = 19.6: all disagreement goes one way
    assert any("raised" in caution for caution in found.cautions) and "differ on 40%" in found.sentence


# ---- stage 3


def test_chats_per_arm_against_r() -> None:
    """R's own example: power.prop.test(p1 = .50, p2 = .75, power = .90) gives n = 76.7 (help page of stats 4)."""
    assert chats_per_arm(50, 25, power=0.9) == 77


@pytest.mark.parametrize(
    ("baseline", "difference", "level", "power", "chats"),
    [
        (50, 25, 0.95, 0.9, 76.707),
        (12, -3, 0.95, 0.8, 1637.928),
        (80, 5, 0.95, 0.8, 905.366),
        (2, 3, 0.95, 0.8, 587.922),
        (30, -10, 0.99, 0.95, 664.553),
    ],
)
def test_chats_per_arm_against_statsmodels(
    baseline: float, difference: float, level: float, power: float, chats: float
) -> None:
    assert chats_per_arm(baseline, difference, level=level, power=power) == math.ceil(chats)


def test_days_wait_for_the_smaller_arm() -> None:
    small, large = pilot(12, -3, per_day=2000, share=5), pilot(12, -3, per_day=2000, share=95)
    assert small.per_arm == 1638 and small.days == 17  # 1,638 chats at 100 a day
    assert large.days == 17  # now the old way is the small arm
    assert pilot(12, -3, per_day=2000, share=50).days == 2


def test_the_pilot_in_words() -> None:
    found = pilot(12, -3, per_day=2000, share=5, harm=1)
    assert (found.clean, found.clean_days) == (299, 3)
    for told in ("9% in the pilot from 12%", "1,638 chats", "17 days", "0.18%", "299 chats", "3 days"):
        assert told in found.sentence
    assert "None" not in pilot(12, -3, per_day=2000, share=5).sentence


def test_few_expected_events_are_said() -> None:
    assert pilot(0, 30, per_day=100, share=50).cautions != ()
    assert pilot(12, -3, per_day=2000, share=5).cautions == ()


# ---- the rule of three


@pytest.mark.parametrize(
    ("n", "rate"),
    [(1, 95.0), (59, 4.95076), (100, 2.95130), (300, 0.99361)],
)
def test_no_failure_seen_against_clopper_pearson(n: int, rate: float) -> None:
    assert highest_rate(n) == pytest.approx(rate, abs=1e-5)


@pytest.mark.parametrize(("rate", "n"), [(1, 299), (3, 99), (5, 59), (0.1, 2995), (50, 5)])
def test_clean_cases(rate: float, n: int) -> None:
    """The smallest n with (1 - rate)^n <= 0.05, by multiplying."""
    assert clean_cases(rate) == n
    assert (1 - rate / 100) ** n <= 0.05 < (1 - rate / 100) ** (n - 1)


@given(n=st.integers(30, 200_000))
def test_three_in_n(n: int) -> None:
    assert highest_rate(n) == pytest.approx(300 / n, rel=0.06)
    assert highest_rate(n) < 300 / n


@given(n=st.integers(1, 200_000), level=st.sampled_from([0.9, 0.95, 0.99]))
def test_the_two_are_each_other_inverted(n: int, level: float) -> None:
    if 0.001 <= (rate := highest_rate(n, level)) <= 99.999:
        assert clean_cases(rate, level) == n


# ---- for every plan


@given(
    gap=st.floats(0.001, 100),
    discordance=st.floats(0.001, 100),
    score=st.none() | st.floats(0, 100),
    n=st.none() | st.integers(2, 100_000),
)
def test_every_own_set_can_be_told(gap: float, discordance: float, score: float | None, n: int | None) -> None:
    found = own_set(gap, discordance=discordance, score=score, n=n)
    assert found.needed >= 1 and found.half > 0 and "None" not in found.sentence
    assert any("fewer than 100" in told for told in found.cautions) == (found.n < 100)


@given(
    baseline=st.floats(0, 100),
    after=st.floats(0, 100),
    per_day=st.floats(1, 1e6),
    share=st.floats(0.01, 99.99),
    harm=st.none() | st.floats(0.001, 99),
)
def test_every_pilot_can_be_told(
    baseline: float, after: float, per_day: float, share: float, harm: float | None
) -> None:
    difference = after - baseline
    if abs(difference) < 0.01 or not 0 <= baseline + difference <= 100:
        return
    found = pilot(baseline, difference, per_day=per_day, share=share, harm=harm)
    assert found.per_arm >= 1 and found.days >= 1
    assert (found.clean is None) == (harm is None) == (found.clean_days is None)
    assert "None" not in found.sentence and "nan" not in found.sentence


def test_results_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        SampleSizes().stage1 = shortlist(85, 100)  # type: ignore[misc]


# ---- mistakes

PILOT: dict[str, Any] = {"baseline": 12, "difference": -3, "per_day": 100, "share": 5}


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: shortlist(101, 100), "score"),
        (lambda: shortlist(50, 1), "number of questions"),
        (lambda: shortlist(50, 100, correlation=1), "`correlation`"),
        (lambda: shortlist(50, 100, level=95), "`level`"),
        (lambda: own_set(0), "`gap` is 0 .* such as 5"),
        (lambda: own_set(101), "`gap`"),
        (lambda: own_set(math.nan), "`gap` is nan"),
        (lambda: own_set(5, discordance=0), "`discordance`"),
        (lambda: own_set(5, n=1), "number of questions is 1"),
        (lambda: own_set(5, score=-1), "score"),
        (lambda: own_set(5, power=0.5), "`power`"),
        (lambda: pilot(**PILOT | {"baseline": 120}), "`baseline`"),
        (lambda: pilot(**PILOT | {"difference": 0}), "`difference`"),
        (lambda: pilot(**PILOT | {"difference": -13}), r"`baseline \+ difference` is -1"),
        (lambda: pilot(**PILOT | {"share": 100}), "`share` is 100 .* both arms"),
        (lambda: pilot(**PILOT | {"per_day": 0}), "`per_day`"),
        (lambda: pilot(**PILOT | {"per_day": math.inf}), "`per_day`"),
        (lambda: pilot(**PILOT, harm=0), "`rate` is 0"),
        (lambda: highest_rate(0), "`n` is 0"),
        (lambda: clean_cases(100), "`rate`"),
    ],
)
def test_what_cannot_be_planned(call: Any, name: str) -> None:
    with pytest.raises(CallerMistake, match=name):
        call()
