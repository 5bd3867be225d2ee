"""The numbers that a case states, by what they are: scores and ratings by model, items, gaps, margins.

Numbers come from `Case.facts`, and where there are none (ratings, rows of a board) from the case's text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from labs import Case, intervals
from tutor.dialogue.numbers.quantities import book, even, quantities


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNumbers:
    """What is known of a case. Scores, gaps and margins in percent or points.

    names       each model with a pattern that finds it; none where the two cannot be told apart by name
    scores      by model
    ratings     by model, with `rating_margins`, the ± that stands behind them
    gap         of the two scores or ratings, without sign; None when there are none
    gap_by_test gaps that the text itself states, by benchmark
    benchmark   which the scores are from, in lower case; "" when the case names none
    n           items behind the scores
    items       by benchmark, the usual ones too
    text        all that a learner has read about the case: numbers in it are nobody's mistake
    values      the numbers of its text
    """

    names: dict[str, re.Pattern[str]]
    scores: dict[str, float]
    ratings: dict[str, float]
    rating_margins: dict[str, float]
    gap: float | None
    gap_by_test: dict[str, float]
    benchmark: str
    n: int | None
    items: dict[str, int]
    text: str
    values: frozenset[float]

    def margins(self, n: int | None = None) -> dict[str, float]:
        """The half width of each model's 95% interval, from n items or as the text gives it, and under "" the gap's."""
        if self.rating_margins and not self.scores:
            found = dict(self.rating_margins)
            return found | {"": sum(half**2 for half in found.values()) ** 0.5} if len(found) == 2 else found
        n = n or self.n
        if n is None or n < 2:
            return {}
        found = {name: intervals.wald(score, n).half for name, score in self.scores.items()}
        if len(found) == 2:
            a, b = self.scores.values()
            found[""] = intervals.separate_gap(a, b, n).wald.half
        return {name: half for name, half in found.items() if half > 0}

    def right_answers(self, name: str) -> float | None:
        """How many items a model got right, in fractions of an item when the score is rounded."""
        return self.scores[name] * self.n / 100 if self.n and name in self.scores else None


def case_numbers(case: Case) -> CaseNumbers:
    """What this case states."""
    facts = case.facts
    names = _names(facts.a, facts.b) if facts else {}
    scores: dict[str, float] = {}
    if facts and facts.score_a is not None and facts.score_b is not None:
        scores = {facts.a: facts.score_a, facts.b: facts.score_b}
    asked = " ".join(question.ask for question in case.questions)
    text = even(f"{case.text} {asked}")
    ratings, rating_margins = _ratings(text, names) if not scores else ({}, {})
    known = list((scores or ratings).values())
    items = {name: int(count) for name, count in book()["items"].items()} | _items(text)
    if facts and facts.benchmark and facts.n:
        items[facts.benchmark.casefold()] = facts.n
    return CaseNumbers(
        names=names,
        scores=scores,
        ratings=ratings,
        rating_margins=rating_margins,
        gap=abs(known[0] - known[1]) if len(known) == 2 else None,
        gap_by_test=_stated_gaps(even(case.text)),
        benchmark=(facts.benchmark or "").casefold() if facts else "",
        n=facts.n if facts else None,
        items=items,
        text=text,
        values=frozenset(value for one in quantities(text) for value in one.readings),
    )


def _names(a: str, b: str) -> dict[str, re.Pattern[str]]:
    """Both names with the patterns that find them, or only the parts in which they differ."""
    head_a, head_b = (re.split(r",| after | before ", name)[0] for name in (a, b))
    if head_a != head_b:
        return {name: _name_pattern(name) for name in (a, b) if not name.startswith("the ")}
    tails = {name: name.removeprefix(head_a).strip(" ,") for name in (a, b)}
    found = {}
    for name, tail in tails.items():
        words = [word for word in re.findall(r"[^\W\d]{4,}", tail) if word not in tails[b if name == a else a]]
        if words and words[0] not in ("after", "before"):
            found[name] = re.compile(rf"(?<!\w)(?:{re.escape(tail)}|{re.escape(words[0])}(?: run)?)(?!\w)", re.I)
    return found


def _name_pattern(name: str) -> re.Pattern[str]:
    """The name, or its first part: “Cobalt” for Cobalt-7B. A single letter counts only as a capital."""
    head = re.split(r"[\s-]", name)[0]
    ways = "|".join(re.escape(way) for way in dict.fromkeys((name, head)))
    if len(head) == 1:
        return re.compile(rf"(?<![A-Za-z0-9_'\u2019])(?:{ways})(?: \(\d+B\))?(?![A-Za-z0-9_&-])")
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{ways})(?:-?\d*b)?(?![A-Za-z0-9_])", re.I)


def _ratings(text: str, names: dict[str, re.Pattern[str]]) -> tuple[dict[str, float], dict[str, float]]:
    """The ratings of 1000 and more with their margins, each belonging to the name before it."""
    ratings: dict[str, float] = {}
    margins: dict[str, float] = {}
    for match in re.finditer(r"(?<![\d.,-])(\d{4})(?:\s*±\s*(\d+))?(?![\d,])", text):
        named = [
            (found.end(), name) for name, pattern in names.items() for found in pattern.finditer(text, 0, match.start())
        ]
        if named and max(named)[1] not in ratings:
            ratings[max(named)[1]] = float(match[1])
            if match[2]:
                margins[max(named)[1]] = float(match[2])
    return ratings, margins


def _items(text: str) -> dict[str, int]:
    """Benchmarks with the number of items the text gives them: “GSM8K (1,319)”, “MMLU has 14,042 test questions”."""
    return {
        match[1].casefold(): int(match[2].replace(",", ""))
        for match in re.finditer(
            r"([A-Z][\w-]{2,}) (?:\(|has )(\d{1,3}(?:,\d{3})*|\d{3,})(?: problems| questions| test|\))", text
        )
    }


def _stated_gaps(text: str) -> dict[str, float]:
    """Gaps written as such: “+2.1 on MMLU”."""
    return {match[2].casefold(): float(match[1]) for match in re.finditer(r"[+-](\d+\.\d+) on ([A-Z][\w-]+)", text)}
