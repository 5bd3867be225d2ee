"""Sheets that learners fill in beside the talk, and small facts the tutor keeps for itself."""

from __future__ import annotations

import json
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tutor.errors import TutorError
from tutor.journal.connection import to_read, to_write
from tutor.journal.tables import notes, sheets
from tutor.journal.transcripts import now

LONGEST_ANSWER = 4_000  # characters, of a row's id too
MOST_ANSWERS = 200


def read_sheet(talk: str) -> dict[str, str]:
    """What the learner filled in so far, by row.

    Raises:
        TutorError: the sheet is damaged; it is left as it is.
    """
    with to_read() as connection:
        found = connection.scalar(sa.select(sheets.c.answers).where(sheets.c.talk == talk))
    try:
        answers = json.loads(found) if found else {}
        if all(isinstance(text, str) for pair in answers.items() for text in pair):
            return dict(answers)
    except (ValueError, TypeError, AttributeError):
        pass
    raise TutorError("The sheet of this talk is damaged and stays as it is. Start this lab over to have a new one.")


def save_sheet(talk: str, answers: Mapping[str, str]) -> None:
    """Keeps the sheet as it is now; empty answers are not kept.

    Raises:
        TutorError: an answer, or their number, is beyond what a sheet holds; or there is no such talk, or no longer.
    """
    kept = {row: answer for row, answer in answers.items() if answer}
    longest = max((len(text) for pair in kept.items() for text in pair), default=0)
    if longest > LONGEST_ANSWER or len(kept) > MOST_ANSWERS:
        raise TutorError(
            f"A sheet holds {MOST_ANSWERS} answers of {LONGEST_ANSWER:,} characters each; this one has {len(kept):,}, "
            f"the longest of {longest:,}. Shorten it: the last change was not kept."
        )
    try:
        with to_write() as connection:
            connection.execute(sa.delete(sheets).where(sheets.c.talk == talk))
            connection.execute(sa.insert(sheets).values(talk=talk, answers=json.dumps(kept), saved_at=now()))
    except IntegrityError as error:
        raise TutorError("This lab was deleted meanwhile, so its sheet is not kept. Open it anew.") from error


def save_answers(talk: str, answers: Mapping[str, str]) -> None:
    """Keeps these answers on the talk's sheet, over those of the same rows; the other rows stay.

    Raises:
        TutorError: as `save_sheet` and `read_sheet` say.
    """
    save_sheet(talk, {**read_sheet(talk), **answers})


def read_note(name: str) -> str | None:
    """A small fact the tutor keeps, such as which mode an endpoint understands. Never a key."""
    with to_read() as connection:
        return connection.scalar(sa.select(notes.c.value).where(notes.c.name == name))


def save_note(name: str, value: str) -> None:
    """Writes a small fact down, over the old one."""
    with to_write() as connection:
        connection.execute(sa.delete(notes).where(notes.c.name == name))
        connection.execute(sa.insert(notes).values(name=name, value=value))
