"""The voice that needs no model: a move in the labs' own sentences, framed in phrases of the learner's language.

A model's voice is in model_voice.py. Both end with the move's one question and take every number from it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from labs import Lab
from tutor.dialogue.glossary import written_form
from tutor.dialogue.numbers import NumberCheck, figure
from tutor.dialogue.policy import DialogueMove
from tutor.exchange import Assessment

_FOLDER = Path(__file__).parent / "phrases"
ENGLISH = "en"


def phrase_languages() -> tuple[str, ...]:
    """The languages the tutor's own phrases are written in."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.toml")))


def render(move: DialogueMove, language: str = ENGLISH, lab: Lab | None = None) -> str:
    """The move as the tutor's reply in a language: what was asked for, the remark on the answer, the question last.

    lab  whose texts show how a term is written
    """
    parts = (*_definitions(move, lab), _remark(move, phrases(language)), question_of(move, language))
    return "\n\n".join(part for part in parts if part)


def question_of(move: DialogueMove, language: str = ENGLISH) -> str:
    """The one question at the end of the reply, with the phrase that leads to it; "" where the talk is closed."""
    leads = phrases(language)["leads"].get(move.lead, [""])
    slots = {"subject": move.case.subject, "belief": move.body if move.lead == "confirm" else "", "case": move.offered}
    lead = leads[move.variant % len(leads)].format(**slots)
    return " ".join(part for part in (lead, move.question) if part)


def status_line(assessment: Assessment, language: str = ENGLISH) -> str:
    """One line: counted or not, and why.

    >>> status_line(Assessment(why="off_topic"))
    'Not counted: it is about something else.'
    """
    words = phrases(language)["status"]
    reason = words["honest_unknown" if assessment.honest_unknown else assessment.why]
    return f"{words['counted' if assessment.substantive else 'not_counted']}: {reason}."


def number_remarks(checks: Sequence[NumberCheck], language: str = ENGLISH) -> str:
    """What a reply says about the numbers of a message: two of them at most, what is to be corrected first.

    Numbers that the learner only quotes from the case are passed over.

    >>> slip = NumberCheck(role="gap", stated="5", verdict="wrong", right=3.0, how="71.3 − 68.3 = 3")
    >>> number_remarks([slip])
    'One number to check: for the gap you have 5, and I get 71.3 − 68.3 = 3.'
    """
    told = [check for check in checks if check.verdict != "confirmed" or check.how]
    first = sorted(told, key=lambda check: ("wrong", "misplaced", "confirmed", "unknown").index(check.verdict))[:2]
    return " ".join(_number_remark(check, phrases(language)) for check in first)


def _number_remark(check: NumberCheck, book: dict[str, Any]) -> str:
    role: str = "count_right" if check.role == "count" and check.name and check.how else check.role
    if role in ("margin", "standard_error", "interval") and not check.name:
        role = "gap_error" if role == "standard_error" else "margin_alone"
    shown = check.how or ("" if check.right is None else figure(check.right))
    key = check.verdict if check.how or check.verdict == "unknown" else f"{check.verdict}_quoted"
    about = book["number_roles"][role].format(name=check.name)
    return str(book["numbers"][key]).format(stated=check.stated, role=about, right=shown)


def _definitions(move: DialogueMove, lab: Lab | None) -> tuple[str, ...]:
    """What the learner asked to know, as the glossary, the lesson or the case says it."""
    terms = [written_form(one.term, lab) if lab else one.term for one in move.definitions]
    return tuple(f"{term[:1].upper()}{term[1:]}: {one.text}" for term, one in zip(terms, move.definitions, strict=True))


def _remark(move: DialogueMove, book: dict[str, Any]) -> str:
    frames = book["reactions"][move.reaction]
    frame = frames[move.variant % len(frames)]
    if ("{quote}" in frame and not move.quote) or (move.reaction == "defined" and move.definitions):
        frame = ""
    opening = frame.format(quote=move.quote, subject=move.case.subject)
    body = "" if move.lead == "confirm" else move.body
    return " ".join(part for part in (opening, number_remarks(move.checks, book["code"]), body, move.aside) if part)


@cache
def phrases(language: str) -> dict[str, Any]:
    """The tutor's own phrases in a language; English where there are none."""
    known = language if language in phrase_languages() else ENGLISH
    return {"code": known, **tomllib.loads((_FOLDER / f"{known}.toml").read_text(encoding="utf-8"))}
