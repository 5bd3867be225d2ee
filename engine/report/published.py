"""A published pair of scores in words: the same five sentences as a verdict, for a gap without logs.

Every statement says which reading it belongs to, two separate exams or one exam with answers that agree, because two
printed scores do not tell which it was. "Equal" is never said: two figures cannot show it.
"""

from __future__ import annotations

from typing import get_args

from engine.errors import Unknown
from engine.report.figures import bare, confidence, favoured, odds, p_value, points, signed, span
from engine.report.verdict import Register, Sentences
from engine.stats.paired import Winner
from engine.stats.power import POWER
from engine.stats.published import Condition, GapTest, PrintedFigure, PublishedGap

REPORTED_CORRELATIONS = "0.3 to 0.7"
"""Correlations between frontier models on popular benchmarks: Anthropic's "A statistical approach to model evaluations"
(November 2024), anthropic.com/research/statistical-approach-to-model-evals, on Miller (arXiv 2411.00640)."""


def explain_published(found: PublishedGap, register: Register = "plain") -> Sentences:
    """Put what two published scores show into words. Raises `Unknown` for a register there is none of."""
    if register == "expert":
        return Sentences(
            headline=_expert_headline(found),
            gap=_expert_gap(found),
            noise=_expert_noise(found),
            why=_expert_why(found),
            next_step=_expert_next_step(found),
        )
    if register != "plain":
        raise Unknown.name("register", register, get_args(Register))
    return Sentences(
        headline=_headline(found), gap=_gap(found), noise=_noise(found), why=_why(found), next_step=_next_step(found)
    )


# ---- plain


def _headline(found: PublishedGap) -> str:
    apart = f"Taken as two separate exams of {_items(found)}: {_word(found.separate.winner, found)}."
    if found.paired:
        return f"{apart} Taken as one exam, {_assumed(found.paired)}: {_word(found.paired.winner, found)}."
    return f"{apart} {_open(found)}"


def _open(found: PublishedGap) -> str:
    """What one exam would say where nothing is assumed about it."""
    if not found.same_n:
        return "With different numbers of items they cannot be taken as one exam."
    if found.condition is None:
        how = "however well their answers agree" if _exact(found) else "as far as the printed figures go"
        return f"Taken as one exam: undecided, {how}."
    if found.surely and found.surely.always:
        return f"Taken as one exam: {_word(_ahead(found), found)}, however little their answers agree."
    return "Taken as one exam: that depends on how many items they differ on."


def _word(winner: Winner, found: PublishedGap) -> str:
    if winner == "undecided":
        return "undecided"
    return f"{found.names[0] if winner == 'a' else found.names[1]} is better"


def _assumed(reading: GapTest) -> str:
    return (
        f"with about {reading.differing:,} items they differ on (a correlation of {_minus(f'{reading.correlation:g}')})"
    )


def _gap(found: PublishedGap) -> str:
    (a, b), (one, two) = found.names, (found.a, found.b)
    each = f"each on {one.n:,} items" if found.same_n else f"on {one.n:,} and {two.n:,} items"
    told = f"{a} scored {_printed(one)} and {b} {_printed(two)}, {each}: "
    decimals = _decimals(found)
    if found.gap == 0:
        told += "no gap."
    else:
        size = points(found.gap, decimals=decimals + (one.exact or two.exact))
        told += f"a gap of {size} in favour of {favoured(found.gap, found.names)}."
    if _exact(found):
        return f"{told} That can only be {one.right:,} right answers against {two.right:,}."
    return f"{told} The figures are rounded: it may be {span(*found.gaps, found.names, decimals=decimals + 1)}."


def _noise(found: PublishedGap) -> str:
    told = f"On other items of this kind the gap may be {_anywhere(found.separate, found)} if the exams were separate"
    if found.paired:
        told += f", and {_anywhere(found.paired, found)} if it was one exam as assumed"
    return f"{told}."


def _anywhere(reading: GapTest, found: PublishedGap) -> str:
    interval = reading.interval
    told = span(interval.low, interval.high, found.names, decimals=_decimals(found))
    return f"anywhere from {told} ({confidence(interval)} interval: {bare(interval.method)})"


def _why(found: PublishedGap) -> str:
    if not found.gap:
        return "The two figures are the same: there is no gap to explain."
    luck = f"Luck alone brings a gap this large {_luck(found.separate, found)} between separate exams"
    if found.paired:
        luck += f", and {_luck(found.paired, found)} in one exam as assumed"
    told = f"{luck}.{_objection(found)}"
    if not found.same_n:
        return told
    condition = _conditions(found, "right for one and wrong for the other")
    return f"{told} {condition[0].upper()}{condition[1:]}"


def _luck(reading: GapTest, found: PublishedGap) -> str:
    return f"{odds(reading.p_value)} ({p_value(reading.p_value, 1 - found.level)})"


def _objection(found: PublishedGap) -> str:
    """Why a small p is not enough for one of the readings, where that is so."""
    alpha = 1 - found.level
    readings = [reading for reading in (found.separate, found.paired) if reading]
    held = [reading for reading in readings if reading.p_value < alpha and reading.winner == "undecided"]
    if not held:
        return ""
    if any(reading.p_range[1] >= alpha for reading in held):
        return " The rounding of the figures may hide that it is luck, so nobody wins."
    return " A stricter test does not agree, so nobody wins."


