"""A sheet held against its case: line by line what agrees, what differs, and what the case cannot decide.

The case's own table says what it states (`labs.lab.AnswerKey`). Only what was entered is answered. An option, a number
is right or not; of free text no more is read than whether it speaks of what the case says or calls it not stated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from labs import calculation_fields
from labs.intervals import separate_gap
from labs.lab import AnswerKey, Case, Lab

ABOUT = "about.case"
"""The name under which a sheet keeps the case it is about."""
TAKEN_OUT = "–"
"""What a sheet keeps for a number or a setting that was taken out again."""

Outcome = Literal["agrees", "differs", "open"]

_SILENT = re.compile(
    r"(?:it is |it’s |it's )?(?:not (?:stated|given|known|said|there)|none(?: given| stated)?|nothing|n/?a|unknown"
    r"|unstated|missing|there is none|no(?: such)? (?:column|category)|\?+|[-–—]+)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?![\w]|[.,]\d)")
_SEVERAL_WORDS = 3  # a line of free text of fewer is no try at it


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFact:
    """One line that was filled in, beside its case.

    id       of the row, or the name of what is calculated with
    label    as the form has it
    entry    the learner's
    outcome  “open” where the case does not decide it, or something is to be said for the entry
    card     a sentence or two: what the case says of it
    why      the author's reason for the right entry; not for a learner who has it wrong
    """

    id: str
    label: str
    entry: str
    outcome: Outcome
    card: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLine:
    """One line of a sheet as its author would fill it in, and why."""

    id: str
    label: str
    entry: str
    why: str


def sheet_facts(lab: Lab, case: Case, sheet: Mapping[str, str]) -> tuple[SheetFact, ...]:
    """What is to be said of each line that was filled in, in the order of the form.

    Empty where the case says nothing for a sheet, and where the sheet is about another case.

    lab    whose exercise it is
    case   to hold it against
    sheet  the entries by name, as the journal keeps them
    """
    if not case.sheet or sheet.get(ABOUT, case.id) != case.id:
        return ()
    keys, facts = answer_keys(lab, case), []
    for id, label in _labels(lab).items():
        entry, key = sheet.get(id, "").strip(), keys.get(id, AnswerKey())
        yours = lab.exercise.kind == "plan" and not key.right and "." in id  # a number to plan, which no card states
        if entry and entry != TAKEN_OUT and not yours:
            outcome, card = _marked(lab, case, id, key, entry)
            facts.append(SheetFact(id=id, label=label, entry=entry, outcome=outcome, card=card, why=key.why))
    return tuple(facts)


def answer_keys(lab: Lab, case: Case) -> Mapping[str, AnswerKey]:
    """The case's table, with the scores that it hands to the calculator."""
    if not case.sheet or lab.exercise.kind != "protocol" or case.facts is None:
        return case.sheet
    facts = case.facts
    given = {"a.name": facts.a, "b.name": facts.b, "a.score": facts.score_a, "b.score": facts.score_b}
    given |= {
        f"{side}.{name}": value for side in "ab" for name, value in (("n", facts.n), ("benchmark", facts.benchmark))
    }
    return {id: AnswerKey(right=(value,)) for id, value in given.items() if value is not None} | case.sheet


def stated(lab: Lab, case: Case) -> dict[str, str]:
    """What the case itself states, by line: nothing of it may be called not stated."""
    right = {id: _right(key)[0] for id, key in answer_keys(lab, case).items()}
    return {id: values[0] for id, values in right.items() if values}


def tried(lab: Lab, sheet: Mapping[str, str]) -> bool:
    """Whether half of the form's rows hold a try, so that a way to fill it in may be shown."""
    return 2 * sum(_is_tried(lab, id, sheet) for id in _rows(lab)) >= max(len(_rows(lab)), 1)


def model_sheet(lab: Lab, case: Case, sheet: Mapping[str, str]) -> tuple[ModelLine, ...]:
    """One way to fill the sheet in: the rows that the learner tried, once these are half of the form, and the numbers.

    The parameters are those of `sheet_facts`.
    """
    if sheet.get(ABOUT, case.id) != case.id or not tried(lab, sheet):
        return ()
    lines = []
    for id, label in _labels(lab).items():
        key = case.sheet.get(id)
        if key is not None and (id not in _rows(lab) or _is_tried(lab, id, sheet)):
            entry = str(key.entry) if key.entry is not None else next(iter(_right(key)[0]), "")
            if entry:
                lines.append(ModelLine(id=id, label=label, entry=entry, why=key.why))
    return tuple(lines)


def without_key(lab: Lab) -> dict[str, tuple[str, ...]]:
    """The rows of the form that the table of a case or template lacks, by its id; one that lacks none is left out."""
    lacking = {case.id: tuple(id for id in _rows(lab) if id not in case.sheet) for case in (*lab.cases, *lab.templates)}
    return {id: rows for id, rows in lacking.items() if rows}


def _rows(lab: Lab) -> dict[str, str]:
    return {row.id: row.label for row in lab.exercise.rows}


def _labels(lab: Lab) -> dict[str, str]:
    return _rows(lab) | dict(calculation_fields.labels(lab.exercise.kind))


