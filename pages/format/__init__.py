"""Numbers as the app writes them: percentages with one decimal, gaps in points, times a person can use."""

import re

from engine import Interval


def plain(text: str) -> str:
    """Text that comes from a person, a server or a file, so that Markdown shows it and does not obey it."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def percent(fraction: float) -> str:
    return f"{100 * fraction:.1f}"


def points(fraction: float) -> str:
    return f"{100 * abs(fraction):.1f} points"


def with_noise(score: float, interval: Interval) -> str:
    """A score that is never alone: 58.5 ± 6.8."""
    return f"{percent(score)} ± {percent((interval.high - interval.low) / 2)}"


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
