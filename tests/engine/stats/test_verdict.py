"""Verdicts: numbers from other hands, the edges, and what must hold for every battle."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar  # type: ignore[import-untyped, unused-ignore]
from scipy.special import ndtr, stdtr, stdtrit  # type: ignore[import-untyped, unused-ignore]

from engine.errors import CallerMistake, Mismatch
from engine.stats.interval import score_interval
from engine.stats.power import detectable_gap, items_for
from engine.stats.published import published_gap
from engine.stats.verdict import Verdict, compare
from tests.loading import loaded

Z95 = 1.959963984540054

counts = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40)).filter(
    lambda cells: sum(cells) >= 2
)


def battle(both: int, a_only: int, b_only: int, neither: int = 0, **rule: Any) -> Verdict:
    """The verdict on a table of paired answers."""
    a = [1] * both + [1] * a_only + [0] * b_only + [0] * neither
    b = [1] * both + [0] * a_only + [1] * b_only + [0] * neither
    return compare(a, b, **rule)


# ---- numbers from other hands


@pytest.mark.parametrize(
    ("a_only", "b_only", "n", "low", "high"),
    [
        (9, 3, 32, -0.027, 0.390),  # Tango 1998, section 6.2: Karacan's sleeping difficulties
        (1, 7, 21, -0.517, -0.026),  # Fagerland, Lydersen & Laake 2014, Tango row: Bentur's airways
    ],
)
def test_tango_interval_published(a_only: int, b_only: int, n: int, low: float, high: float) -> None:
    interval = battle(0, a_only, b_only, n - a_only - b_only).interval
    assert interval.method == "Tango score, paired"
    assert (round(interval.low, 3), round(interval.high, 3)) == (low, high)


@pytest.mark.parametrize(
    ("a_only", "b_only", "n"),
    [(9, 3, 32), (40, 20, 160), (1, 7, 21), (5, 0, 30), (1, 1, 3), (209, 152, 1319)],
)
def test_tango_interval_by_brute_force(a_only: int, b_only: int, n: int) -> None:
    """The same interval without Tango's algebra: search the likeliest cells under each gap."""

    def score(gap: float) -> float:
        def minus_log_likelihood(q: float) -> float:
            cells = [(a_only, q + gap), (b_only, q), (n - a_only - b_only, 1 - 2 * q - gap)]
            return -sum(k * math.log(max(p, 1e-300)) for k, p in cells if k)

        q = minimize_scalar(
            minus_log_likelihood,
            bounds=(max(0.0, -gap), (1 - gap) / 2),
            method="bounded",
            options={"xatol": 1e-12},
        ).x
        return float((a_only - b_only - n * gap) / math.sqrt(n * (2 * q + gap - gap**2)))

    verdict, gap = battle(0, a_only, b_only, n - a_only - b_only), (a_only - b_only) / n
    interval = verdict.interval
    assert interval.low == pytest.approx(brentq(lambda d: score(d) - Z95, -1 + 1e-9, gap), abs=2e-5)
    assert interval.high == pytest.approx(brentq(lambda d: score(d) + Z95, gap, 1 - 1e-9), abs=2e-5)
    beyond = max(ndtr(score(verdict.margin)), ndtr(-score(-verdict.margin)))
    assert verdict.p_equal == pytest.approx(float(beyond), rel=1e-4)


def test_one_published_gap_with_three_conclusions() -> None:
    """MMLU, 14,042 items, 85.0 against 85.8 (statistics.md section 1): the discordant items decide.

    Answers that correlate by r differ on var(a) + var(b) - 2 r sd(a) sd(b) + gap^2 of the items, here 12.48% at .5 and
    7.48% at .7; the p-values there are from z, McNemar's exact test asks a little more.
    """
    half, more = battle(11051, 820, 932, 1239), battle(11402, 469, 581, 1590)
    assert (half.n, half.gap, more.n, more.gap) == (14042, -112 / 14042, 14042, -112 / 14042)
    assert half.p_value == pytest.approx(0.007, abs=0.0015) and more.p_value == pytest.approx(0.0005, abs=0.0002)
    assert (half.above_noise, more.above_noise) == (True, True)
    assert published_gap("85.0", "85.8", 14042).separate.p_value == pytest.approx(0.058, abs=0.001)


