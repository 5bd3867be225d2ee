"""The always-valid interval: reference values, the promise under peeking, and what it does at the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln

from engine import CallerMistake
from engine.errors import Mismatch
from engine.stats.paired import DiscordantCounts, tango
from engine.stats.sequential import CONCENTRATION, SequentialGap, compare_anytime

Pairs = list[tuple[float, float]]
answers = st.lists(st.sampled_from([(1, 0), (0, 1), (1, 1), (0, 0)]), min_size=1, max_size=60)
scores = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


def fed(pairs: Pairs, **settings: float | int | None) -> SequentialGap:
    watched = SequentialGap(**settings)  # type: ignore[arg-type]
    for a, b in pairs:
        watched.update(a, b)
    return watched


def random_battle(seed: int, n: int, a_only: float, b_only: float) -> Pairs:
    kinds = np.random.default_rng(seed).choice(3, size=n, p=[a_only, b_only, 1 - a_only - b_only])
    return [[(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)][kind] for kind in kinds]


# ---- reference values


@given(answers)
def test_against_no_gap_it_is_the_beta_binomial_e_value(pairs: Pairs) -> None:
    """The closed form of statistics.md, section 4; the most it ever reached, as it is told."""
    wins = np.cumsum([a > b for a, b in pairs])
    losses = np.cumsum([a < b for a, b in pairs])
    c = CONCENTRATION
    closed = np.exp(betaln(c + wins, c + losses) - betaln(c, c) + (wins + losses) * math.log(2))
    watched = fed(pairs)
    assert watched.e_value == pytest.approx(max(1.0, closed.max()), rel=1e-9)
    assert watched.p_value == pytest.approx(min(1.0, 1 / closed.max()), rel=1e-9)


def test_the_wealth_against_any_gap_by_numerical_integration() -> None:
    """scipy.integrate.quad over the bets, with nothing of ours: 9 wins, 2 losses, 6 ties against a gap of 0.10."""
    from scipy.integrate import quad
    from scipy.special import beta

    m, c = 0.10, CONCENTRATION
    q = (1 + m) / 2

    def grown(u: float) -> float:
        up, down = u / q, (1 - u) / (1 - q)
        return u ** (c - 1) * (1 - u) ** (c - 1) / beta(c, c) * up**9 * down**2 * ((up + down) / 2) ** 6

    watched = fed([(1, 0)] * 9 + [(1, 1)] * 6 + [(0, 1)] * 2, margin=m)
    row = int(np.flatnonzero(watched._gaps == m)[0])
    assert watched._wealth[row].sum() == pytest.approx(quad(grown, 0, 1)[0], rel=1e-7)


def test_twelve_straight_wins_decide_and_ten_do_not() -> None:
    """By the closed form: B(3 + w, 3) / B(3, 3) * 2^w first exceeds 20 at w = 9; at level 0.99, 100 at w = 12."""
    value = [math.exp(betaln(3 + w, 3) - betaln(3, 3)) * 2**w for w in range(14)]
    first = next(w for w in range(14) if value[w] >= 20)
    strict = next(w for w in range(14) if value[w] >= 100)
    assert [fed([(1, 0)] * w).winner for w in (first - 1, first)] == ["undecided", "a"]
    assert [fed([(0, 1)] * w, level=0.99).winner for w in (strict - 1, strict)] == ["undecided", "b"]


# ---- the promise: whoever looks after every item is wrong five times in a hundred at most


def ever(seed: int, n: int, a_only: float, b_only: float, **settings: float) -> SequentialGap:
    return fed(random_battle(seed, n, a_only, b_only), **settings)


def test_equal_contenders_are_seldom_told_apart_whenever_one_looks() -> None:
    """100 battles of 200 items. With a true rate of 5%, 12 or more false winners have a chance of 0.4%."""
    told_apart = sum(ever(seed, 200, 0.15, 0.15).e_value >= 20 for seed in range(100))
    assert told_apart <= 11


def test_a_gap_as_wide_as_the_margin_is_seldom_called_equal() -> None:
    """A true gap of exactly the margin: the interval must not slip inside it. Same bound as above."""
    equal = sum(ever(seed, 300, 0.15, 0.05, margin=0.10).winner == "equal" for seed in range(100))
    assert equal <= 11


def test_the_interval_of_a_finite_benchmark_holds_its_true_gap() -> None:
    """100 shuffles of one set of 150: at the end the gap is known, before that it was left out 5 times in 100."""
    whole = random_battle(1, 150, 0.2, 0.1)
    truth = sum(a - b for a, b in whole) / 150
    missed = 0
    for seed in range(100):
        watched, seen = SequentialGap(population=150), True
        for k in np.random.default_rng(seed).permutation(150):
            watched.update(*whole[k])
            interval = watched.interval
            seen = seen and interval.low - 1e-12 <= truth <= interval.high + 1e-12
        missed += not seen
        assert watched.interval.low == watched.interval.high == pytest.approx(truth)
    assert missed <= 11


def test_a_clear_gap_is_settled_long_before_the_benchmark_ends() -> None:
    """statistics.md: ten points at 30% disagreement are settled by about 219 of 1,172 items, in the median."""
    stops = []
    for seed in range(40):
        watched = SequentialGap()
        for a, b in random_battle(seed, 1172, 0.20, 0.10):
            watched.update(a, b)
            if watched.decided:
                break
        assert watched.winner == "a"
        stops.append(watched.n)
    assert np.median(stops) < 300


# ---- shape


@given(st.one_of(answers, scores), st.sampled_from([None, 60]))
def test_it_only_narrows_and_never_takes_a_verdict_back(pairs: Pairs, population: int | None) -> None:
    watched = SequentialGap(population=population)
    low, high, decided = -1.0, 1.0, False
    for a, b in pairs:
        watched.update(a, b)
        interval = watched.interval
        assert low <= interval.low <= interval.high <= high
        assert watched.decided or not decided
        low, high, decided = interval.low, interval.high, watched.decided


@given(answers, st.sampled_from([0.01, 0.02, 0.05, 0.3]))
def test_the_sides_can_be_swapped(pairs: Pairs, margin: float) -> None:
    one, other = fed(pairs, margin=margin), fed([(b, a) for a, b in pairs], margin=margin)
    assert one.interval.low == pytest.approx(-other.interval.high, abs=2e-3)
    assert one.e_value == pytest.approx(other.e_value)
    assert {"a": "b", "b": "a"}.get(one.winner, one.winner) == other.winner


@given(st.one_of(answers, scores), st.sampled_from([None, 60]))
def test_the_winner_is_what_the_interval_says(pairs: Pairs, population: int | None) -> None:
    watched = fed(pairs, margin=0.1, population=population)
    interval = watched.interval
    if watched.winner == "equal":
        assert -0.1 < interval.low <= interval.high < 0.1
    elif watched.winner in "ab":
        assert interval.low > 0 if watched.winner == "a" else interval.high < 0
    else:
        assert interval.low <= 0 <= interval.high
    if watched.winner != "equal":
        assert (watched.p_value <= 0.05) == (watched.winner != "undecided")
    assert (watched.p_equal <= 0.025) == (watched.winner == "equal")


def test_continuous_scores_that_agree_closely_are_settled_sooner_than_right_and_wrong_ones() -> None:
    rng = np.random.default_rng(5)
    close = SequentialGap(margin=0.05)
    for a in rng.uniform(0.3, 0.7, size=400):
        close.update(a, a + rng.uniform(-0.1, 0.1))
    assert close.winner == "equal"
    assert fed(random_battle(5, 400, 0.15, 0.15), margin=0.05).winner == "undecided"


def test_it_is_about_half_as_wide_again_as_an_interval_for_one_look() -> None:
    for seed in range(5):
        pairs = random_battle(seed, 1000, 0.15, 0.10)
        once = tango(
            DiscordantCounts(a_only=sum(a > b for a, b in pairs), b_only=sum(a < b for a, b in pairs)), 1000, 0.95
        )
        interval = fed(pairs).interval
        assert 0.6 < (interval.high - interval.low) / (once.interval.high - once.interval.low) < 1.8


def test_a_benchmark_used_up_is_never_undecided() -> None:
    assert fed([(1, 1)] * 9 + [(1, 0)], margin=0.02, population=10).winner == "a"
    even = fed([(1, 1)] * 8 + [(1, 0), (0, 1)], margin=0.02, population=10)
    assert (even.winner, even.p_equal) == ("equal", 0.0)
    assert fed([(1, 1)] * 8 + [(1, 0), (0, 1)], margin=0.02).winner == "undecided"


def test_a_long_battle_of_one_side_stays_finite() -> None:
    watched = fed([(1, 0)] * 1500)
    assert watched.winner == "a" and watched.interval.low > 0.97 and watched.p_value < 1e-12
    assert not math.isnan(watched.e_value)


# ---- mistakes of the caller


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"level": 1.0}, "level"), ({"margin": 0.0}, "margin"), ({"margin": 1.5}, "margin"), ({"population": 1}, "1")],
)
def test_a_wrong_setting_is_named(settings: dict[str, float], words: str) -> None:
    with pytest.raises(CallerMistake, match=words):
        SequentialGap(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [1.5, -0.1, math.nan, math.inf, None, "1", 10**400])
def test_a_wrong_score_changes_nothing(value: object) -> None:
    watched = fed([(1, 0)] * 5)
    before = watched.n, watched.interval, watched.e_value
    with pytest.raises(CallerMistake, match="`b` is"):
        watched.update(1, value)  # type: ignore[arg-type]
    assert (watched.n, watched.interval, watched.e_value) == before


def test_more_items_than_the_population_has_are_refused() -> None:
    watched = fed([(1, 0)] * 3, population=3)
    with pytest.raises(CallerMistake, match="All 3 items"):
        watched.update(1, 0)


def test_before_the_first_item_there_is_no_gap() -> None:
    watched = SequentialGap()
    with pytest.raises(CallerMistake, match="No item"):
        _ = watched.gap
    assert (*watched.interval, watched.winner) == (-1.0, 1.0, "undecided")


# ---- as a verdict


def test_the_verdict_says_how_it_was_reached() -> None:
    verdict = compare_anytime([1] * 30 + [0] * 5, [0] * 25 + [1] * 10, names=("Ruby", "Jade"), population=400)
    assert (verdict.winner, verdict.n, verdict.estimand) == ("a", 35, "skill")
    assert verdict.discordant == DiscordantCounts(a_only=25, b_only=5)
    assert verdict.interval.method == "betting confidence sequence"
    assert verdict.p_method == "e-value, valid at any moment" and verdict.p_value < 0.05
    assert verdict.items_needed is None


def test_on_the_benchmark_itself_no_more_items_are_needed_than_there_are() -> None:
    verdict = compare_anytime([1, 0, 1, 1], [1, 0, 0, 1], population=10, estimand="benchmark")
    assert (verdict.winner, verdict.estimand) == ("undecided", "benchmark")
    assert verdict.items_needed == 6
    assert verdict.interval.method.endswith("without replacement")


def test_scores_that_cannot_be_paired_are_refused() -> None:
    with pytest.raises(Mismatch):
        compare_anytime([1, 0], [1])
    with pytest.raises(CallerMistake, match="at least 2"):
        compare_anytime([1], [1])
    with pytest.raises(CallerMistake, match="population"):
        compare_anytime([1, 0], [1, 1], estimand="benchmark")
