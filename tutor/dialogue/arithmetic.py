"""Checks the margins a learner works out against the calculator. Never volunteers one: first the learner tries."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labs import Case, intervals

_STATED = re.compile(
    r"(?:±|\+\s?/\s?[-\u2212]|\+-|plus or minus|plus/minus|más menos|mais ou menos|正负|正負)"
    r"\s*(\d{1,2}(?:[.,]\d+)?)(?!\d)",
    re.I,
)
_NEAR = 0.12  # so far from the calculator, relatively, rounding and a shortcut may lead


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculation:
    """What the calculator has to say about a margin somebody stated. All margins are in points.

    agrees      whether the stated margin is the calculator's, rounding and a shortcut allowed for
    stated      as the learner wrote it
    name        whose margin it is closest to: a model, or "" for the gap
    margin      the calculator's own for that
    gap_margin  the calculator's own for the gap
    """

    agrees: bool
    stated: str
    name: str
    margin: float
    gap_margin: float


def check_margin(text: str, case: Case) -> Calculation | None:
    """The calculator's word on the first margin in the text; None without a margin or without numbers to check it.

    Margins are half widths of 95% Wald intervals: of each score on the case's n items, and of the gap of two separate
    scores (labs/intervals.py).

    >>> from labs import load_lab
    >>> humaneval = load_lab("lab1").cases[1]  # 71.3 against 68.3 percent of 164
    >>> found = check_margin("I get ±7.1 for Dune, so the lead is noise.", humaneval)
    >>> found.agrees, found.name, round(found.margin, 2), round(found.gap_margin, 2)
    (True, 'Dune-7B', 7.12, 9.93)
    """
    facts, match = case.facts, _STATED.search(text)
    if match is None or facts is None or facts.n is None or facts.score_a is None or facts.score_b is None:
        return None
    gap = intervals.separate_gap(facts.score_a, facts.score_b, facts.n).wald.half
    margins = {
        facts.a: intervals.wald(facts.score_a, facts.n).half,
        facts.b: intervals.wald(facts.score_b, facts.n).half,
    }
    stated = float(match[1].replace(",", "."))
    name, margin = min((*margins.items(), ("", gap)), key=lambda named: abs(named[1] - stated))
    if not margin or not 0.4 < stated / margin < 2.5:
        return None  # it is about something else
    agrees = abs(stated - margin) <= max(_NEAR * margin, 0.06)
    return Calculation(agrees=agrees, stated=match[1], name=name, margin=margin, gap_margin=gap)