@pytest.mark.parametrize(
    ("a_only", "b_only", "p_value", "winner"),
    # GSM8K, 1,319 items, statistics.md section 6: scipy.stats.binomtest(a_only, a_only + b_only).pvalue
    [(209, 152, 0.00315, "a"), (76, 360, 2.9e-45, "b"), (88, 260, 7.5e-21, "b")],
)
def test_mcnemar_on_real_logs(a_only: int, b_only: int, p_value: float, winner: str) -> None:
    verdict = battle(300, a_only, b_only, 1319 - 300 - a_only - b_only)
    assert verdict.p_value == pytest.approx(p_value, rel=0.02)
    assert (verdict.p_method, verdict.winner, verdict.n) == ("McNemar, exact", winner, 1319)
    assert verdict.discordant is not None and verdict.discordant.total == a_only + b_only


def test_even_scores_get_students_t() -> None:
    # scipy.stats.ttest_rel(a, b), its confidence_interval(0.95) and (0.9); the differences lie evenly about 0.03
    a = [0.91, 0.45, 0.59, 0.71, 0.22, 0.84, 0.65, 0.37, 0.91, 0.75]
    b = [1.0, 0.5, 0.6, 0.7, 0.2, 0.8, 0.6, 0.3, 0.8, 0.6]
    verdict = compare(a, b)
    assert (verdict.interval.low, verdict.interval.high) == pytest.approx((-0.021031021, 0.081031021), abs=1e-9)
    assert verdict.p_value == pytest.approx(0.21627737992, abs=1e-9)
    strict = compare(a, b, level=0.9).interval
    assert (strict.low, strict.high) == pytest.approx((-0.011352398627, 0.071352398627), abs=1e-9)
    assert any("10 independent draws" in caveat for caveat in verdict.caveats)


def test_lopsided_scores_get_a_wider_interval() -> None:
    # Student 1908, the sleep data. R: t.test(extra ~ group, data = sleep, paired = TRUE)
    # t = -4.0621, df = 9, 95 percent interval -2.4598858 -0.7001142; scipy.stats.skew of the differences: -1.47197673
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    verdict, wider = compare(first, second), math.sqrt(1 + 6 * 1.47197673**2 / 10)
    assert verdict.gap == pytest.approx(-1.58)
    assert verdict.interval.low == pytest.approx(-1.58 - wider * (2.4598858 - 1.58), abs=1e-6)
    assert verdict.interval.high == pytest.approx(-1.58 + wider * (1.58 - 0.7001142), abs=1e-6)
    assert verdict.p_value == pytest.approx(0.02527, abs=1e-5)  # 2 * scipy.stats.t.sf(4.0621 / wider, 9)
    assert (verdict.winner, verdict.discordant) == ("b", None)
    assert "McNemar" not in verdict.p_method and "Tango" not in verdict.interval.method
    assert any("outside 0 to 1" in caveat for caveat in verdict.caveats)


def test_clusters_of_one_size_get_the_t_of_their_means() -> None:
    # scipy.stats.ttest_1samp([0.0, 0.25, 0.5, 0.75, 1.0], 0).confidence_interval(), .pvalue
    hits = [0, 1, 2, 3, 4]
    a = [int(item < hit) for hit in hits for item in range(4)]
    verdict = compare(a, [0] * 20, clusters=[group for group in "vwxyz" for _ in range(4)])
    assert (verdict.interval.low, verdict.interval.high) == pytest.approx((0.00918920963, 0.99081079037), abs=1e-9)
    assert verdict.p_value == pytest.approx(0.04742065558, abs=1e-9)
    assert verdict.interval.method == verdict.p_method == "cluster-robust t (5 clusters), skew-adjusted"
    assert verdict.discordant is not None and (verdict.discordant.a_only, verdict.discordant.b_only) == (10, 0)


