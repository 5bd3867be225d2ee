"""A gap in its sources, in words and as JSON: three sentences, each number in them from the decomposition.

What was measured and what was not is said in so many words; an unmeasured source is unknown, never nothing. A movement
is told with the items it was seen on and the answers that changed. It computes nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from engine.report.figures import (
    count,
    exact_percent,
    favoured,
    in_favour,
    joined,
    points,
    sentence_case,
    span,
    without_brackets,
)
from engine.stats.decomposition import GapDecomposition, Remeasurement, SourceEffect
from engine.store.document import DecompositionDocument, SourceDocument

SOURCES = {
    "instrument": ("the instrument", "how answers are read"),
    "protocol": ("the protocol", "how questions are asked"),
    "rerun": ("the rerun floor", "the same asked again"),
}


def sentences(gap: GapDecomposition) -> tuple[str, str, str]:
    """The gap and its item luck; the largest other source that was measured; what remains open."""
    return _item_luck(gap), _largest(gap), _unmeasured(gap)


def decomposition_json(gap: GapDecomposition) -> DecompositionDocument:
    """Fractions, A minus B, as everywhere in the engine's JSON."""
    return {
        "names": list(gap.names),
        "gap": gap.gap,
        "n": gap.n,
        "level": gap.level,
        "margin": gap.margin,
        "parts": [_part_json(part, gap) for part in gap.parts],
        "sentences": list(sentences(gap)),
    }


def _part_json(part: SourceEffect, gap: GapDecomposition) -> SourceDocument:
    return cast(SourceDocument, {**asdict(part), "about": _about(part, gap), "measured": part.measured})


def _about(part: SourceEffect, gap: GapDecomposition) -> str:
    """How a source was measured, or why it was not."""
    if part.source != "item luck" or not part.measured:
        return part.about
    whole = " of the whole benchmark's gap" if gap.estimand == "benchmark" else ""
    return f"{exact_percent(gap.level)} interval{whole}, {without_brackets(part.about)}"


def _item_luck(gap: GapDecomposition) -> str:
    luck, (a, b) = gap.parts[0], gap.names
    lead = f"{a} and {b} are level"
    if gap.gap:
        leader = favoured(gap.gap, gap.names)
        lead = f"{leader} is {points(gap.gap, gap.margin)} ahead of {b if leader == a else a}"
    lead += f" on the same {gap.n:,} items"
    if luck.low is None or luck.high is None:
        return f"{lead}; item luck was not measured ({luck.about})."
    zero = "included" if luck.low <= 0 <= luck.high else "left out"
    open_to = span(luck.low, luck.high, gap.names, gap.margin)
    return (
        f"{lead}; the choice of items leaves anything from {open_to} open, zero {zero} "
        f"(item luck, measured: {_about(luck, gap)})."
    )


def _largest(gap: GapDecomposition) -> str:
    measured = [part for part in gap.parts[1:] if part.measured]
    if not measured:
        return "No other source was measured, so whether one of them alone closes or turns the gap is open."
    strongest = [(part, _strongest(part, gap)) for part in measured]
    largest, reading = max(strongest, key=lambda pair: _largest_movement(pair[0], gap))
    if not _largest_movement(largest, gap):
        unmoved = [f"{_named(part)} on {_items(same, gap)}, {_changed_answers(same)}" for part, same in strongest]
        return f"The other sources measured left the gap as it is: {joined(unmoved, '; ')}."
    alone = f"which alone {_effect(reading, gap)}" if gap.gap else "where there was no gap to close or turn"
    others = [
        f"; {_named(part)} alone {_effect(other, gap)} (“{other.label}” on {_items(other, gap)})"
        for part, other in strongest
        if part is not largest and _closes_or_turns(other, gap)
    ]
    return (
        f"Of the other sources measured, {_named(largest)} moves the gap most: “{reading.label}” "
        f"{_movement(reading, gap)} on {_items(reading, gap)} ({_changed_answers(reading)}), {alone}{''.join(others)}."
    )


def _unmeasured(gap: GapDecomposition) -> str:
    others = gap.parts[1:]
    unknown = [_named(part, _missing(part)) for part in others if not part.measured and part.applies]
    partly = [_named(part, _missing(part)) for part in others if part.measured and part.untried]
    without = [_named(part, part.about) for part in others if not part.measured and not part.applies]
    clauses = []
    if unknown:
        clauses.append(f"not measured: {joined(unknown)}, so how far the gap moves with that is unknown")
    if partly:
        clauses.append(f"measured only in part: {joined(partly)}, so it may move further")
    if without:
        clauses.append(f"does not apply here: {joined(without)}")
    if not clauses:
        return "All sources were measured, each by itself; what several changes at once would do remains open."
    return f"{sentence_case('; '.join(clauses))}."


def _strongest(part: SourceEffect, gap: GapDecomposition) -> Remeasurement:
    """What says most about a source: a remeasurement that was seen to close or turn the gap, else a bound that would,
    else the one that was seen to move it furthest."""

    def weight(reading: Remeasurement) -> tuple[bool, bool, float, int]:
        size = abs(reading.moved(gap.gap) - gap.gap)
        return _closes_or_turns(reading, gap), not reading.bound and size > 0, size, reading.flips

    return max(part.readings, key=weight)


def _closes_or_turns(reading: Remeasurement, gap: GapDecomposition) -> bool:
    """Whether it takes the gap to zero or beyond."""
    return gap.gap != 0 and reading.moved(gap.gap) * gap.gap <= 0


def _effect(reading: Remeasurement, gap: GapDecomposition) -> str:
    """What it alone does to the whole gap; one seen on part of the items, or not at all, is only said to be able to."""
    sure = not reading.bound and reading.n >= gap.n
    if not _closes_or_turns(reading, gap):
        return f"{'does' if sure else 'would'} not close it"
    verb = "turn" if reading.moved(gap.gap) else "close"
    luck = " unless it was the luck of so few items" if reading.n < gap.n and reading.within_luck else ""
    return f"{verb}s it" if sure else f"could {verb} it{luck}"


def _largest_movement(part: SourceEffect, gap: GapDecomposition) -> float:
    return max((abs(reading.moved(gap.gap) - gap.gap) for reading in part.readings), default=0.0)


def _named(part: SourceEffect, more: str = "") -> str:
    name, gloss = SOURCES[part.source]
    return f"{name} ({gloss}{'; ' if more else ''}{more})"


def _missing(part: SourceEffect) -> str:
    return f"not tried: {', '.join(part.untried)}" if part.untried else part.about


def _movement(reading: Remeasurement, gap: GapDecomposition) -> str:
    before, after = (in_favour(g, gap.names, gap.margin) if g else "no gap" for g in (reading.base, reading.gap))
    if before == after:  # as far as it is shown
        moved = points(reading.gap - reading.base, gap.margin)
        return f"{'would move' if reading.bound else 'moves'} it by {moved} from {before}"
    return f"{'would take' if reading.bound else 'takes'} it from {before} to {after}"


def _items(reading: Remeasurement, gap: GapDecomposition) -> str:
    return f"only {reading.n:,} of the {gap.n:,} items" if reading.n < gap.n else f"{reading.n:,} items"


def _changed_answers(reading: Remeasurement) -> str:
    unread = f", {reading.unread:,} unread and counted as wrong" if reading.unread else ""
    return f"{count(reading.flips, 'answer')} changed{unread}"