def _is_tried(lab: Lab, id: str, sheet: Mapping[str, str]) -> bool:
    entry = sheet.get(id, "").strip()
    options = next(row.options for row in lab.exercise.rows if row.id == id)
    return entry in options if options else len(entry.split()) >= _SEVERAL_WORDS or bool(_SILENT.fullmatch(entry))


def _marked(lab: Lab, case: Case, id: str, key: AnswerKey, entry: str) -> tuple[Outcome, str]:
    options = next((row.options for row in lab.exercise.rows if row.id == id), None)
    if options == ():
        return _free(case, key, entry)
    right, arguable, worked_out = _right(key)
    card = " ".join(filter(None, [_says(key, calculated=options is None), worked_out]))
    if any(_same(entry, each) for each in right):
        return "agrees", card
    if entry in arguable:
        return "open", f"{card} Something is to be said for your entry too."
    worded = options is None and id.partition(".")[2] in calculation_fields.WORDED
    if worded and _SILENT.fullmatch(entry):
        return ("differs" if right else "agrees"), card
    if not right:
        return "open", card
    if worded:
        named = any(f" {_plain(each)} " in f" {_plain(entry)} " for each in right)
        return "agrees" if named else "open", card
    return "differs", card


def _says(key: AnswerKey, *, calculated: bool = False) -> str:
    if key.quote:
        quoted = [f"“{words.rstrip('.')}”" for words in key.quote]
        return f"The card says: {' and '.join(quoted)}."
    if calculated and key.right:
        given = key.right[0]
        return f"The case gives {given if isinstance(given, str) else f'{given:,}'}."
    return "" if key.gaps else "The card says nothing of this."


def _free(case: Case, key: AnswerKey, entry: str) -> tuple[Outcome, str]:
    """Of free text: whether it calls silent what is not, names what the case names, and brings numbers of its own."""
    if _SILENT.fullmatch(entry.strip(" .!")):
        if key.quote:
            return "differs", _says(key)
        return "agrees" if key.right else "open", "The card says nothing of this."
    figures, known = _figures(entry), list(_figures(f"{case.title} {case.text}").values())
    named = [each for each in key.names if _named(each, entry)]
    own = [text for text, value in figures.items() if "." in text and not _follows(value, text, known)]
    card = [f"It speaks of {', '.join(f'“{each}”' for each in named)}, as the case does."] if named else []
    if own:
        card.append(f"Not on the card: {', '.join(own)}. If you worked it out, say from what.")
    if named and not own:
        return "agrees", card[0]
    return "open", " ".join([*card, "The card alone does not decide this line."])


def _named(each: str | int | float, entry: str) -> bool:
    if isinstance(each, int | float):
        return each in _figures(entry).values()
    return re.search(rf"(?<!\w){re.escape(each.casefold())}", entry.casefold()) is not None


def _figures(text: str) -> dict[str, float]:
    return {found: float(found.replace(",", "")) for found in _NUMBER.findall(text)}


def _follows(value: float, text: str, known: list[float]) -> bool:
    """Whether a number is among those known, or the difference of two of them to the digits it has."""
    digits = len(text.partition(".")[2])
    return value in known or any(round(abs(a - b), digits) == value for a, b in combinations(known, 2))


def _right(key: AnswerKey) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """The right options, the arguable ones, and how they were worked out if they had to be."""
    if not key.gaps or key.beyond is None or key.within is None:
        return tuple(str(each) for each in key.right), key.arguable, ""
    spans = [_difference(*(float(figure) for figure in gap)) for gap in key.gaps]
    told = [
        f"{_points(abs(points))} points apart, 95% interval of the difference {_points(low)} to {_points(high)}"
        for points, low, high in spans
    ]
    ahead = {math.copysign(1, points) for points, _, _ in spans}
    clear = all(low > 0 or high < 0 for _, low, high in spans)
    card = f"Worked out from the figures: {'; '.join(told)}."
    if len(ahead) > 1:
        return (key.within,), key.arguable, f"{card} They do not all point the same way."
    if clear:
        return (key.beyond,), key.arguable, f"{card} Zero lies outside{' each time' if len(spans) > 1 else ''}."
    arguable = (*key.arguable, key.beyond) if len(spans) > 1 else key.arguable
    return (key.within,), arguable, f"{card} Zero lies inside{' at least once' if len(spans) > 1 else ''}."


def _difference(a: float, b: float, *rest: float) -> tuple[float, float, float]:
    """Points between the two and the interval of that: of two shares of n items each, or two ratings with margins."""
    if len(rest) == 1:
        gap = separate_gap(a, b, int(rest[0]))
        return gap.points, gap.newcombe.low, gap.newcombe.high
    margin = math.hypot(*rest)  # of independent errors
    return a - b, a - b - margin, a - b + margin


def _points(value: float) -> str:
    return f"{value:.{1 if abs(value) >= 0.05 else 2}f}".replace("-", "−")


def _same(entry: str, right: str) -> bool:
    x, y = _number(entry), _number(right)
    return _plain(entry) == _plain(right) if x is None or y is None else math.isclose(x, y, abs_tol=1e-9)


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w.%]+", " ", text.casefold()).split())