def test_clusters_of_unequal_size_by_matrices() -> None:
    """Bell & McCaffrey's estimator as they define it: a design matrix, its hat matrix, inverse square roots."""
    d = np.array([1, 0, 0, 1, 0, 0, -1, 1, 1, 0, 1, 0, 0, -1, 0, 1, 0, 0, 0, 0], dtype=float)
    groups = np.repeat(range(5), [6, 3, 4, 5, 2])
    n, design = d.size, np.ones((d.size, 1))
    bread = np.linalg.inv(design.T @ design)
    hat = design @ bread @ design.T
    residuals, columns, meat = d - hat @ d, [], 0.0
    for group in range(5):
        rows = np.flatnonzero(groups == group)
        values, vectors = np.linalg.eigh(np.eye(rows.size) - hat[np.ix_(rows, rows)])
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        meat += float((bread @ design[rows].T @ root @ residuals[rows])[0]) ** 2
        columns.append((np.eye(n) - hat)[rows].T @ root @ design[rows] @ bread)
    spread = np.linalg.eigvalsh(np.hstack(columns).T @ np.hstack(columns))
    freedom = spread.sum() ** 2 / (spread**2).sum()
    z = np.array([residuals[groups == group].sum() / math.sqrt((groups == group).sum()) for group in range(5)])
    error = math.sqrt(meat * (1 + 6 * (z**3).sum() ** 2 / (z**2).sum() ** 3))
    verdict = compare(np.maximum(d, 0), np.maximum(-d, 0), clusters=groups)
    half = float(stdtrit(freedom, 0.975)) * error
    assert (verdict.interval.low, verdict.interval.high) == pytest.approx((d.mean() - half, d.mean() + half), abs=1e-9)
    assert verdict.p_value == pytest.approx(2 * float(stdtr(freedom, -d.mean() / error)), abs=1e-9)
    assert any("unequal" in caveat for caveat in verdict.caveats)


def test_one_item_a_cluster_is_the_paired_t() -> None:
    a, b = np.linspace(0, 1, 12), np.linspace(0, 1, 12) ** 2
    alone, clustered = compare(a, b), compare(a, b, clusters=range(12))
    assert (alone.interval.low, alone.p_value) == pytest.approx((clustered.interval.low, clustered.p_value))
    assert alone.p_equal == pytest.approx(clustered.p_equal)


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_published(correct: int, n: int, low: float, high: float) -> None:
    interval = score_interval(correct, n)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)
    mirrored = score_interval(n - correct, n)
    assert mirrored.low == pytest.approx(1 - interval.high) and mirrored.high == pytest.approx(1 - interval.low)


@pytest.mark.parametrize(
    # reference/statistics.md section 1: accuracy 80%, correlation .5, so discordance 2 * .8 * .2 * .5
    ("n", "points"),
    [(14042, "0.95"), (10042, "1.1"), (1319, "3.1"), (1172, "3.3"), (164, "8.8"), (50, "16")],
)
def test_detectable_gap_table(n: int, points: str) -> None:
    decimals = len(points.partition(".")[2])
    assert f"{100 * detectable_gap(n, discordance=0.16):.{decimals}f}" == points


@pytest.mark.parametrize(
    # reference/statistics.md section 4, column "fixed n for 80% power" (Connor 1987, about 1% fewer)
    ("discordance", "gap", "n"),
    [(0.10, 0.04, 488), (0.20, 0.04, 979), (0.20, 0.10, 155), (0.30, 0.06, 652), (0.30, 0.10, 233)],
)
def test_items_for_table(discordance: float, gap: float, n: int) -> None:
    assert n <= items_for(gap, discordance=discordance) <= 1.02 * n
    assert items_for(-gap, discordance=discordance) == items_for(gap, discordance=discordance)


@given(n=st.integers(8, 100_000), discordance=st.floats(0.001, 1))
def test_planning_functions_are_inverses(n: int, discordance: float) -> None:
    gap = detectable_gap(n, discordance=discordance)
    assert abs(items_for(gap, discordance=discordance) - n) <= 1


def test_nothing_is_detectable_on_a_handful_of_items() -> None:
    assert detectable_gap(2) == detectable_gap(5) == 1.0
    assert items_for(1.0) == 8  # below 6 items not even a clean sweep has p < .05


# ---- edges


def test_no_disagreement_is_not_certainty() -> None:
    verdict = battle(30, 0, 0, 20)
    edge = Z95**2 / (50 + Z95**2)  # the closed form Tango's interval takes here
    assert (verdict.interval.low, verdict.interval.high) == pytest.approx((-edge, edge), abs=1e-12)
    assert (verdict.winner, verdict.p_value, verdict.settled_as) == ("undecided", 1.0, "equal")
    assert verdict.items_needed is not None and verdict.items_needed > 0
    assert battle(600, 0, 0, 400).winner == "equal"


