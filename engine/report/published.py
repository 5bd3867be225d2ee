"""A published pair of scores in words, the same five sentences as a verdict's, and as JSON.

Every statement says which assumption it rests on, two separate exams or one exam with answers that agree, because two
printed scores do not tell which it was. "Equal" is never said: two figures cannot show it.
"""

from __future__ import annotations

from dataclasses import asdict

from engine.battles.battle import SIDES
from engine.report.figures import (
    count,
    difference,
    exact_percent,
    favoured,
    in_favour,
    interval_named,
    minus,
    odds,
    outcome_named,
    p_value,
    sentence_case,
    signed,
    span,
    without_brackets,
)
from engine.report.verdict import Sentences
from engine.stats.power import POWER
from engine.stats.published import Condition, GapTest, PublishedGap
from engine.store.document import Json

REPORTED_CORRELATIONS = "0.3 to 0.7"
"""Correlations between frontier models on popular benchmarks: Anthropic's "A statistical approach to model evaluations"
(November 2024), anthropic.com/research/statistical-approach-to-model-evals, on Miller (arXiv 2411.00640)."""


def plain(gap: PublishedGap) -> Sentences:
    """What two published scores show, for anybody."""
    return Sentences(
        headline=_headline(gap), gap=_gap(gap), noise=_noise(gap), why=_why(gap), next_step=_next_step(gap)
    )


def expert(gap: PublishedGap) -> Sentences:
    """The same for experts: every number with its n, method and level."""
    return Sentences(
        headline=_expert_headline(gap),
        gap=_expert_gap(gap),
        noise=_expert_noise(gap),
        why=_expert_why(gap),
        next_step=_expert_next_step(gap),
    )


def published_json(gap: PublishedGap) -> Json:
    """Fractions, A minus B, as everywhere in the engine's JSON."""
    document = asdict(gap)
    for side in SIDES:
        document[side] = {"told": document[side].pop("text"), **document[side]}
    return {**document, "sentences": list(plain(gap))}


# ---- plain


def _headline(gap: PublishedGap) -> str:
    apart = f"Taken as two separate exams of {_n(gap)} items: {outcome_named(gap.separate.winner, gap.names)}."
    if gap.paired:
        return f"{apart} Taken as one exam, {_assumed(gap.paired)}: {outcome_named(gap.paired.winner, gap.names)}."
    return f"{apart} {_paired_without_assumption(gap)}"


def _paired_without_assumption(gap: PublishedGap) -> str:
    """What one exam would say where nothing is assumed about it."""
    if not gap.same_n:
        return "With different numbers of items they cannot be taken as one exam."
    if gap.condition is None:
        how = "however well their answers agree" if gap.exact else "as far as the printed figures go"
        return f"Taken as one exam: undecided, {how}."
    if gap.surely and gap.surely.always:
        return f"Taken as one exam: {favoured(gap.gap, gap.names)} is better, however little their answers agree."
    return "Taken as one exam: that depends on how many items they differ on."


def _assumed(test: GapTest) -> str:
    return f"with about {test.differing:,} items they differ on (a correlation of {minus(f'{test.correlation:g}')})"


def _gap(gap: PublishedGap) -> str:
    (a, b), (a_score, b_score) = gap.names, (gap.a, gap.b)
    each = f"each on {a_score.n:,} items" if gap.same_n else f"on {a_score.n:,} and {b_score.n:,} items"
    text = f"{a} scored {a_score.text}% and {b} {b_score.text}%, {each}: "
    decimals = _decimals(gap)
    if gap.gap == 0:
        text += "no gap."
    else:
        size = in_favour(gap.gap, gap.names, decimals=decimals + (a_score.exact or b_score.exact))
        text += f"a gap of {size}."
    if gap.exact:
        return f"{text} That can only be {a_score.right:,} right answers against {b_score.right:,}."
    return f"{text} The figures are rounded: it may be {span(*gap.gaps, gap.names, decimals=decimals + 1)}."


def _noise(gap: PublishedGap) -> str:
    text = f"On other items of this kind the gap may be {_possible_gaps(gap.separate, gap)} if the exams were separate"
    if gap.paired:
        text += f", and {_possible_gaps(gap.paired, gap)} if it was one exam as assumed"
    return f"{text}."


def _possible_gaps(test: GapTest, gap: PublishedGap) -> str:
    low, high = test.interval
    ends = span(low, high, gap.names, decimals=_decimals(gap))
    return f"anywhere from {ends} ({interval_named(test.interval)})"


def _why(gap: PublishedGap) -> str:
    if not gap.gap:
        return "The two figures are the same: there is no gap to explain."
    luck = f"Luck alone brings a gap this large {_chance(gap.separate, gap)} between separate exams"
    if gap.paired:
        luck += f", and {_chance(gap.paired, gap)} in one exam as assumed"
    text = f"{luck}.{_disagreement(gap)}"
    if not gap.same_n:
        return text
    return f"{text} {sentence_case(_conditions(gap, 'right for one and wrong for the other'))}"


def _chance(test: GapTest, gap: PublishedGap) -> str:
    return f"{odds(test.p_value)} ({p_value(test.p_value, 1 - gap.level)})"


def _disagreement(gap: PublishedGap) -> str:
    """Why a small p is not enough, where that is so."""
    alpha = 1 - gap.level
    tests = [test for test in (gap.separate, gap.paired) if test]
    held = [test for test in tests if test.p_value < alpha and test.winner == "undecided"]
    if not held:
        return ""
    if any(test.p_range[1] >= alpha for test in held):
        return " The rounding of the figures may hide that it is luck, so nobody wins."
    return " A stricter test does not agree, so nobody wins."


