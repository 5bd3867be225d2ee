"""A verdict in words, once for anybody and once for experts, and as JSON.

Plain: everyday words first, a technical term only in brackets behind what it names. Expert: compact and exact, every
number with its n, method and level. In both no score stands without its n, nobody is called better unless the verdict
says so, and a figure is told with as many decimals as keep it on its side of the margin. It computes nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal, NamedTuple, cast

from engine.report.figures import (
    count,
    difference,
    exact_percent,
    favoured,
    in_favour,
    interval_named,
    margin_figure,
    odds,
    p_value,
    percent,
    plural,
    points,
    rounded_up,
    sentence_case,
    signed,
    span,
    without_brackets,
)
from engine.stats.power import POWER
from engine.stats.verdict import Verdict
from engine.store.document import DiscordantDocument, IntervalDocument, VerdictDocument

Register = Literal["plain", "expert"]


class Sentences(NamedTuple):
    """What to tell, in reading order; all of it as one paragraph is `" ".join(sentences)`.

    headline   the decision
    gap        what was measured: both scores, their n, the difference
    noise      what the difference may be on other items of this kind, or on the whole benchmark
    why        what the decision rests on
    next_step  what to do now
    """

    headline: str
    gap: str
    noise: str
    why: str
    next_step: str


def expert(verdict: Verdict) -> Sentences:
    """A verdict for experts: every number with its n, method and level."""
    return Sentences(
        headline=_expert_headline(verdict),
        gap=_expert_gap(verdict),
        noise=_expert_noise(verdict),
        why=f"{_expert_evidence(verdict)} {_expert_rule(verdict)}",
        next_step=_expert_next_step(verdict),
    )


def plain(verdict: Verdict) -> Sentences:
    """A verdict for anybody."""
    return Sentences(
        headline=_headline(verdict),
        gap=_gap(verdict),
        noise=_noise(verdict),
        why=f"{_evidence(verdict)} {_reasoning(verdict)}",
        next_step=_next_step(verdict),
    )


def verdict_json(verdict: Verdict) -> VerdictDocument:
    """The verdict's part of the command line's JSON, the same for battles and for stored logs."""
    sentences = plain(verdict)
    return {
        "gap": verdict.gap,
        "interval": cast(IntervalDocument, asdict(verdict.interval)),
        "discordant": cast(DiscordantDocument, asdict(verdict.discordant)) if verdict.discordant else None,
        "p_value": verdict.p_value,
        "p_method": verdict.p_method,
        "p_equal": verdict.p_equal,
        "margin": verdict.margin,
        "target": verdict.estimand,
        "winner": verdict.winner,
        "detectable_gap": verdict.detectable_gap,
        "items_needed": verdict.items_needed,
        "sentence": " ".join(sentences),
        "sentences": list(sentences),
        "caveats": list(verdict.caveats),
    }


# ---- plain


def _headline(verdict: Verdict) -> str:
    items, gap, margin = (
        f"{verdict.n:,} items",
        points(verdict.gap, verdict.margin),
        f"{margin_figure(verdict.margin)} points",
    )
    where, asked = "this", f"on {items}"
    equal = "They are equal for your purposes"
    if verdict.estimand == "benchmark":
        where, asked = "this benchmark", f"after {_share_asked(verdict)}"
        equal += f" on {where}"
    match verdict.winner:
        case "undecided" if verdict.gap == 0:
            return f"We don't know yet which is better: {items} are too few to tell a small gap from none."
        case "undecided":
            return f"We don't know yet which is better: {items} are too few for a gap of {gap}."
        case "equal" if verdict.above_noise:
            return (
                f"{equal}: the lead of {_leader(verdict)} {asked} is real, "
                f"but smaller than the {margin} you called equal."
            )
        case "equal":
            return f"{equal}: {asked}, any gap is smaller than {margin}."
        case _ if _leader(verdict) != favoured(verdict.gap, verdict.names):
            return f"{_leader(verdict)} is better on {where}, as seen {asked}: the lead it had was beyond luck."
        case _:
            return f"{_leader(verdict)} is better on {where}: {gap} ahead {asked}."


def _gap(verdict: Verdict) -> str:
    a, b = verdict.names
    if verdict.gap == 0:
        return f"{a} and {b} both scored {percent(verdict.a_score)} on the same {verdict.n:,} items: no gap."
    return (
        f"{a} scored {percent(verdict.a_score)} and {b} {percent(verdict.b_score)} on the same {verdict.n:,} items: "
        f"a gap of {in_favour(verdict.gap, verdict.names, verdict.margin)}."
    )


def _noise(verdict: Verdict) -> str:
    if _complete(verdict):
        return f"All {verdict.n:,} items of this benchmark were asked, so the gap on it is known and no noise is left."
    interval = verdict.interval
    anywhere = f"anywhere from {span(interval.low, interval.high, verdict.names, verdict.margin)}"
    term = f"({interval_named(interval)})"
    if verdict.estimand == "benchmark":
        return f"If this benchmark were run to its end, the gap would be {anywhere} {term}."
    whenever = ", whenever one looks" if _sequential(verdict) else ""
    return f"On other items of this kind the gap may be {anywhere}{whenever} {term}."


def _evidence(verdict: Verdict) -> str:
    a, b = verdict.names
    discordant = verdict.discordant
    if discordant is not None and discordant.total == 0:
        return f"They never differed: each of the {verdict.n:,} items was right for both or wrong for both."
    counted, event, balance = "", "gap this large", "Taken together, the differences cancel out."
    if discordant is not None:
        counted = (
            f"They differed on {discordant.total:,} of {verdict.n:,} items: only {a} was right on "
            f"{discordant.a_only:,}, only {b} on {discordant.b_only:,}. "
        )
        event, balance = "split this uneven", "That is an even split."
    if verdict.gap == 0:
        return counted + balance
    if _complete(verdict):
        return f"{counted}With every item asked, luck has no say in it."
    if _irreversible(verdict):
        return f"{counted}The lead stands whatever comes of the {_remainder(verdict)}."
    times = odds(verdict.p_value)
    if _sequential(verdict):
        times = f"{times.replace('about', 'at most about')}, whenever one looks"
    term = f"({without_brackets(verdict.p_method)}: {p_value(verdict.p_value, 1 - verdict.interval.level)})"
    if verdict.estimand == "benchmark":
        return f"{counted}Were they level on the whole benchmark, a {event} would turn up {times} {term}."
    return f"{counted}Luck alone brings a {event} {times} {term}."


def _reasoning(verdict: Verdict) -> str:
    margin = f"{margin_figure(verdict.margin)} points you called equal"
    if verdict.winner == "equal":
        return f"Every gap that remains possible is smaller than the {margin}."
    if verdict.winner == "undecided" and verdict.interval.excludes_zero:
        test = "exact test" if "exact" in verdict.p_method else "test of luck"
        return f"The interval just leaves out zero, but the {test} does not agree, so nobody wins yet."
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
    more, population, n = verdict.items_needed, verdict.population, verdict.n
    if verdict.estimand == "benchmark":
        known = f"after the {_remainder(verdict)} the gap on this benchmark is known"
        return f"Go on watching: {_forecast(verdict)}. At the latest {known}." if more else f"Go on watching: {known}."
    if population is not None and _sequential(verdict) and n >= population:
        return f"This benchmark's {population:,} items are used up: use a larger one."
    if more is None:
        return "At this gap no realistic number of items would settle it: call larger gaps equal before the next run."
    if population is not None and n + more > population:
        return (
            f"If the gap stays as it is, settling it takes about {rounded_up(n + more)} items and this benchmark "
            f"has {population:,}: use a larger one. A gap seen on {n:,} items may still move, as far as the "
            "interval says."
        )
    forecast = _forecast(verdict)
    return f"Go on watching: {forecast}." if _sequential(verdict) else f"{sentence_case(forecast)}."


def _forecast(verdict: Verdict) -> str:
    more = verdict.items_needed or 0
    as_equal = ' as "equal"' if verdict.settled_as == "equal" else ""
    return (
        f"about {rounded_up(more)} {plural(more, 'more item')} would settle it{as_equal} in four of five such battles, "
        "if the gap stays as it is"
    )


# ---- expert


def _expert_headline(verdict: Verdict) -> str:
    inside = f"within ±{margin_figure(verdict.margin)} pp"
    match verdict.winner:
        case "undecided":
            decision = "Undecided"
        case "equal" if verdict.above_noise:
            decision = f"Equal {inside}, although zero is excluded"
        case "equal":
            decision = f"Equal {inside}"
        case _:
            decision = f"Gap above the noise, in favour of {_leader(verdict)}"
    gap = f"{difference(verdict.names)} = {signed(verdict.gap, verdict.margin)} pp"
    return f"{decision}: {gap}, n = {verdict.n:,}."


def _expert_gap(verdict: Verdict) -> str:
    scores = zip(verdict.names, (verdict.a_score, verdict.b_score), strict=True)
    if verdict.discordant is None:
        means = " and ".join(f"{name} {percent(score, 2)}" for name, score in scores)
        return f"Mean scores {means} of n = {verdict.n:,} items, paired by item."
    right = " and ".join(
        f"{name} {round(score * verdict.n):,}/{verdict.n:,} = {percent(score, 2)}" for name, score in scores
    )
    return f"Right answers: {right}, paired by item."


def _expert_noise(verdict: Verdict) -> str:
    interval = verdict.interval
    ends = f"{signed(interval.low, verdict.margin)} to {signed(interval.high, verdict.margin)} pp"
    valid = ", valid at every n at once" if _sequential(verdict) else ""
    population = "all items of this kind"
    if verdict.estimand == "benchmark":
        population = f"this benchmark's {verdict.population or verdict.n:,} items"
    return (
        f"{exact_percent(interval.level)} interval of {difference(verdict.names)}: {ends} "
        f"({without_brackets(interval.method)}, n = {verdict.n:,}{valid}); it speaks of {population}."
    )


def _expert_evidence(verdict: Verdict) -> str:
    alpha, n = 1 - verdict.interval.level, f"n = {verdict.n:,}"
    method = without_brackets(verdict.p_method)
    text = f"Against no gap: two-sided {p_value(verdict.p_value, alpha, 3)} ({method}, {n})."
    if (discordant := verdict.discordant) is not None:
        a, b = verdict.names
        text = (
            f"Discordant: {discordant.total:,} of {verdict.n:,} items ({percent(discordant.total / verdict.n)}), "
            f"{discordant.a_only:,} right for {a} alone and {discordant.b_only:,} for {b} alone. {text}"
        )
    return (
        f"{text} Against a gap of {margin_figure(verdict.margin)} pp or more: {p_value(verdict.p_equal, alpha / 2, 3)} "
        f"(two one-sided tests at {alpha / 2:.3g}, {n})."
    )


def _expert_rule(verdict: Verdict) -> str:
    alpha, margin = f"{1 - verdict.interval.level:.3g}", f"±{margin_figure(verdict.margin)} pp"
    tested = verdict.p_value < 1 - verdict.interval.level
    match verdict.winner:
        case "equal":
            return f"Decision: the interval lies inside {margin}."
        case "undecided" if verdict.interval.excludes_zero:
            return f"Decision: the interval excludes 0, but p is not below {alpha}."
        case "undecided":
            return f"Decision: the interval includes 0 and reaches beyond {margin}."
        case _:
            return f"Decision: the interval excludes 0{f' and p < {alpha}' if tested else ''}."


def _expert_next_step(verdict: Verdict) -> str:
    n, population, power = verdict.n, verdict.population, f"{POWER:.0%} power"
    detectable = f"{100 * verdict.detectable_gap:.2f} pp"
    if verdict.discordant is not None and verdict.detectable_gap >= 1:
        detectable = "none that is sure to be found"
    level = exact_percent(verdict.interval.level)
    text = f"Minimal detectable gap at n = {n:,}: {detectable} ({power}, level {level})."
    if population is not None:
        text += f" The benchmark has {population:,} items, {_items_left(verdict):,} of them not asked."
    if verdict.winner != "undecided":
        return f"{text} Nothing more is needed here; replicate on another benchmark."
    if verdict.items_needed is None and verdict.estimand == "benchmark":
        return f"{text} Once they are, its gap is known."
    if verdict.items_needed is None:
        return f"{text} No realistic number of items reaches {power} at this gap and margin."
    outcome = "equal" if verdict.settled_as == "equal" else "a gap above the noise"
    return (
        f"{text} Items needed: about {rounded_up(verdict.items_needed)} more to settle it as {outcome} ({power}), "
        "if the gap and its spread stay as measured."
    )


# ---- what both registers ask of a verdict


def _leader(verdict: Verdict) -> str:
    """Whom the interval favours; where it favours nobody, who is ahead on the items asked."""
    interval = verdict.interval
    side = interval.low if interval.low > 0 else interval.high if interval.high < 0 else verdict.gap
    return favoured(side, verdict.names)


def _sequential(verdict: Verdict) -> bool:
    return "confidence sequence" in verdict.interval.method


def _items_left(verdict: Verdict) -> int:
    """Items of the benchmark that were not asked."""
    return max(0, (verdict.population or 0) - verdict.n)


def _remainder(verdict: Verdict) -> str:
    left = _items_left(verdict)
    return f"{count(left, 'item')} that {'is' if left == 1 else 'are'} left"


def _complete(verdict: Verdict) -> bool:
    return verdict.estimand == "benchmark" and _items_left(verdict) == 0


def _irreversible(verdict: Verdict) -> bool:
    """Whether the rest of the benchmark could not turn the lead round even if it all went one way."""
    return verdict.estimand == "benchmark" and 0 < _items_left(verdict) < round(abs(verdict.gap) * verdict.n, 6)


def _share_asked(verdict: Verdict) -> str:
    if _items_left(verdict) == 0:
        return f"all {verdict.n:,} items"
    return f"{verdict.n:,} of its {verdict.population:,} items"