def test_a_clean_sweep() -> None:
    verdict = battle(0, 30, 0)
    assert (verdict.winner, verdict.gap, verdict.interval.high) == ("a", 1.0, 1.0)
    assert 0.5 < verdict.interval.low < 1 and verdict.p_value == pytest.approx(2 * 0.5**30)


@pytest.mark.parametrize("cells", [(2, 0, 0, 0), (0, 2, 0, 0), (0, 1, 1, 0), (1, 0, 1, 0), (0, 0, 2, 0)])
def test_two_items_settle_nothing(cells: tuple[int, int, int, int]) -> None:
    verdict = battle(*cells)
    assert verdict.winner == "undecided" and verdict.items_needed
    assert -1 <= verdict.interval.low < verdict.interval.high <= 1


def test_nobody_wins_on_the_interval_alone() -> None:
    verdict = battle(0, 4, 0)  # Tango's interval just clears zero, McNemar's exact p is 1/8
    assert verdict.interval.excludes_zero and verdict.p_value == 0.125
    assert (verdict.winner, verdict.above_noise) == ("undecided", False)
    assert any("does not" in caveat for caveat in verdict.caveats)


def test_equal_with_a_real_lead() -> None:
    verdict = battle(10_000, 60, 10)
    assert (verdict.winner, verdict.above_noise) == ("equal", True)
    assert battle(10_000, 60, 10, margin=0.005).winner == "a"


def test_not_significant_is_not_equal() -> None:
    assert battle(100, 20, 13, 67).winner == "undecided"


@pytest.mark.parametrize(("n", "winner"), [(5, "undecided"), (500, "equal")])
def test_identical_real_scores(n: int, winner: str) -> None:
    verdict = compare([0.3] * n, [0.3] * n)
    assert verdict.winner == winner
    assert verdict.interval.high == pytest.approx(1 - 0.025 ** (1 / n))  # as Clopper & Pearson's for 0 of n
    assert (
        verdict.p_value == 1.0
        and f"All {n} independent draws agree, so the interval rests on their number alone." in verdict.caveats
    )


def test_constant_lead_in_real_scores() -> None:
    few, many = compare([0.3] * 3, [0.2] * 3), compare([0.3] * 200, [0.2] * 200)
    assert (few.winner, few.p_value) == ("undecided", 0.25)
    assert many.winner == "a" and many.interval.low < 0.1 < many.interval.high


def test_what_more_items_would_do() -> None:
    lead = battle(100, 20, 13, 67)
    # ((1.95996 + 0.84162) / 0.035)^2 * 34 / 202 = 1078.4 items in all
    assert (lead.items_needed, lead.settled_as) == (1079 - 200, "a")
    level = battle(100, 13, 13, 74)
    # ((1.95996 + 1.28155) / 0.02)^2 * 27 / 202 = 3511.1 items in all
    assert (level.items_needed, level.settled_as) == (3512 - 200, "equal")
    hopeless = battle(100, 13, 13, 74, margin=1e-6, population=500)
    assert hopeless.items_needed is None and hopeless.settled_as is None and hopeless.caveats


def test_a_benchmark_can_be_too_small() -> None:
    assert battle(100, 20, 13, 67, population=2000).caveats == ()
    assert "1,000" in battle(100, 20, 13, 67, population=1000).caveats[0]
    assert battle(0, 30, 0, population=30).caveats == ()


def test_more_items_do_settle_it() -> None:
    """The forecast keeps its promise: at that n, with the same shares, about 80% of battles are settled."""
    n = 200 + (battle(100, 20, 13, 67).items_needed or 0)
    cells = np.random.default_rng(5).multinomial(n, [0.5, 0.1, 0.065, 0.335], size=300)
    settled = sum(battle(*row).winner != "undecided" for row in cells)
    assert 0.74 <= settled / 300 <= 0.90


