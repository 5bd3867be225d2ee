"""How often our intervals hold the true gap, how wide they are, and how often a verdict is false under peeking.

    python measurements/coverage.py [--quick] [--json FILE] [--battles N] [--peer-battles N] [--only PART ...]

Simulated battles whose true gap is known, judged by the product's own functions. Prints the tables of
docs/statistics.md as Markdown. The peers evalsig and evalstats are measured in the same run where they can be imported;
they are no part of this product's environment. Every figure is drawn from fixed seeds.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scipy.special import betaln, gammaln, ndtri, roots_jacobi, stdtrit  # noqa: E402

from engine import SequentialGap, compare, items_for  # noqa: E402
from engine.stats.interval import quantile_of  # noqa: E402
from engine.stats.paired import DiscordantCounts, paired_t, tango  # noqa: E402
from engine.stats.sequential import BETS, CONCENTRATION  # noqa: E402

Floats = NDArray[np.float64]
Row = dict[str, Any]
LEVEL, ALPHA, SEED = 0.95, 0.05, 20261130

CELLS = [  # both right, only A, only B
    (0.50, 0.10, 0.10),
    (0.85, 0.04, 0.02),
    (0.60, 0.15, 0.05),
    (0.70, 0.20, 0.10),
    (0.40, 0.30, 0.30),
    (0.90, 0.05, 0.05),
    (0.30, 0.40, 0.10),
    (0.20, 0.25, 0.05),
]
SIZES = [10, 20, 30, 50, 100, 164, 500, 1000, 2000]
LEADS = [(0.30, 0.10), (0.20, 0.04), (0.10, 0.04), (0.20, 0.10), (0.30, 0.06)]  # discordance, gap
HORIZON, POPULATION = 3000, 1172
THEIR_TANGO = "Tango by evalstats"  # an implementation by other hands, to hold ours against


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few and small battles: does it run at all?")
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    parser.add_argument("--battles", type=int, help="simulated battles a cell; 10,000, or 200 with --quick")
    parser.add_argument("--peer-battles", type=int, default=300, help="the same for peers that are slow (300)")
    parser.add_argument("--only", nargs="*", choices=PARTS, help="leave out all other parts")
    given = parser.parse_args(arguments)
    battles = given.battles or (200 if given.quick else 10_000)
    found: dict[str, Any] = {"battles": battles, "peers": peers()}
    print(f"{battles:,} battles a cell, level {LEVEL:.0%}. Peers: {', '.join(found['peers']) or 'none importable'}.")
    for name in given.only or PARTS:
        begun = time.perf_counter()
        title, rows = PARTS[name](battles, min(battles, given.peer_battles), given.quick)
        found[name] = rows
        print(f"\n## {title}\n\n{markdown(rows)}\n\n({time.perf_counter() - begun:.0f} s)", flush=True)
    found["criteria"] = criteria(found)
    for line, met in found["criteria"].items():
        print(f"{'met' if met else 'MISSED'}: {line}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def criteria(found: dict[str, Any]) -> dict[str, bool]:
    lines = {}
    if rows := found.get("binary"):
        worst = min(rows, key=lambda row: row["exactly"])
        told = f"worst {worst['exactly']:.4f} at n = {worst['n']}, {worst['cell']}"
        lines[f"binary coverage at least .94 in every cell, computed exactly ({told})"] = worst["exactly"] >= 0.94
        if THEIR_TANGO in rows[0]:
            ratio = max(row["ours width"] / row[f"{THEIR_TANGO} width"] for row in rows)
            lines[f"mean width at most 1.02 of Tango's (worst {ratio:.4f})"] = ratio <= 1.02
    if rows := found.get("peeking"):
        rate = max(row["false verdicts"] for row in rows if not row["case"].startswith("evalsig"))
        lines[f"false verdicts under peeking at most 5% (worst {rate:.4f})"] = rate <= ALPHA
    for row in found.get("stopping", []):
        limit = {(0.30, 0.10): 219, (0.20, 0.04): 994}.get((row["discordance"], row["gap"]))
        if limit:
            lines[f"median n at most {limit} at {row['discordance']}, {row['gap']}: {row['median n']}"] = (
                row["median n"] <= limit
            )
    for row in found.get("agreement", []):
        lines[f"SequentialGap stops at the very same item ({row['case']})"] = row["same item"] == row["battles"]
    return lines


# ---- right and wrong, n fixed


def binary(battles: int, peer_battles: int, quick: bool) -> tuple[str, list[Row]]:
    rows = []
    for n in (20, 50) if quick else SIZES:
        for cell in CELLS[:2] if quick else CELLS:
            rng = np.random.default_rng([SEED, n, *(round(1000 * p) for p in cell)])
            both, wins, losses = cell
            drawn = rng.multinomial(n, [both, wins, losses, 1 - sum(cell)], size=battles)[:, 1:3]
            row: Row = {"n": n, "cell": " ".join(f"{p:.2f}"[1:] for p in cell), "exactly": _exactly(n, wins, losses)}
            methods: dict[str, Callable[[int, int, int], tuple[float, float]]] = {
                "ours": _ours, "Wald": _wald, "bootstrap": _percentile_bootstrap(rng), **_peer_intervals(rng)
            }  # fmt: skip
            for name, method in methods.items():
                some = drawn[:peer_battles] if name.endswith("Bayes") else drawn
                row[name], row[f"{name} width"] = _held(some, n, wins - losses, method)
            rows.append(row)
    return "Right and wrong: coverage and mean width by n and cell (both right, only A, only B)", rows


def _held(
    drawn: NDArray[np.int64], n: int, truth: float, method: Callable[[int, int, int], tuple[float, float]]
) -> tuple[float, float]:
    """Coverage and mean width; every interval depends on the counts alone, so each pair of them is asked once."""
    covered = width = 0.0
    for (wins, losses), times in Counter(map(tuple, drawn.tolist())).items():
        low, high = method(wins, losses, n)
        covered += times * (low <= truth + 1e-12 and truth - 1e-12 <= high)
        width += times * (high - low)
    return covered / len(drawn), width / len(drawn)


def _exactly(n: int, a_only: float, b_only: float) -> float:
    """Coverage of ours without simulation: all counts that have any chance, save one in a million together."""
    wins, losses, low, high = _all_tango(n, (a_only, b_only))
    chance = _chances(n, wins, losses)(a_only, b_only)
    return float(chance[(low <= a_only - b_only + 1e-12) & (a_only - b_only - 1e-12 <= high)].sum() / chance.sum())


def _all_tango(n: int, near: tuple[float, float] | None = None) -> tuple[Floats, Floats, Floats, Floats]:
    """Wins, losses and both ends for all counts of n items; only those within six deviations where `near` is given."""
    ranges = [np.arange(n + 1)] * 2
    if near:
        reach = [6 * math.sqrt(n * p * (1 - p)) + 3 for p in near]
        ranges = [k[np.abs(k - n * p) <= r] for k, p, r in zip(ranges, near, reach, strict=True)]
    wins, losses = (grid.ravel() for grid in np.meshgrid(*ranges))
    wins, losses = wins[wins + losses <= n], losses[wins + losses <= n]
    splits = (DiscordantCounts(a_only=w, b_only=k) for w, k in zip(wins.tolist(), losses.tolist(), strict=True))
    low, high = np.array([(i.low, i.high) for i in (tango(split, n, LEVEL).interval for split in splits)]).T
    return wins, losses, low, high


def _chances(n: int, wins: Floats, losses: Floats) -> Callable[[float, float], Floats]:
    ties = n - wins - losses
    ways = gammaln(n + 1) - gammaln(wins + 1) - gammaln(losses + 1) - gammaln(ties + 1)
    return lambda a, b: np.exp(ways + wins * math.log(a) + losses * math.log(b) + ties * math.log(1 - a - b))


def _scores(wins: int, losses: int, n: int) -> tuple[Floats, Floats]:
    a, b = np.ones(n), np.ones(n)
    b[:wins], a[wins : wins + losses] = 0, 0
    return a, b


def _ours(wins: int, losses: int, n: int) -> tuple[float, float]:
    interval = compare(*_scores(wins, losses, n), level=LEVEL).interval
    return interval.low, interval.high


def _wald(wins: Any, losses: Any, n: int) -> tuple[Any, Any]:
    gap = (wins - losses) / n
    reach = quantile_of(LEVEL) * np.sqrt(((wins + losses) / n - gap**2) / n)
    return gap - reach, gap + reach


def _percentile_bootstrap(rng: np.random.Generator) -> Callable[[int, int, int], tuple[float, float]]:
    def interval(wins: int, losses: int, n: int) -> tuple[float, float]:
        drawn = rng.multinomial(n, [wins / n, losses / n, 1 - (wins + losses) / n], size=1000)
        low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / n, [ALPHA / 2, 1 - ALPHA / 2])
        return float(low), float(high)

    return interval


def peers() -> dict[str, str]:
    """The peers that are installed here, with their versions."""
    found = {}
    for name in ("evalsig", "evalstats"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _peer_intervals(rng: np.random.Generator) -> dict[str, Callable[[int, int, int], tuple[float, float]]]:
    methods: dict[str, Callable[[int, int, int], tuple[float, float]]] = {}
    here = peers()
    if "evalsig" in here:
        from evalsig.inference.mcnemar import mcnemar_test

        methods["evalsig"] = lambda wins, losses, n: mcnemar_test(*_scores(losses, wins, n), ci_level=LEVEL).ci
    if "evalstats" in here:
        from evalstats.core.resampling import bayes_paired_diff_ci, bonett_price_paired_ci, tango_scc_paired_ci

        methods[THEIR_TANGO] = lambda wins, losses, n: tango_scc_paired_ci(*_scores(wins, losses, n), ALPHA, c=0.0)
        methods["evalstats"] = lambda wins, losses, n: bonett_price_paired_ci(*_scores(wins, losses, n), ALPHA)
        methods["evalstats Bayes"] = lambda wins, losses, n: bayes_paired_diff_ci(
            *_scores(wins, losses, n), ALPHA, num_samples=2000, rng=rng
        )[:2]
    return methods


def exact(_battles: int, _peer_battles: int, quick: bool) -> tuple[str, list[Row]]:
    """Not simulated: the chance of every pair of counts, summed over those whose interval holds the gap."""
    rows, shares = [], [round(0.01 * k, 2) for k in (range(5, 61, 5) if quick else range(1, 61))]
    cells = [(a, b) for a in shares for b in shares if b <= a and a + b < 0.99]  # B ahead is the mirror image
    for n in (10, 20) if quick else (10, 15, 20, 30, 50, 80, 100, 164, 250):
        wins, losses, low, high = _all_tango(n)
        chances = _chances(n, wins, losses)
        methods = {"ours": (low, high), "Wald": _wald(wins, losses, n), "Bonett-Price": _bonett_price(wins, losses, n)}
        covered: dict[str, list[float]] = {name: [] for name in methods}
        for a, b in cells:
            chance = chances(a, b)
            for name, (below, above) in methods.items():
                covered[name].append(float(chance[(below <= a - b + 1e-12) & (a - b - 1e-12 <= above)].sum()))
        a, b = cells[int(np.argmin(covered["ours"]))]
        few = float((np.array(covered["ours"]) < 0.94).mean())
        row: Row = {"n": n, "at only A, only B": f"{a:.2f} {b:.2f}", "cells below .94": f"{few:.1%}"}
        rows.append({**row, **{f"{name}, worst": min(found) for name, found in covered.items()}})
    return "Exactly: the worst of all cells (only A up to .60, only B up to only A, by .01) by n", rows


def _bonett_price(wins: Floats, losses: Floats, n: int) -> tuple[Floats, Floats]:
    """Wald's interval with one item added to either side (Bonett & Price 2012): the default of evalstats."""
    low, high = _wald(wins + 1, losses + 1, n + 2)
    return np.maximum(-1, low), np.minimum(1, high)


