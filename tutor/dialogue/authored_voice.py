"""The voice that needs no model: a move in the labs' own sentences, framed in phrases of the learner's language.

A model's voice is in model_voice.py. Both end with the move's one question and take every number from it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tutor.dialogue.arithmetic import Calculation
from tutor.dialogue.numbers import NumberCheck, figure
from tutor.dialogue.policy import DialogueMove
from tutor.exchange import Assessment

_FOLDER = Path(__file__).parent / "phrases"
ENGLISH = "en"


def phrase_languages() -> tuple[str, ...]:
    """The languages the tutor's own phrases are written in."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.toml")))


def render(move: DialogueMove, language: str = ENGLISH) -> str:
    """The move as the tutor's reply, in one or two paragraphs, the question last."""
    book = phrases(language)
    return "\n\n".join(part for part in (_remark(move, book), _question(move, book)) if part)


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


def _remark(move: DialogueMove, book: dict[str, Any]) -> str:
    frames = book["reactions"][move.reaction]
    frame = frames[move.variant % len(frames)]
    if "{quote}" in frame and not move.quote:
        frame = ""
    opening = frame.format(quote=move.quote, subject=move.case.subject)
    return " ".join(part for part in (opening, _calculator_remark(move.calculation, book), move.body) if part)


def _question(move: DialogueMove, book: dict[str, Any]) -> str:
    leads = book["leads"].get(move.lead, [""])
    lead = leads[move.variant % len(leads)].format(subject=move.case.subject)
    return " ".join(part for part in (lead, move.question) if part)


def _calculator_remark(calculation: Calculation | None, book: dict[str, Any]) -> str:
    if calculation is None:
        return ""
    key = ("agrees" if calculation.agrees else "differs") + ("" if calculation.name else "_gap")
    return str(book["calculation"][key]).format(
        stated=calculation.stated,
        name=calculation.name,
        margin=f"{calculation.margin:.2f}",
        gap_margin=f"{calculation.gap_margin:.2f}",
    )


@cache
def phrases(language: str) -> dict[str, Any]:
    """The tutor's own phrases in a language; English where there are none."""
    known = language if language in phrase_languages() else ENGLISH
    return tomllib.loads((_FOLDER / f"{known}.toml").read_text(encoding="utf-8"))