@pytest.mark.parametrize(
    ("a", "b", "rule", "words"),
    [
        ([1, 0], [1, 0, 1], {}, "2 scores and `b` has 3"),
        ([1], [0], {}, "at least 2"),
        ([], [], {}, "at least 2"),
        ([1, 0.5, math.nan], [1, 0, 1], {}, "Item 2 of `a` is nan"),
        ([1, 0], [math.inf, 0], {}, "Item 1|Item 0 of `b` is inf"),
        ([[1, 0], [0, 1]], [[1, 0], [0, 1]], {}, "shape"),
        ([[1], [0, 1]], [1, 0], {}, "unequal length"),
        (["1", "0"], ["1", "0"], {}, "one number per item"),
        ([1, None], [1, 0], {}, "one number per item"),
        ([1, 0], [1, 1], {"level": 95}, "0.95 for 95%"),
        ([1, 0], [1, 1], {"level": "95%"}, "0.95 for 95%"),
        ([1, 0], [1, 1], {"level": 0.5}, "level"),
        ([1, 0], [1, 1], {"margin": 0.0}, "margin"),
        ([1, 0], [1, 1], {"margin": 2}, "0.02 for two points"),
        ([1, 0], [1, 1], {"clusters": [1]}, "1 labels for 2 items"),
        ([1, 0], [1, 1], {"clusters": ["x", "x"]}, "1 cluster"),
        ([1, 0], [1, 1], {"population": 1}, "population"),
    ],
)
def test_refusals_say_the_way_out(a: Any, b: Any, rule: dict[str, Any], words: str) -> None:
    with pytest.raises(CallerMistake, match=words):
        compare(a, b, **rule)


def test_lengths_that_differ_are_a_mismatch() -> None:
    with pytest.raises(Mismatch):
        compare([1, 0], [1, 0, 1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: score_interval(5, 4),
        lambda: score_interval(0, 0),
        lambda: score_interval(1, 2, level=1.0),
        lambda: detectable_gap(1),
        lambda: detectable_gap(10, discordance=-0.1),
        lambda: detectable_gap(10, discordance=math.nan),
        lambda: items_for(0.0),
        lambda: items_for(1e-160),
        lambda: items_for(math.nan),
        lambda: items_for(2.0),
        lambda: items_for(0.1, power=1.0),
    ],
)
def test_planning_refusals(call: Any) -> None:
    with pytest.raises(CallerMistake):
        call()


def test_bools_arrays_and_lists_are_alike() -> None:
    a, b = [1, 0, 1, 1], [0, 0, 1, 1]
    assert compare(a, b) == compare(np.array(a, dtype=bool), np.array(b, dtype=float))


def test_a_contender_against_itself_keeps_two_names() -> None:
    assert compare([1, 0], [1, 0], names=("Gemma", "Gemma")).names == ("Gemma (A)", "Gemma (B)")


def test_rounding_is_not_a_lead() -> None:
    tiny = compare([0.0, 0.0, 0.3], [0.0, 1e-200, 0.3])
    assert (tiny.gap, tiny.winner) == (0.0, "undecided")


def test_a_verdict_is_final() -> None:
    with pytest.raises(FrozenInstanceError):
        compare([1, 0], [1, 0]).winner = "a"  # type: ignore[misc]


# ---- what must hold for every battle


@given(cells=counts)
def test_swapping_the_contenders_mirrors_the_verdict(cells: tuple[int, int, int, int]) -> None:
    both, a_only, b_only, neither = cells
    one, other = battle(*cells), battle(both, b_only, a_only, neither)
    assert {"a": "b", "b": "a"}.get(one.winner, one.winner) == other.winner
    assert (one.interval.low, one.interval.high) == (-other.interval.high, -other.interval.low)
    assert (one.gap, one.p_value, one.items_needed) == (-other.gap, other.p_value, other.items_needed)


@given(cells=counts)
def test_every_verdict_agrees_with_its_numbers(cells: tuple[int, int, int, int]) -> None:
    verdict = battle(*cells)
    assert -1 <= verdict.interval.low <= verdict.gap <= verdict.interval.high <= 1
    assert verdict.gap == pytest.approx(verdict.a_score - verdict.b_score)
    assert (verdict.winner == "equal") == verdict.interval.within(verdict.margin)
    assert verdict.p_equal is not None and 0 <= verdict.p_equal <= 1
    assert verdict.above_noise == (verdict.interval.excludes_zero and verdict.p_value < 0.05)
    assert (verdict.winner == "undecided") == (verdict.items_needed is not None)
    assert verdict.items_needed is None or verdict.items_needed >= 1
    assert 0 < verdict.detectable_gap <= 1 and 0 < verdict.p_value <= 1


