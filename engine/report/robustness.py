"""A noise report in words: the score, every move with its luck, what follows, and what was not measured."""

from __future__ import annotations

from engine.analysis.repeats import SOURCES
from engine.analysis.robustness import RobustnessReport, ScoreShift
from engine.stats.interval import Interval


def explain_robustness(report: RobustnessReport) -> tuple[str, ...]:
    """In reading order; each sentence stands on its own."""
    return (
        _score(report),
        *(_move(move) for move in report.moves),
        *_furthest(report),
        _conclusion(report),
        *_luck(report),
        *(f"Not measured: {why.label} ({why.part}): {why.reason}." for why in report.not_measured),
    )


def _score(report: RobustnessReport) -> str:
    interval = report.interval
    missing = f" ({report.planned - report.n:,} more have no score)" if report.n < report.planned else ""
    return (
        f"{report.name} scored {_percent(report.score)} on {report.n:,} items of {report.task}{missing}; "
        f"{_level(interval)} interval {_percent(interval.low)} to {_percent(interval.high)} ({interval.method})."
    )


def _move(move: ScoreShift) -> str:
    head = f"{move.part.capitalize()}, {move.label}: {_percent(move.after)}"
    if move.interval is None:
        return f"{head} of {move.n:,}, a bound and not a measurement."
    low, high = move.interval.low, move.interval.high
    return (
        f"{head}, {_way(move.moved)} ({_flips(move)}; {_level(move.interval)} interval: {_way(low)} to {_way(high)})."
    )


def _flips(move: ScoreShift) -> str:
    """Both ways: a score that stands still may hide answers that changed places."""
    if not move.gained + move.lost:
        return f"none of {move.n:,} answers changed between right and wrong"
    became = "1 answer became right" if move.gained == 1 else f"{move.gained:,} answers became right"
    return f"{became} and {move.lost:,} wrong, of {move.n:,}"


def _furthest(report: RobustnessReport) -> tuple[str, ...]:
    largest = [(part, move) for part in SOURCES if (move := report.largest(part))]
    if not largest:
        return ()
    return ("Furthest by part: " + "; ".join(f"{p} {_way(m.moved)} ({m.label})" for p, m in largest) + ".",)


def _conclusion(report: RobustnessReport) -> str:
    if not report.measured:
        return "How far these weights move is not known: nothing was measured against the first run."
    if report.span == 0:
        changed = any(move.gained for move in report.measured)
        how = "though some answers changed" if changed else "and no answer changed between right and wrong"
        return f"The score of the same weights did not move on these {report.n:,} items, {how}."
    return (
        f"The same weights moved by up to {_points(report.span)} on these {report.n:,} items; a gap smaller than that "
        "between two models measured under different settings says nothing."
    )


def _luck(report: RobustnessReport) -> tuple[str, ...]:
    count = len(report.measured)
    if count < 2 or report.span == 0:
        return ()
    return (
        "An interval says where a move may lie on other items of this kind; "
        f"the furthest of {count} moves is the furthest partly by luck.",
    )


def _way(moved: float) -> str:
    if moved == 0:
        return "unmoved"
    return f"{_points(moved)} {'up' if moved > 0 else 'down'}"


def _points(moved: float) -> str:
    size = f"{100 * abs(moved):.1f}"
    return "less than 0.1 points" if size == "0.0" else f"{size} points"


def _percent(score: float) -> str:
    return f"{100 * score:.1f}%"


def _level(interval: Interval) -> str:
    return f"{interval.level * 100:g}%"
