"""A gap in its sources, in words and as JSON: three sentences, each number in them from the decomposition.

What was measured and what was not is said in so many words; an unmeasured source is unknown, never nothing. A movement
is told with the items it was seen on and the answers that changed. It computes nothing.
"""

from __future__ import annotations

from dataclasses import asdict

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
from engine.store.document import Json

SOURCES = {
    "instrument": ("the instrument", "how answers are read"),
    "protocol": ("the protocol", "how questions are asked"),
    "rerun": ("the rerun floor", "the same asked again"),
}


def sentences(gap: GapDecomposition) -> tuple[str, str, str]:
    """The gap and its item luck; the largest other source that was measured; what remains open."""
    return _item_luck(gap), _largest(gap), _unmeasured(gap)


def decomposition_json(gap: GapDecomposition) -> Json:
    """Fractions, A minus B, as everywhere in the engine's JSON."""
    return {
        "names": list(gap.names),
        "gap": gap.gap,
        "n": gap.n,
        "level": gap.level,
        "margin": gap.margin,
        "parts": [{**asdict(part), "about": _about(part, gap), "measured": part.measured} for part in gap.parts],
        "sentences": list(sentences(gap)),
    }


def _about(part: SourceEffect, gap: GapDecomposition) -> str:
    """How a source was measured, or why it was not."""
    if part.source != "item luck" or not part.measured:
        return part.about
    whole = " of the whole benchmark's gap" if gap.target == "benchmark" else ""
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
    largest, again = max(strongest, key=lambda pair: _size(pair[0], gap))
    if not _size(largest, gap):
        unmoved = [f"{_named(part)} on {_items(same, gap)}, {_changes(same)}" for part, same in strongest]
        return f"The other sources measured left the gap as it is: {joined(unmoved, '; ')}."
    alone = f"which alone {_effect(again, gap)}" if gap.gap else "where there was no gap to close or turn"
    others = [
        f"; {_named(part)} alone {_effect(other, gap)} (“{other.label}” on {_items(other, gap)})"
        for part, other in strongest
        if part is not largest and _crosses(other, gap)
    ]
    return (
        f"Of the other sources measured, {_named(largest)} moves the gap most: “{again.label}” "
        f"{_movement(again, gap)} on {_items(again, gap)} ({_changes(again)}), {alone}{''.join(others)}."
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

    def weight(again: Remeasurement) -> tuple[bool, bool, float, int]:
        size = abs(again.moved(gap.gap) - gap.gap)
        return _crosses(again, gap), not again.bound and size > 0, size, again.flips

    return max(part.readings, key=weight)


def _crosses(again: Remeasurement, gap: GapDecomposition) -> bool:
    """Whether it takes the gap to zero or beyond."""
    return gap.gap != 0 and again.moved(gap.gap) * gap.gap <= 0


def _effect(again: Remeasurement, gap: GapDecomposition) -> str:
    """What it alone does to the whole gap; one seen on part of the items, or not at all, is only said to be able to."""
    sure = not again.bound and again.n >= gap.n
    if not _crosses(again, gap):
        return f"{'does' if sure else 'would'} not close it"
    verb = "turn" if again.moved(gap.gap) else "close"
    luck = " unless it was the luck of so few items" if again.n < gap.n and again.within_luck else ""
    return f"{verb}s it" if sure else f"could {verb} it{luck}"


def _size(part: SourceEffect, gap: GapDecomposition) -> float:
    return max((abs(again.moved(gap.gap) - gap.gap) for again in part.readings), default=0.0)


def _named(part: SourceEffect, more: str = "") -> str:
    name, gloss = SOURCES[part.source]
    return f"{name} ({gloss}{'; ' if more else ''}{more})"


def _missing(part: SourceEffect) -> str:
    return f"not tried: {', '.join(part.untried)}" if part.untried else part.about


def _movement(again: Remeasurement, gap: GapDecomposition) -> str:
    before, after = (in_favour(g, gap.names, gap.margin) if g else "no gap" for g in (again.base, again.gap))
    if before == after:  # as far as it is shown
        moved = points(again.gap - again.base, gap.margin)
        return f"{'would move' if again.bound else 'moves'} it by {moved} from {before}"
    return f"{'would take' if again.bound else 'takes'} it from {before} to {after}"


def _items(again: Remeasurement, gap: GapDecomposition) -> str:
    return f"only {again.n:,} of the {gap.n:,} items" if again.n < gap.n else f"{again.n:,} items"


def _changes(again: Remeasurement) -> str:
    unread = f", {again.unread:,} unread and counted as wrong" if again.unread else ""
    return f"{count(again.flips, 'answer')} changed{unread}"
