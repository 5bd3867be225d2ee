"""Figures in words: the one place where a number becomes text.

Two kinds. In a sentence that decides something a figure is rounded for reading but never across a line that matters:
what is below the margin is told as below it, and what is not zero is not told as zero (`percent`, `points`, `signed`,
`span`, `odds`, `p_value`). In a table, on an axis, beside a picture it is rounded and no more (`rounded_percent`,
`rounded_points`, `rounded_signed`, `out_of_100`, `with_noise`). Scores, shares and gaps come in as fractions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.stats.interval import Interval

# ---- rounded, but never across a line that matters


def percent(score: float, decimals: int = 1) -> str:
    """A score; only a perfect one is told as 100%, only an empty one as 0%.

    >>> percent(0.585), percent(0.9997)
    ('58.5%', '99.97%')
    """
    return f"{_figure(score, (0.0, 1.0), decimals) or f'{100 * score:.{decimals}f}'}%"


def points(gap: float, margin: float | None = None, decimals: int = 1) -> str:
    """The size of a gap, whichever way it goes; a small gap is not told as none.

    gap       as a fraction
    margin    a line the figure must stay on its side of; None for no such line
    decimals  as many, or more where the margin asks for them

    >>> points(-0.034), points(0.0199996, margin=0.02), points(0.0001)
    ('3.4 points', 'just under 2.0 points', 'less than 0.1 points')
    """
    size = _figure(abs(gap), () if margin is None else (margin,), decimals)
    if size is None:
        return f"just {'under' if abs(gap) < (margin or 0) else 'over'} {margin_figure(margin or 0)} points"
    if float(size) == 0:
        return f"less than {10**-decimals:g} points" if gap else "0 points"
    return f"{size} points"


def signed(gap: float, margin: float) -> str:
    """A gap or an end of an interval for experts: with its sign, to a hundredth of a point."""
    limits = (-margin, 0.0, margin)
    if gap == 0:
        return "0.00"
    text = _figure(gap, limits, 2, "+")
    if text is None:
        near = min(limits, key=lambda limit: abs(limit - gap))
        text = f"{'<' if gap < near else '>'}{100 * near:+.2f}" if near else f"{'<' if gap < 0 else '>'}0"
    return minus(text)


def span(low: float, high: float, names: tuple[str, str], margin: float | None = None, decimals: int = 1) -> str:
    """Both ends of a range of gaps, each with the name it favours.

    low, high         gaps, A minus B, as fractions
    names             of A and B
    margin, decimals  as in `points`
    """
    a, b = names
    to_a, to_b = points(high, margin, decimals), points(low, margin, decimals)
    if low >= 0:
        return f"{to_b} to {to_a} in favour of {a}"
    if high <= 0:
        return f"{to_a} to {to_b} in favour of {b}"
    return f"{to_b} in favour of {b} to {to_a} in favour of {a}"


def in_favour(gap: float, names: tuple[str, str], margin: float | None = None, decimals: int = 1) -> str:
    """A gap with whom it favours: 3.4 points in favour of Ruby.

    gap               A minus B, as a fraction; not 0
    names             of A and B
    margin, decimals  as in `points`
    """
    return f"{points(gap, margin, decimals)} in favour of {favoured(gap, names)}"


def favoured(gap: float, names: tuple[str, str]) -> str:
    return names[0] if gap > 0 else names[1]


def outcome_named(outcome: str, names: tuple[str, str]) -> str:
    """An outcome of a verdict in words, with the winner's name."""
    return {"a": f"{names[0]} is better", "b": f"{names[1]} is better"}.get(outcome, outcome)


def difference(names: tuple[str, str]) -> str:
    return f"{names[0]} − {names[1]}"


def odds(chance: float) -> str:
    """A probability as a count of times, in the smallest round number that tells it to within a fifth."""
    for tries in (100, 1_000, 10_000, 100_000, 1_000_000):
        times = round(chance * tries)
        if times == tries:
            return "nearly always"
        if times and (abs(times / tries - chance) <= chance / 5 or tries == 1_000_000):
            return f"about {count(times, 'time')} in {tries:,}"
    return "less than once in a million times"