def _conditions(gap: PublishedGap, differing: str) -> str:
    """What would have to be true, and whether it can be."""
    exact, surely, n = gap.condition, gap.surely, gap.a.n
    if exact is None:
        lead = abs(gap.a.right - gap.b.right)
        ahead = count(lead, "right answer")
        return f"over the same items no agreement makes the printed gap real: {ahead} ahead is too little for that."
    text = "over the same items the gap is above the noise "
    if exact.always:
        text += "however little the answers agree"
    else:
        text += f"if at most {exact.items:,} items are {differing}{_as_correlation(exact)}"
    if surely is None:
        text += "; but the rounding may hide a gap that is too small for that"
    elif not surely.always and surely.items != exact.items:
        text += f", and whatever the rounding hides if at most {surely.items:,} are{_as_correlation(surely)}"
    possible = f"{exact.least:,} to {exact.most:,}" if exact.least < exact.most else f"{exact.most:,}"
    return f"{text}. With the printed scores they differ on {possible} of {n:,} items."


def _as_correlation(condition: Condition) -> str:
    if condition.correlation is None:
        return ""
    return f" (a correlation of {minus(f'{condition.correlation:.2f}')} or more)"


def _next_step(gap: PublishedGap) -> str:
    if not gap.same_n:
        return "Ask for a run of both over the same items, with the answers item by item."
    if gap.condition is None and gap.exact:
        return f"No log of these {gap.a.n:,} items would show a real gap: ask for a run over more items."
    text = "Ask for the answers item by item: they show on how many items the two differ."
    if gap.condition and gap.condition.correlation is not None:
        text += " Between frontier models on popular benchmarks "
        text += f"Anthropic (2024) reports correlations of {REPORTED_CORRELATIONS}."
    return text


# ---- expert


def _expert_headline(gap: PublishedGap) -> str:
    text = f"Unpaired: {_expert_outcome(gap.separate, gap)}, n = {_n(gap)})."
    if gap.paired:
        text += f" Paired at {_assumed_correlation(gap.paired)}: {_expert_outcome(gap.paired, gap)}, n = {gap.a.n:,})."
    return text


def _expert_outcome(test: GapTest, gap: PublishedGap) -> str:
    outcome = "undecided"
    if test.winner != "undecided":
        outcome = f"above the noise, in favour of {favoured(gap.gap, gap.names)}"
    return f"{outcome} (z = {minus(f'{test.z:+.2f}')}, two-sided {p_value(test.p_value, 1 - gap.level, 3)}"


def _expert_gap(gap: PublishedGap) -> str:
    (a, b), (a_score, b_score) = gap.names, (gap.a, gap.b)
    text = f"{a} {a_score.text}% (n = {a_score.n:,}), {b} {b_score.text}% (n = {b_score.n:,}); "
    text += f"{difference(gap.names)} = {signed(gap.gap, 0.0)} pp"
    if gap.exact:
        return f"{text}, {a_score.right:,} against {b_score.right:,} right answers."
    low, high = (signed(gap, 0.0) for gap in gap.gaps)
    return f"{text}, by the rounding {low} to {high} pp."


def _expert_noise(gap: PublishedGap) -> str:
    tests = [(gap.separate, "")]
    if gap.paired:
        tests.append((gap.paired, f", {_assumed_correlation(gap.paired)} assumed"))
    text = "; ".join(
        f"{signed(test.interval.low, 0.0)} to {signed(test.interval.high, 0.0)} pp "
        f"({without_brackets(test.interval.method)}{assumed}, n = {_n(gap)})"
        for test, assumed in tests
    )
    return f"{exact_percent(gap.level)} interval of {difference(gap.names)}: {text}."


def _expert_why(gap: PublishedGap) -> str:
    parts = []
    if not gap.exact:
        tests = [("unpaired", gap.separate), ("paired", gap.paired)]
        ranges = [f"{name} {_p_range(test, gap)}" for name, test in tests if test]
        parts.append(f"p by the rounding: {', '.join(ranges)} (n = {_n(gap)}).")
    if gap.same_n and gap.gap:
        parts.append(f"McNemar, exact, p < {1 - gap.level:.3g}: {_conditions(gap, 'discordant')}")
    if gap.correlations:
        low, high = (minus(f"{value:.2f}") for value in gap.correlations)
        parts.append(f"Possible correlations: {low} to {high}.")
    return " ".join(parts) or f"z test with the pooled share, n = {_n(gap)}."


def _p_range(test: GapTest, gap: PublishedGap) -> str:
    return " to ".join(p_value(p, 1 - gap.level, 3).removeprefix("p = ") for p in test.p_range)


def _expert_next_step(gap: PublishedGap) -> str:
    text = f"Minimal detectable gap at n = {_n(gap)}: {100 * gap.separate.detectable_gap:.2f} pp unpaired"
    if gap.paired:
        text += f", {100 * gap.paired.detectable_gap:.2f} pp at {_assumed_correlation(gap.paired)}"
    text += f" ({POWER:.0%} power, level {exact_percent(gap.level)}). Per-item results decide."
    if gap.condition and gap.condition.correlation is not None:
        text += f" Reported between frontier models: correlations of {REPORTED_CORRELATIONS} (Anthropic 2024)."
    return text


# ---- what both registers say


def _n(gap: PublishedGap) -> str:
    return f"{gap.a.n:,}" if gap.same_n else f"{gap.a.n:,} and {gap.b.n:,}"


def _decimals(gap: PublishedGap) -> int:
    return max(1, gap.a.decimals, gap.b.decimals)


def _assumed_correlation(test: GapTest) -> str:
    return f"correlation {minus(f'{test.correlation:g}')}"
