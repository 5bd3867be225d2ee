"""Figures in words: scores, gaps, intervals and chances as they stand in a sentence.

A figure is rounded for reading, but never across a line that matters: what is below the margin is told as below it,
and what is not zero is not told as zero. Scores and gaps come in as fractions.
"""

from __future__ import annotations

import math

from engine.stats.interval import Interval


def favoured(gap: float, names: tuple[str, str]) -> str:
    return names[0] if gap > 0 else names[1]


def percent(score: float, decimals: int = 1) -> str:
    """A score; only a perfect one is told as 100%, only an empty one as 0%."""
    return f"{_figure(score, (0.0, 1.0), decimals) or f'{100 * score:.{decimals}f}'}%"


def points(gap: float, margin: float | None = None, decimals: int = 1) -> str:
    """The size of a gap in words, whichever way it goes; a small gap is not told as none."""
    size = _figure(abs(gap), () if margin is None else (margin,), decimals)
    if size is None:
        return f"just {'under' if abs(gap) < (margin or 0) else 'over'} {margin_figure(margin or 0)} points"
    if float(size) == 0:
        return f"less than {10**-decimals:g} points" if gap else "0 points"
    return f"{size} points"


def margin_figure(margin: float) -> str:
    """The margin in points as it was set, with all its digits, but at least one decimal like every gap."""
    size = 100 * margin
    return f"{size:.1f}" if round(size, 1) == round(size, 9) else f"{size:g}"


def signed(gap: float, margin: float) -> str:
    """A gap or an end of an interval for experts: with its sign, to a hundredth of a point."""
    limits = (-margin, 0.0, margin)
    if gap == 0:
        return "0.00"
    told = _figure(gap, limits, 2, "+")
    if told is None:
        near = min(limits, key=lambda limit: abs(limit - gap))
        told = f"{'<' if gap < near else '>'}{100 * near:+.2f}" if near else f"{'<' if gap < 0 else '>'}0"
    return told.replace("-", "−")


def span(low: float, high: float, names: tuple[str, str], margin: float | None = None, decimals: int = 1) -> str:
    """Both ends of a range of gaps, each with the name it favours."""
    a, b = names
    to_a, to_b = points(high, margin, decimals), points(low, margin, decimals)
    if low >= 0:
        return f"{to_b} to {to_a} in favour of {a}"
    if high <= 0:
        return f"{to_a} to {to_b} in favour of {b}"
    return f"{to_b} in favour of {b} to {to_a} in favour of {a}"


def odds(chance: float) -> str:
    """A probability as a count of times, in the smallest round number that tells it to within a fifth."""
    for tries in (100, 1_000, 10_000, 100_000, 1_000_000):
        times = round(chance * tries)
        if times == tries:
            return "nearly always"
        if times and (abs(times / tries - chance) <= chance / 5 or tries == 1_000_000):
            return f"about {times:,} time{'s' if times > 1 else ''} in {tries:,}"
    return "less than once in a million times"


def p_value(chance: float, limit: float, digits: int = 2) -> str:
    """A p-value, with as many digits as show whether it is below the limit."""
    if chance < 1e-300:
        return "p < 1e-300"
    for more in range(4):
        told = f"{chance:.{digits + more}g}"
        if (float(told) < round(limit, 9)) == (chance < limit):
            return f"p = {told}"
    return f"p < {limit:.3g}"


def rounded(items: int) -> str:
    """A forecast to two digits, rounded up: more would feign a precision it does not have."""
    step = 10 ** max(0, math.floor(math.log10(items)) - 1)
    return f"{math.ceil(items / step) * step:,}"


def confidence(interval: Interval) -> str:
    return f"{interval.level * 100:g}%"


def bare(method: str) -> str:
    """The name of a method, fit to stand inside brackets."""
    return method.replace(" (", ", ").replace(")", "")


def _figure(value: float, limits: tuple[float, ...], decimals: int, sign: str = "") -> str | None:
    """A fraction in percent, with as many decimals as leave it on its side of every limit; None where few do not."""
    for more in range(4):
        told = f"{100 * value:{sign}.{decimals + more}f}"
        if all(_side(float(told), round(100 * limit, 9)) == _side(value, limit) for limit in limits):
            return told
    return None


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)