def equal(battles: int, _peer_battles: int, quick: bool) -> tuple[str, list[Row]]:
    """The true gap is the margin itself, so every `equal` is false; each end errs with half of 1 - level."""
    rows = []
    for n in (200,) if quick else (200, 500, 1000, 2000, 5000):
        for discordance, margin in ((0.1, 0.02), (0.3, 0.02), (0.1, 0.05), (0.3, 0.05)):
            rng = np.random.default_rng([SEED, n, round(100 * discordance), round(100 * margin)])
            shares = [(discordance + margin) / 2, (discordance - margin) / 2, 1 - discordance]
            counts = Counter(map(tuple, rng.multinomial(n, shares, size=battles)[:, :2].tolist()))
            false = sum(
                times
                for (wins, losses), times in counts.items()
                if compare(*_scores(wins, losses, n), level=LEVEL, margin=margin).winner == "equal"
            )
            rows.append({"n": n, "discordance": discordance, "margin": margin, "false equal": false / battles})
    return "`equal` at a fixed n when the true gap is the margin: at most .025 is promised", rows


# ---- real scores and clusters, n fixed


def laws() -> dict[str, tuple[Callable[[np.random.Generator, tuple[int, int]], Floats], float]]:
    """Laws of a difference of two scores from 0 to 1, and their means."""

    def mc2(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
        """Like truthfulqa's second score: much near 0 and 1, and B follows A with losses that are mostly small."""
        a = rng.beta(0.8, 1.2, size)
        return np.asarray(a * (1 - rng.beta(6, 1.2, size)) - 0.05 * rng.random(size))

    def rare(for_a: float, for_b: float) -> Callable[[np.random.Generator, tuple[int, int]], Floats]:
        def law(rng: np.random.Generator, size: tuple[int, int]) -> Floats:
            u, far = rng.random(size), rng.beta(4, 1, size)
            return np.where(u < for_a, far, np.where(u < for_a + for_b, -far, 0.0))

        return law

    return {
        "normal": (lambda rng, size: 0.02 + 0.12 * rng.standard_normal(size), 0.02),
        "uniform": (lambda rng, size: rng.uniform(-0.3, 0.5, size), 0.1),
        "one long tail": (lambda rng, size: rng.beta(0.5, 6, size), 0.5 / 6.5),
        "like mc2": (mc2, 0.4 * 1.2 / 7.2 - 0.025),
        "85% zeros": (rare(0.10, 0.05), 0.04),
        "85% zeros, one side": (rare(0.15, 0.0), 0.12),
        "94% zeros": (rare(0.04, 0.02), 0.016),
    }


def continuous(battles: int, _peer_battles: int, quick: bool) -> tuple[str, list[Row]]:
    rows = []
    for name, (law, truth) in laws().items():
        for n in (20,) if quick else (10, 20, 30, 50, 164, 500, 2000):
            rng = np.random.default_rng([SEED, n, len(rows)])
            found: dict[str, list[tuple[float, float]]] = {}
            for some in (min(1000, battles - done) for done in range(0, battles, 1000)):
                for method, intervals in _of_real_scores(law(rng, (some, n))).items():
                    found.setdefault(method, []).extend(intervals)
            rows.append({"law": name, "n": n, **_coverage(found, truth)})
    return "Real scores: coverage and mean width by the law of the difference and n", rows


def _of_real_scores(gaps: Floats) -> dict[str, list[tuple[float, float]]]:
    n = gaps.shape[1]
    mean, error = gaps.mean(axis=1), gaps.std(axis=1, ddof=1) / math.sqrt(n)
    reach = stdtrit(n - 1, (1 + LEVEL) / 2) * error
    ours = (paired_t(row, None, LEVEL, 1.0).interval for row in gaps)
    found = {
        "ours": [(interval.low, interval.high) for interval in ours],
        "Student": list(zip(mean - reach, mean + reach, strict=True)),
        "bootstrap-t": _bootstrap_t(gaps, mean, error),
    }
    return {**found, "evalstats": list(map(_logit_t, gaps))} if "evalstats" in peers() else found


def _bootstrap_t(gaps: Floats, mean: Floats, error: Floats) -> list[tuple[float, float]]:
    """Equal-tailed and studentised, 999 resamples; where nothing varied it is left at the mean."""
    n = gaps.shape[1]
    weights = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=999).astype(np.float32)
    centred = (gaps - mean[:, None]).astype(np.float32)
    shift = weights @ centred.T / n
    variance = np.maximum(weights @ (centred**2).T / n - shift**2, 0) / (n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.nan_to_num(shift / np.sqrt(variance), posinf=1e6, neginf=-1e6)
    t.sort(axis=0)
    low, high = np.maximum(-1, mean - t[974] * error), np.minimum(1, mean - t[24] * error)
    return list(zip(low, high, strict=True))


def _logit_t(gaps: Floats) -> tuple[float, float]:
    """The default of evalstats for scores from 0 to 1, on the scale it moves differences to."""
    from evalstats.core.resampling import logit_t_ci_1d

    low, high = logit_t_ci_1d((gaps + 1) / 2, ALPHA)
    return 2 * low - 1, 2 * high - 1


def _coverage(found: dict[str, list[tuple[float, float]]], truth: float) -> Row:
    row: Row = {}
    for method, intervals in found.items():
        low, high = np.array(intervals).T
        row[method] = float(((low <= truth) & (truth <= high)).mean())
        row[f"{method} width"] = float((high - low).mean())
    return row


def clustered(battles: int, _peer_battles: int, quick: bool) -> tuple[str, list[Row]]:
    rows = []
    for scores in ("right/wrong", "normal", "one long tail"):
        for clusters in (10,) if quick else (10, 27, 57, 200):
            for sizes in _cluster_sizes(clusters):
                for rho in (0.05, 0.20):
                    rng = np.random.default_rng([SEED, clusters, len(rows)])
                    rows.append(_clustered_cell(rng, scores, sizes, rho, battles))
    return "Clustered items: coverage and mean width; rho is the correlation within a cluster", rows


def _cluster_sizes(clusters: int) -> Iterator[NDArray[np.int64]]:
    yield np.full(clusters, 8)
    spread = np.random.default_rng(clusters).normal(0, 1, clusters)
    yield np.maximum(1, np.round(8 * np.exp(spread))).astype(np.int64)
    yield np.array([5 * clusters // 2, *[5] * (clusters - 1)])  # a third of all items in one


def _clustered_cell(
    rng: np.random.Generator, scores: str, sizes: NDArray[np.int64], rho: float, battles: int
) -> Row:  # fmt: skip
    labels = np.repeat(np.arange(sizes.size), sizes)
    n, starts = labels.size, np.concatenate([[0], np.cumsum(sizes)[:-1]])
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "CR1": []}
    for _ in range(battles):
        latent = math.sqrt(rho) * rng.standard_normal(sizes.size)[labels]
        latent = latent + math.sqrt(1 - rho) * rng.standard_normal(n)
        if scores == "right/wrong":
            gaps, truth = 1.0 * (latent > ndtri(0.88)) - 1.0 * (latent < ndtri(0.08)), 0.04
        elif scores == "normal":
            gaps, truth = 0.02 + 0.15 * latent, 0.02
        else:
            gaps, truth = 0.1 * np.exp(0.7 * latent), 0.1 * math.exp(0.245)
        interval = paired_t(gaps, labels, LEVEL, 1.0).interval
        found["ours"].append((interval.low, interval.high))
        mean, sums = gaps.mean(), np.add.reduceat(gaps - gaps.mean(), starts)
        error = math.sqrt(sizes.size / (sizes.size - 1) * (sums**2).sum()) / n
        reach = float(stdtrit(sizes.size - 1, (1 + LEVEL) / 2)) * error
        found["CR1"].append((mean - reach, mean + reach))
    kind = "equal" if np.ptp(sizes) == 0 else f"1 of {sizes.max()}" if sizes[1:].max() == 5 else "log-normal"
    return {"scores": scores, "clusters": sizes.size, "sizes": kind, "rho": rho, "n": n, **_coverage(found, truth)}


# ---- looking after every item


def first_refuted(gains: Floats, null: float | Floats, population: int | None = None) -> NDArray[np.int64]:
    """For many battles at once: after how many items the bets against a gap of `null` are worth 20; 0 for never.

    gains  a row of differences a battle. The wealth is the one of engine/stats/sequential.py, written down anew.
    """
    battles, n = gains.shape
    nodes, weights = roots_jacobi(BETS, CONCENTRATION - 1, CONCENTRATION - 1)
    bet, nulls = (1 + nodes) / 2, np.broadcast_to(np.asarray(null, dtype=float), battles)
    first, active = np.zeros(battles, dtype=np.int64), np.arange(battles)
    wealth, total = np.tile(weights / weights.sum(), (battles, 1)), np.zeros(battles)
    for item in range(n):
        gain, expected = gains[active, item], nulls[active]
        if population is not None:
            expected = (population * expected - total) / (population - item)
        for_a = np.clip((1 + expected) / 2, 1e-12, 1 - 1e-12)
        up, down = (1 + gain) / 2 / for_a, (1 - gain) / 2 / (1 - for_a)
        wealth *= np.multiply.outer(up - down, bet) + down[:, None]
        total += gain
        if (over := wealth.sum(axis=1) >= 1 / ALPHA).any():
            first[active[over]] = item + 1
            active, wealth, total = active[~over], wealth[~over], total[~over]
        if item % 64 == 0:
            wealth[wealth < 1e-250] = 0.0
    return first


def first_told_apart(gains: NDArray[np.int8]) -> NDArray[np.int64]:
    """The same against no gap on right and wrong answers, by the closed form: the Beta-binomial e-value."""
    wins, losses = (gains > 0).cumsum(axis=1, dtype=np.int32), (gains < 0).cumsum(axis=1, dtype=np.int32)
    w, k = np.indices((wins.max() + 1, losses.max() + 1))
    c = CONCENTRATION
    over = betaln(c + w, c + k) - betaln(c, c) + (w + k) * math.log(2) >= math.log(1 / ALPHA)
    hit = over[wins, losses]
    return np.where(hit.any(axis=1), hit.argmax(axis=1) + 1, 0)


def _answers(rng: np.random.Generator, battles: int, n: int, discordance: float, gap: float) -> NDArray[np.int8]:
    u = rng.random((battles, n), dtype=np.float32)
    return (u < (discordance + gap) / 2).astype(np.int8) - (u >= 1 - (discordance - gap) / 2).astype(np.int8)


def _real(rng: np.random.Generator, battles: int, n: int, spread: float, gap: float) -> Floats:
    """Differences of real scores: lopsided, with the mean `gap`, from -1 to 1."""
    return np.asarray(gap + spread * (rng.beta(0.8, 2.4, (battles, n)) - 0.25))


def peeking(battles: int, peer_battles: int, quick: bool) -> tuple[str, list[Row]]:
    n, size = (200, 150) if quick else (HORIZON, POPULATION)
    rows = [
        {"a false verdict is": kind, "case": case, "false verdicts": float((first > 0).mean())}
        for part in (_false_winners(battles, n), _false_equals(battles, n), _left_out(battles, size))
        for kind, case, first in part
    ]
    if "evalsig" in peers():
        gains = _answers(np.random.default_rng([SEED, 7]), 5 if quick else min(100, peer_battles), n, 0.2, 0)
        case, stops = f"evalsig, no gap, discordance 0.2, {len(gains)} battles", _evalsig(gains)
        rows.append({"a false verdict is": "a winner", "case": case, "false verdicts": float((stops > 0).mean())})
    return f"Looking after every item, up to {n:,}: the share of battles with a false verdict", rows


def _false_winners(battles: int, n: int) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    for discordance in (0.1, 0.2, 0.3, 0.4):
        gains = _answers(np.random.default_rng([SEED, 1, round(100 * discordance)]), battles, n, discordance, 0)
        yield "a winner", f"no gap, discordance {discordance}", first_told_apart(gains)
    gains = _real(np.random.default_rng([SEED, 2]), battles, n, 0.6, 0.0)
    yield "a winner", "no gap, real scores", first_refuted(gains, 0.0)


def _false_equals(battles: int, n: int) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    """The true gap is the margin: `equal` needs it refuted, and its opposite too."""
    for margin in (0.05, 0.02):
        cases = {
            f"gap = margin = {margin}, discordance {discordance}": _answers(
                np.random.default_rng([SEED, 3, round(100 * discordance)]), battles, n, discordance, margin
            )
            for discordance in (0.1, 0.3)
        }
        cases[f"gap = margin = {margin}, real scores"] = _real(
            np.random.default_rng([SEED, 4]), battles, n, 0.6, margin
        )
        for case, gains in cases.items():
            out, opposite = first_refuted(gains, margin), first_refuted(gains, -margin)
            yield "equal", case, np.where(opposite > 0, out, 0)
            yield "the true gap left out", case, out


def _left_out(battles: int, size: int) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    """All items of one benchmark in random order: its own gap is the true one."""
    for discordance, gap in LEADS[:3]:
        rng = np.random.default_rng([SEED, 5, round(100 * discordance)])
        whole = np.repeat([1, -1, 0], _shares(size, discordance, gap)).astype(np.int8)
        gains = rng.permuted(np.tile(whole, (battles, 1)), axis=1)
        case = f"all of {size:,} items, discordance {discordance}, gap {gap}"
        yield "the true gap left out", case, first_refuted(gains, float(whole.mean()), population=size)
    rng = np.random.default_rng([SEED, 6])
    gains = rng.permuted(np.tile(_real(rng, 1, size, 0.6, 0.03), (battles, 1)), axis=1)
    yield "the true gap left out", f"all of {size:,} items, real scores", first_refuted(gains, gains.mean(axis=1), size)


def _shares(n: int, discordance: float, gap: float) -> list[int]:
    wins, losses = round(n * (discordance + gap) / 2), round(n * (discordance - gap) / 2)
    return [wins, losses, n - wins - losses]


def _evalsig(gains: NDArray[np.int8]) -> NDArray[np.int64]:
    from evalsig import sequential_gate

    found = (sequential_gate(row.tolist(), alpha=ALPHA, alternative="two-sided") for row in gains)
    return np.array([one.n_pairs if one.stopped else 0 for one in found])


def stopping(battles: int, peer_battles: int, quick: bool) -> tuple[str, list[Row]]:
    rows = []
    for discordance, gap in LEADS[:2] if quick else LEADS:
        rng = np.random.default_rng([SEED, 8, round(100 * discordance), round(100 * gap)])
        gains = _answers(rng, battles, HORIZON, discordance, gap)
        first = first_told_apart(gains)
        row: Row = {
            "discordance": discordance,
            "gap": gap,
            "decided": float((first > 0).mean()),
            "for the wrong side": float(((first > 0) & _behind(gains, first)).mean()),
            "median n": float(np.median(np.where(first > 0, first, HORIZON + 1))),
            "fixed n for 80%": items_for(gap, discordance=discordance),
        }
        if "evalsig" in peers():
            stops = _evalsig(gains[: 5 if quick else min(100, peer_battles)])
            row["evalsig decided"] = float((stops > 0).mean())
            row["evalsig median n"] = float(np.median(np.where(stops > 0, stops, HORIZON + 1)))
        rows.append(row)
    return f"When a battle that may be stopped is decided, of {HORIZON:,} items", rows


def _behind(gains: NDArray[np.int8], first: NDArray[np.int64]) -> NDArray[np.bool_]:
    at_stop = gains.cumsum(axis=1, dtype=np.int64)[np.arange(len(gains)), np.maximum(first, 1) - 1]
    return np.asarray(at_stop < 0)


def agreement(battles: int, _peer_battles: int, quick: bool) -> tuple[str, list[Row]]:
    """The engine's own object, item by item, against what is computed above for thousands of battles at once."""
    some, n, rows = (3 if quick else 100), (150 if quick else 2000), []
    rng = np.random.default_rng([SEED, 9])
    cases: list[tuple[str, Floats | NDArray[np.int8], float, int | None]] = [
        ("discordance 0.3, gap 0.10", _answers(rng, some, n, 0.3, 0.10), 0.02, None),
        ("discordance 0.2, gap 0.04", _answers(rng, some, n, 0.2, 0.04), 0.02, None),
        ("discordance 0.1, no gap, margin 0.05", _answers(rng, some, n, 0.1, 0.0), 0.05, None),
        ("real scores, gap 0.03", _real(rng, some, n, 0.6, 0.03), 0.02, None),
        ("discordance 0.3, gap 0.06, of 1,172", _answers(rng, some, min(n, POPULATION), 0.3, 0.06), 0.02, POPULATION),
    ]
    for case, gains, margin, population in cases:
        never = gains.shape[1] + 1
        apart, above, below = (
            np.where((first := first_refuted(np.asarray(gains, dtype=float), null, population)) > 0, first, never)
            for null in (0.0, margin, -margin)
        )
        expected = np.minimum(apart, np.maximum(above, below))
        stops = [_stop_of_the_engine(row, margin, population, never) for row in gains]
        same = int((np.array(stops) == expected).sum())
        rows.append({"case": case, "battles": some, "same item": same, "median n": float(np.median(stops))})
    return "SequentialGap stops where the closed forms say", rows


def _stop_of_the_engine(gains: Any, margin: float, population: int | None, never: int) -> int:
    watched = SequentialGap(level=LEVEL, margin=margin, population=population)
    for gain in gains:
        watched.update(max(float(gain), 0.0), max(-float(gain), 0.0))
        if watched.decided:
            return watched.n
    return never


PARTS: dict[str, Callable[[int, int, bool], tuple[str, list[Row]]]] = {
    "binary": binary,
    "exact": exact,
    "equal": equal,
    "continuous": continuous,
    "clustered": clustered,
    "peeking": peeking,
    "stopping": stopping,
    "agreement": agreement,
}


def markdown(rows: list[Row]) -> str:
    """A width stands behind its coverage: `.951 / .379`."""
    heads = [head for head in rows[0] if not head.endswith(" width")]
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    lines += [" | ".join(_told(row, head) for head in heads) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _told(row: Row, head: str) -> str:
    value, width = row.get(head), row.get(f"{head} width")
    if width is not None:
        return f"{value:.3f} / {width:.3f}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
