"""A verdict in words: five short sentences that anybody can read and every expert can check.

Everyday words come first, the technical term follows in brackets. Differences are in points (hundredths), no
score stands without its n, and nobody is called better unless the verdict says so. It computes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.verdict import Interval, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """What to tell, in reading order.

    headline   the decision
    gap        what was measured: both scores, their n, the difference
    noise      what the difference may be on other items of this kind
    why        what the decision rests on
    next_step  what to do now
    """

    headline: str
    gap: str
    noise: str
    why: str
    next_step: str


def explain(verdict: Verdict) -> Sentences:
    """Put a verdict into words."""
    return Sentences(
        headline=_headline(verdict),
        gap=_gap(verdict),
        noise=_noise(verdict),
        why=f"{_evidence(verdict)} {_reasoning(verdict)}",
        next_step=_next_step(verdict),
    )


def _headline(verdict: Verdict) -> str:
    items, gap, margin = f"{verdict.n:,} items", _points(verdict.gap), _margin(verdict)
    match verdict.winner:
        case "undecided" if verdict.gap == 0:
            return f"We don't know yet which is better: {items} are too few to tell a small gap from none."
        case "undecided":
            return f"We don't know yet which is better: {items} are too few for a gap of {gap}."
        case "equal" if verdict.above_noise:
            return (
                f"They are equal for your purposes: the lead of {_leader(verdict)} on {items} is real, "
                f"but smaller than the {margin} you called equal."
            )
        case "equal":
            return f"They are equal for your purposes: on {items}, any gap is smaller than {margin}."
        case _:
            return f"{_leader(verdict)} is better on this: {gap} ahead on {items}."


def _gap(verdict: Verdict) -> str:
    a, b = verdict.names
    if verdict.gap == 0:
        return f"{a} and {b} both scored {_percent(verdict.a_score)} on the same {verdict.n:,} items: no gap."
    return (
        f"{a} scored {_percent(verdict.a_score)} and {b} {_percent(verdict.b_score)} "
        f"on the same {verdict.n:,} items: a gap of {_points(verdict.gap)} in favour of {_leader(verdict)}."
    )


def _noise(verdict: Verdict) -> str:
    interval = verdict.interval
    return (
        f"On other items of this kind the gap may be anywhere from {_span(interval, verdict.names)} "
        f"({interval.level * 100:g}% interval: {_term(interval.method)})."
    )


def _evidence(verdict: Verdict) -> str:
    a, b = verdict.names
    luck = f"{_odds(verdict.p_value)} ({_term(verdict.p_method)}: {_p(verdict.p_value)})"
    if (split := verdict.discordant) is None:
        return f"Luck alone brings a gap this large {luck}."
    if split.total == 0:
        return f"They never differed: each of the {verdict.n:,} items was right for both or wrong for both."
    return (
        f"They differed on {split.total:,} of {verdict.n:,} items: only {a} was right on {split.a_only:,}, "
        f"only {b} on {split.b_only:,}. Luck alone brings a split this uneven {luck}."
    )


def _reasoning(verdict: Verdict) -> str:
    margin = f"{_margin(verdict)} you called equal (the margin)"
    if verdict.winner == "equal":
        return f"Every gap that remains possible is smaller than the {margin}."
    if verdict.winner == "undecided" and verdict.interval.excludes_zero:
        return "The interval just leaves out zero, but the exact test does not agree, so nobody wins yet."
    if verdict.winner == "undecided":
        return f"A gap of zero remains possible, and so does one of at least the {margin}."
    if min(abs(verdict.interval.low), abs(verdict.interval.high)) < verdict.margin:
        return f"Zero is ruled out, but the lead may still be smaller than the {margin}."
    return f"Zero is ruled out, and so is any lead below the {margin}."


def _next_step(verdict: Verdict) -> str:
    if verdict.winner == "equal":
        return "This is settled: choose by cost or speed, or run another benchmark before you generalise."
    if verdict.winner != "undecided":
        return "This is settled: run another benchmark before you generalise."
    more, population = verdict.items_needed, verdict.population
    if more is None:
        return "At this gap no realistic number of items would settle it: widen the margin before the next run."
    if population is not None and verdict.n + more > population:
        return (
            f"If the gap stays as it is, settling it takes about {_rounded(verdict.n + more)} items and this benchmark "
            f"has {population:,}: use a larger one. A gap seen on {verdict.n:,} items may still move, as far as the "
            "interval says."
        )
    items = "1 more item" if more == 1 else f"{_rounded(more)} more items"
    as_equal = ' as "equal"' if verdict.settled_as == "equal" else ""
    return f"About {items} would settle it{as_equal}, if the gap stays as it is (80% power)."


def _leader(verdict: Verdict) -> str:
    return verdict.names[0] if verdict.gap > 0 else verdict.names[1]


def _percent(score: float) -> str:
    return f"{100 * score:.1f}%"


def _points(gap: float) -> str:
    """The size of a gap in words, whichever way it goes; a small gap is not told as none."""
    size = f"{100 * abs(gap):.1f}"
    if size == "0.0":
        return "less than 0.1 points" if gap else "0 points"
    return f"{size} points"


def _margin(verdict: Verdict) -> str:
    """The margin as it was set, with all its digits, but at least one decimal like every gap."""
    percent = 100 * verdict.margin
    return f"{percent:.1f} points" if round(percent, 1) == round(percent, 9) else f"{percent:g} points"


def _span(interval: Interval, names: tuple[str, str]) -> str:
    """Both ends of an interval of the gap, each with the name it favours."""
    a, b = names
    low, high = _points(interval.low), _points(interval.high)
    if interval.low >= 0:
        return f"{low} to {high} in favour of {a}"
    if interval.high <= 0:
        return f"{high} to {low} in favour of {b}"
    return f"{low} in favour of {b} to {high} in favour of {a}"


def _odds(p_value: float) -> str:
    """A probability as a count of times, in the smallest round number that leaves something to count."""
    for tries in (100, 1_000, 10_000, 100_000, 1_000_000):
        if (times := round(p_value * tries)) >= 1:
            if times == tries:
                return "nearly always"
            return f"about {times:,} time{'s' if times > 1 else ''} in {tries:,}"
    return "less than once in a million times"


def _term(method: str) -> str:
    """The name of a method, fit to stand inside brackets."""
    return method.replace(" (", ", ").replace(")", "")


def _p(p_value: float) -> str:
    return f"p = {p_value:.2g}" if p_value >= 1e-300 else "p < 1e-300"


def _rounded(items: int) -> str:
    """A forecast to two digits, rounded up: more would feign a precision it does not have."""
    step = 10 ** max(0, math.floor(math.log10(items)) - 1)
    return f"{math.ceil(items / step) * step:,}"