def p_value(chance: float, limit: float, digits: int = 2) -> str:
    """A p-value, with as many digits as show whether it is below the limit.

    chance  the p-value
    limit   the line it is held against, 1 - level
    digits  significant ones, or more where the limit asks for them
    """
    if chance < 1e-300:
        return "p < 1e-300"
    for more in range(4):
        text = f"{chance:.{digits + more}g}"
        if (float(text) < round(limit, 9)) == (chance < limit):
            return f"p = {text}"
    return f"p < {limit:.3g}"


# ---- with all the digits that somebody gave them


def exact_percent(fraction: float) -> str:
    """A level or a forecast as it was set: 95%, 99.9%."""
    return f"{100 * fraction:g}%"


def margin_figure(margin: float) -> str:
    """The margin in points as it was set, with all its digits, but at least one decimal like every gap."""
    size = 100 * margin
    return f"{size:.1f}" if round(size, 1) == round(size, 9) else f"{size:g}"


# ---- rounded, and no more


def interval_named(interval: Interval) -> str:
    """Level and method of an interval, fit to stand inside brackets: 95% interval: Tango score, paired."""
    return f"{exact_percent(interval.level)} interval: {without_brackets(interval.method)}"


def out_of_100(score: float) -> str:
    return f"{100 * score:.1f}"


def rounded_percent(share: float) -> str:
    return f"{out_of_100(share)}%"


def rounded_points(gap: float) -> str:
    return f"{out_of_100(abs(gap))} points"


def rounded_signed(gap: float) -> str:
    """A gap in points: +1.8 where A is ahead."""
    return minus(f"{100 * gap:+.1f}")


def rounded_ends(interval: Interval) -> str:
    """An interval of a gap in points: −0.4 to +3.1."""
    return f"{rounded_signed(interval.low)} to {rounded_signed(interval.high)}"


def with_noise(score: float, interval: Interval) -> str:
    """A score that is never alone: 58.5 ± 6.8."""
    return f"{out_of_100(score)} ± {out_of_100((interval.high - interval.low) / 2)}"


def rounded_up(items: int) -> str:
    """A number of items to come, to two digits: more would feign a precision it does not have."""
    step = 10 ** max(0, math.floor(math.log10(items)) - 1)
    return f"{math.ceil(items / step) * step:,}"


def duration(seconds: float) -> str:
    """A time a person can use: 40 s, 12 min, 1.5 h."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


# ---- words around figures


def plural(n: int, noun: str) -> str:
    return noun if n == 1 else f"{noun}s"


def count(n: int, noun: str) -> str:
    """A number of things.

    >>> count(1, "item"), count(1200, "right answer")
    ('1 item', '1,200 right answers')
    """
    return f"{n:,} {plural(n, noun)}"


def joined(words: Sequence[str], comma: str = ", ") -> str:
    """A list as it is spoken.

    >>> joined(["wording", "order", "shots"])
    'wording, order and shots'
    """
    return " and ".join(filter(None, (comma.join(words[:-1]), words[-1])))


def sentence_case(text: str) -> str:
    """A clause as the beginning of a sentence."""
    return text[0].upper() + text[1:]


def minus(text: str) -> str:
    """A figure with a minus sign for its hyphen."""
    return text.replace("-", "−")


def without_brackets(method: str) -> str:
    """The name of a method, fit to stand inside brackets."""
    return method.replace(" (", ", ").replace(")", "")


def _figure(value: float, limits: tuple[float, ...], decimals: int, sign: str = "") -> str | None:
    """A fraction in percent, with as many decimals as leave it on its side of every limit; None where few do not."""
    for more in range(4):
        text = f"{100 * value:{sign}.{decimals + more}f}"
        if all(_side(float(text), round(100 * limit, 9)) == _side(value, limit) for limit in limits):
            return text
    return None


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)