def _conditions(found: PublishedGap, differing: str) -> str:
    """What would have to be true, and whether it can be."""
    exact, surely, n = found.condition, found.surely, found.a.n
    if exact is None:
        lead = abs(found.a.right - found.b.right)
        ahead = "1 right answer" if lead == 1 else f"{lead:,} right answers"
        return f"over the same items no agreement makes the printed gap real: {ahead} ahead is too little for that."
    told = "over the same items the gap is above the noise "
    if exact.always:
        told += "however little the answers agree"
    else:
        told += f"if at most {exact.items:,} items are {differing}{_as_correlation(exact)}"
    if surely is None:
        told += "; but the rounding may hide a gap that is too small for that"
    elif not surely.always and surely.items != exact.items:
        told += f", and whatever the rounding hides if at most {surely.items:,} are{_as_correlation(surely)}"
    possible = f"{exact.least:,} to {exact.most:,}" if exact.least < exact.most else f"{exact.most:,}"
    return f"{told}. With the printed scores they differ on {possible} of {n:,} items."


def _as_correlation(condition: Condition) -> str:
    if condition.correlation is None:
        return ""
    return f" (a correlation of {_minus(f'{condition.correlation:.2f}')} or more)"


def _next_step(found: PublishedGap) -> str:
    if not found.same_n:
        return "Ask for a run of both over the same items, with the answers item by item."
    if found.condition is None and _exact(found):
        return f"No log of these {found.a.n:,} items would show a real gap: ask for a run over more items."
    told = "Ask for the answers item by item: they show on how many items the two differ."
    if found.condition and found.condition.correlation is not None:
        told += " Between frontier models on popular benchmarks "
        told += f"Anthropic (2024) reports correlations of {REPORTED_CORRELATIONS}."
    return told


# ---- expert


def _expert_headline(found: PublishedGap) -> str:
    told = f"Unpaired: {_expert_word(found.separate, found)}, n = {_items(found, '')})."
    if found.paired:
        told += (
            f" Paired at {_assumed_correlation(found.paired)}: {_expert_word(found.paired, found)}, n = {found.a.n:,})."
        )
    return told


def _expert_word(reading: GapTest, found: PublishedGap) -> str:
    word = "undecided"
    if reading.winner != "undecided":
        word = f"above the noise, in favour of {favoured(found.gap, found.names)}"
    return f"{word} (z = {_minus(f'{reading.z:+.2f}')}, two-sided {p_value(reading.p_value, 1 - found.level, 3)}"


def _expert_gap(found: PublishedGap) -> str:
    (a, b), (one, two) = found.names, (found.a, found.b)
    told = f"{a} {_printed(one)} (n = {one.n:,}), {b} {_printed(two)} (n = {two.n:,}); "
    told += f"{a} − {b} = {signed(found.gap, 0.0)} pp"
    if _exact(found):
        return f"{told}, {one.right:,} against {two.right:,} right answers."
    low, high = (signed(gap, 0.0) for gap in found.gaps)
    return f"{told}, by the rounding {low} to {high} pp."


def _expert_noise(found: PublishedGap) -> str:
    readings = [(found.separate, "")]
    if found.paired:
        readings.append((found.paired, f", {_assumed_correlation(found.paired)} assumed"))
    told = "; ".join(
        f"{signed(reading.interval.low, 0.0)} to {signed(reading.interval.high, 0.0)} pp "
        f"({bare(reading.interval.method)}{assumed}, n = {_items(found, '')})"
        for reading, assumed in readings
    )
    return f"{confidence(found.separate.interval)} interval of {found.names[0]} − {found.names[1]}: {told}."


def _expert_why(found: PublishedGap) -> str:
    parts = []
    if not _exact(found):
        readings = [("unpaired", found.separate), ("paired", found.paired)]
        ranges = [f"{name} {_p_range(reading, found)}" for name, reading in readings if reading]
        parts.append(f"p by the rounding: {', '.join(ranges)} (n = {_items(found, '')}).")
    if found.same_n and found.gap:
        parts.append(f"McNemar, exact, p < {1 - found.level:.3g}: {_conditions(found, 'discordant')}")
    if found.correlations:
        low, high = (_minus(f"{value:.2f}") for value in found.correlations)
        parts.append(f"Possible correlations: {low} to {high}.")
    return " ".join(parts) or f"z test with the pooled share, n = {_items(found, '')}."


def _p_range(reading: GapTest, found: PublishedGap) -> str:
    return " to ".join(p_value(p, 1 - found.level, 3).removeprefix("p = ") for p in reading.p_range)


def _expert_next_step(found: PublishedGap) -> str:
    told = f"Minimal detectable gap at n = {_items(found, '')}: {100 * found.separate.detectable_gap:.2f} pp unpaired"
    if found.paired:
        told += f", {100 * found.paired.detectable_gap:.2f} pp at {_assumed_correlation(found.paired)}"
    told += f" ({POWER:.0%} power, level {confidence(found.separate.interval)}). Per-item results decide."
    if found.condition and found.condition.correlation is not None:
        told += f" Reported between frontier models: correlations of {REPORTED_CORRELATIONS} (Anthropic 2024)."
    return told


# ---- what both registers say


def _items(found: PublishedGap, unit: str = " items") -> str:
    n = f"{found.a.n:,}" if found.same_n else f"{found.a.n:,} and {found.b.n:,}"
    return f"{n}{unit}"


def _printed(score: PrintedFigure) -> str:
    return f"{score.told}%"


def _decimals(found: PublishedGap) -> int:
    return max(1, found.a.decimals, found.b.decimals)


def _exact(found: PublishedGap) -> bool:
    return found.a.exact and found.b.exact


def _assumed_correlation(reading: GapTest) -> str:
    return f"correlation {_minus(f'{reading.correlation:g}')}"


def _minus(figure: str) -> str:
    return figure.replace("-", "−")


def _ahead(found: PublishedGap) -> Winner:
    return "a" if found.gap > 0 else "b"
