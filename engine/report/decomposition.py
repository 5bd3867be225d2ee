"""A split gap in words: three sentences, each number in them from the split.

What was measured and what was not is said in so many words; an unmeasured source is unknown, never nothing. A movement
is told with the items it was seen on and the answers that changed. It computes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.report.figures import favoured, points, span
from engine.stats.decomposition import GapDecomposition, Remeasurement, SourceEffect

SOURCES = {
    "instrument": ("the instrument", "how answers are read"),
    "protocol": ("the protocol", "how questions are asked"),
    "rerun": ("the rerun floor", "the same asked again"),
}


def explain_decomposition(split: GapDecomposition) -> tuple[str, str, str]:
    """The gap and its item luck; the largest other source that was measured; what remains open."""
    return _luck(split), _largest(split), _open(split)


def _luck(split: GapDecomposition) -> str:
    luck, (a, b) = split.parts[0], split.names
    lead = f"{a} and {b} are level"
    if split.gap:
        leader = favoured(split.gap, split.names)
        lead = f"{leader} is {points(split.gap, split.margin)} ahead of {b if leader == a else a}"
    lead += f" on the same {split.n:,} items"
    if luck.low is None or luck.high is None:
        return f"{lead}; item luck was not measured ({luck.about})."
    zero = "included" if luck.low <= 0 <= luck.high else "left out"
    open_to = span(luck.low, luck.high, split.names, split.margin)
    return (
        f"{lead}; the choice of items leaves anything from {open_to} open, zero {zero} "
        f"(item luck, measured: {luck.about})."
    )


def _largest(split: GapDecomposition) -> str:
    measured = [part for part in split.parts[1:] if part.measured]
    if not measured:
        return "No other source was measured, so whether one of them alone closes or turns the gap is open."
    largest = max(measured, key=lambda part: _size(part, split))
    if not _size(largest, split):
        told = [(part, _telling(part, split)) for part in measured]
        listed = _listed([f"{_named(part)} on {_items(found, split)}, {_changes(found)}" for part, found in told], "; ")
        return f"The other sources measured left the gap as it is: {listed}."
    reading = _telling(largest, split)
    alone = f"which alone {_effect(reading, split)}" if split.gap else "where there was no gap to close or turn"
    told_of = (
        f"Of the other sources measured, {_named(largest)} moves the gap most: “{reading.label}” "
        f"{_movement(reading, split)} on {_items(reading, split)} ({_changes(reading)}), {alone}"
    )
    others = [(part, _telling(part, split)) for part in measured if part is not largest]
    too = [
        f"; {_named(part)} alone {_effect(found, split)} (“{found.label}” on {_items(found, split)})"
        for part, found in others
        if _crosses(found, split)
    ]
    return f"{told_of}{''.join(too)}."


def _open(split: GapDecomposition) -> str:
    others = split.parts[1:]
    unknown = [_named(part, _missing(part)) for part in others if not part.measured and part.applies]
    partly = [_named(part, _missing(part)) for part in others if part.measured and part.untried]
    without = [_named(part, part.about) for part in others if not part.measured and not part.applies]
    clauses = []
    if unknown:
        clauses.append(f"not measured: {_listed(unknown)}, so how far the gap moves with that is unknown")
    if partly:
        clauses.append(f"measured only in part: {_listed(partly)}, so it may move further")
    if without:
        clauses.append(f"does not apply here: {_listed(without)}")
    if not clauses:
        return "All sources were measured, each by itself; what several changes at once would do remains open."
    told = "; ".join(clauses)
    return f"{told[0].upper()}{told[1:]}."


def _telling(part: SourceEffect, split: GapDecomposition) -> Remeasurement:
    """The reading that says most about a part: one that was seen to close or turn the gap, else a bound that would,
    else the one that was seen to move it furthest."""

    def weight(reading: Remeasurement) -> tuple[bool, bool, float, int]:
        size = abs(reading.moved(split.gap) - split.gap)
        return _crosses(reading, split), not reading.bound and size > 0, size, reading.flips

    return max(part.readings, key=weight)


def _crosses(reading: Remeasurement, split: GapDecomposition) -> bool:
    """Whether it takes the gap to zero or beyond."""
    return split.gap != 0 and reading.moved(split.gap) * split.gap <= 0


def _effect(reading: Remeasurement, split: GapDecomposition) -> str:
    """What it alone does to the whole gap; one seen on part of the items, or not at all, is only said to be able to."""
    sure = not reading.bound and reading.n >= split.n
    if not _crosses(reading, split):
        return f"{'does' if sure else 'would'} not close it"
    verb = "turn" if reading.moved(split.gap) else "close"
    luck = " unless it was the luck of so few items" if reading.n < split.n and reading.within_luck else ""
    return f"{verb}s it" if sure else f"could {verb} it{luck}"


def _size(part: SourceEffect, split: GapDecomposition) -> float:
    return max((abs(reading.moved(split.gap) - split.gap) for reading in part.readings), default=0.0)


def _named(part: SourceEffect, more: str = "") -> str:
    name, gloss = SOURCES[part.source]
    return f"{name} ({gloss}{'; ' if more else ''}{more})"


def _missing(part: SourceEffect) -> str:
    return f"not tried: {', '.join(part.untried)}" if part.untried else part.about


def _gap(gap: float, split: GapDecomposition) -> str:
    return f"{points(gap, split.margin)} in favour of {favoured(gap, split.names)}" if gap else "no gap"


def _movement(reading: Remeasurement, split: GapDecomposition) -> str:
    before, after = _gap(reading.base, split), _gap(reading.gap, split)
    if before == after:  # as far as it is told
        moved = points(reading.gap - reading.base, split.margin)
        return f"{'would move' if reading.bound else 'moves'} it by {moved} from {before}"
    return f"{'would take' if reading.bound else 'takes'} it from {before} to {after}"


def _items(reading: Remeasurement, split: GapDecomposition) -> str:
    return f"only {reading.n:,} of the {split.n:,} items" if reading.n < split.n else f"{reading.n:,} items"


def _changes(reading: Remeasurement) -> str:
    changed = "1 answer" if reading.flips == 1 else f"{reading.flips:,} answers"
    unread = f", {reading.unread:,} unread and counted as wrong" if reading.unread else ""
    return f"{changed} changed{unread}"


def _listed(words: Sequence[str], comma: str = ", ") -> str:
    return " and ".join(filter(None, (comma.join(words[:-1]), words[-1])))