@given(cells=counts, margin=st.floats(0.001, 0.9), level=st.floats(0.6, 0.99))
def test_equal_is_what_two_one_sided_tests_say(cells: tuple[int, int, int, int], margin: float, level: float) -> None:
    verdict = battle(*cells, margin=margin, level=level)
    assert (verdict.winner == "equal") == (verdict.p_equal < (1 - level) / 2)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.sampled_from("uvw")), min_size=2, max_size=40),
    st.floats(0.001, 0.9),
    st.booleans(),
)
def test_equal_is_what_two_one_sided_tests_say_of_real_scores(
    rows: list[tuple[float, float, str]], margin: float, clustered: bool
) -> None:
    a, b, groups = zip(*rows, strict=True)
    clusters = groups if clustered and len(set(groups)) > 1 else None
    verdict = compare(a, b, margin=margin, clusters=clusters)
    assert (verdict.winner == "equal") == (verdict.p_equal < 0.025)
    assert verdict.above_noise == verdict.interval.excludes_zero


def test_two_one_sided_tests_published() -> None:
    # statsmodels 0.15: ttost_paired(a, b, -m, m)[0]; the differences lie evenly about 0.03
    a = [0.91, 0.45, 0.59, 0.71, 0.22, 0.84, 0.65, 0.37, 0.91, 0.75]
    b = [1.0, 0.5, 0.6, 0.7, 0.2, 0.8, 0.6, 0.3, 0.8, 0.6]
    for margin, p in [(0.05, 0.199187659695), (0.1, 0.006330161508), (0.15, 0.000240654983)]:
        assert compare(a, b, margin=margin).p_equal == pytest.approx(p, abs=1e-9)
        assert compare(b, a, margin=margin).p_equal == pytest.approx(p, abs=1e-9)


def test_equal_by_an_unvarying_gap_is_no_luck_either() -> None:
    """If the true gap were the margin, 300 equal differences of 0 would have chance (1 - 0.02)^300 at most."""
    verdict = compare([0.3] * 300, [0.3] * 300)
    assert verdict.p_equal == pytest.approx(0.98**300)
    assert compare([0.3] * 300, [0.25] * 300).p_equal == 1.0


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=40))
def test_real_scores_mirror_and_never_claim_certainty(pairs: list[tuple[float, float]]) -> None:
    a, b = (list(scores) for scores in zip(*pairs, strict=True))
    one, other = compare(a, b), compare(b, a)
    assert (one.interval.low, one.interval.high) == pytest.approx(
        (-other.interval.high, -other.interval.low), abs=1e-12
    )
    assert one.interval.low <= one.gap + 1e-12 and one.gap - 1e-12 <= one.interval.high
    assert one.interval.high > one.interval.low


@settings(max_examples=50)
@given(cells=counts, level=st.floats(0.6, 0.98))
def test_more_confidence_is_a_wider_interval(cells: tuple[int, int, int, int], level: float) -> None:
    narrow, wide = battle(*cells, level=level).interval, battle(*cells, level=level + 0.01).interval
    assert wide.low <= narrow.low and narrow.high <= wide.high


@pytest.mark.parametrize(("n", "cell"), [(50, (0.85, 0.04, 0.02)), (20, (0.50, 0.10, 0.10))])
def test_coverage(n: int, cell: tuple[float, float, float]) -> None:
    """Where the usual (Wald) interval covers the true gap 84% of the time, statistics.md section 3."""
    both, a_only, b_only = cell
    rows = np.random.default_rng(11).multinomial(n, [both, a_only, b_only, 1 - sum(cell)], size=500)
    intervals = [battle(*row).interval for row in rows]
    covered = sum(interval.low <= a_only - b_only <= interval.high for interval in intervals)
    assert covered / 500 >= 0.93


def test_nobody_is_crowned_by_luck() -> None:
    """Two equally good contenders: at most one battle in twenty names a winner."""
    rows = np.random.default_rng(3).multinomial(100, [0.5, 0.15, 0.15, 0.2], size=500)
    assert sum(battle(*row).winner in ("a", "b") for row in rows) / 500 <= 0.05


def test_importing_is_cheap() -> None:
    assert loaded({"scipy", "torch"}, "import engine.stats.verdict") == [set()]
