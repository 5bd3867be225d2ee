"""A robustness report in words and as JSON: the score, each move with its luck, what follows, what was not measured."""

from __future__ import annotations

from dataclasses import asdict

from engine.analysis.repeats import SOURCES
from engine.analysis.robustness import RobustnessReport, ScoreShift
from engine.report.figures import count, exact_percent, points, rounded_percent
from engine.store.document import Json


def sentences(report: RobustnessReport) -> tuple[str, ...]:
    """In reading order; each sentence stands on its own."""
    return (
        _score(report),
        *(_shift(move) for move in report.moves),
        *_largest_shifts(report),
        _conclusion(report),
        *_selection_caveat(report),
        *(f"Not measured: {why.label} ({why.part}): {why.reason}." for why in report.not_measured),
    )


def robustness_json(report: RobustnessReport) -> Json:
    """Fractions; a move is the score after the change minus the score before it."""
    return {
        **asdict(report),
        "moves": [{**asdict(move), "moved": move.moved} for move in report.moves],
        "not_measured": [asdict(why) for why in report.not_measured],
        "span": report.span,
        "sentences": list(sentences(report)),
    }


def _score(report: RobustnessReport) -> str:
    interval = report.interval
    missing = f" ({report.planned - report.n:,} more have no score)" if report.n < report.planned else ""
    return (
        f"{report.name} scored {rounded_percent(report.score)} on {report.n:,} items of {report.task}{missing}; "
        f"{exact_percent(interval.level)} interval {rounded_percent(interval.low)} to "
        f"{rounded_percent(interval.high)} ({interval.method})."
    )


def _shift(move: ScoreShift) -> str:
    head = f"{move.part.capitalize()}, {move.label}: {rounded_percent(move.after)}"
    if move.interval is None:
        return f"{head} of {move.n:,}, a bound and not a measurement."
    low, high = map(_movement, move.interval)
    level = exact_percent(move.interval.level)
    return f"{head}, {_movement(move.moved)} ({_changed_answers(move)}; {level} interval: {low} to {high})."


def _changed_answers(move: ScoreShift) -> str:
    """Both ways: a score that stands still may hide answers that changed places."""
    if not move.gained + move.lost:
        return f"none of {move.n:,} answers changed between right and wrong"
    return f"{count(move.gained, 'answer')} became right and {move.lost:,} wrong, of {move.n:,}"


def _largest_shifts(report: RobustnessReport) -> tuple[str, ...]:
    largest = [(part, move) for part in SOURCES if (move := report.largest(part))]
    if not largest:
        return ()
    return ("Furthest by part: " + "; ".join(f"{p} {_movement(m.moved)} ({m.label})" for p, m in largest) + ".",)


def _conclusion(report: RobustnessReport) -> str:
    if not report.measured:
        return "How far these weights move is not known: nothing was measured against the first run."
    if report.span == 0:
        changed = any(move.gained for move in report.measured)
        how = "though some answers changed" if changed else "and no answer changed between right and wrong"
        return f"The score of the same weights did not move on these {report.n:,} items, {how}."
    return (
        f"The same weights moved by up to {points(report.span)} on these {report.n:,} items; a gap smaller than that "
        "between two models measured under different settings says nothing."
    )


def _selection_caveat(report: RobustnessReport) -> tuple[str, ...]:
    measured = len(report.measured)
    if measured < 2 or report.span == 0:
        return ()
    return (
        "An interval says where a move may lie on other items of this kind; "
        f"the furthest of {measured} moves is the furthest partly by luck.",
    )


def _movement(moved: float) -> str:
    if moved == 0:
        return "unmoved"
    return f"{points(moved)} {'up' if moved > 0 else 'down'}"
