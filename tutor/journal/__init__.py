"""What learners said, were told, and filled in: the personal half of what Noise Floor writes down.

A message is written before anybody judges it, a judgement before the reply, so that a kill or a reload loses nothing;
(talk, number) is unique, so nothing is there twice. It decides nothing and counts nothing.
"""

from tutor.journal.connection import check_writable
from tutor.journal.counts import count_model_turn, messages_of, messages_since, model_turns, size
from tutor.journal.learners import (
    delete,
    device_id,
    has_code,
    has_written,
    learner_of,
    new_resume_code,
    resume,
)
from tutor.journal.sheets import LONGEST_ANSWER, read_note, read_sheet, save_answers, save_note, save_sheet
from tutor.journal.transcripts import (
    Talk,
    TurnTaken,
    begin,
    draft,
    keep,
    latest,
    latest_by_lab,
    read,
    record_assessment,
    record_message,
    record_reply,
    set_open_question,
    talks,
)

__all__ = [
    "LONGEST_ANSWER",
    "Talk",
    "TurnTaken",
    "begin",
    "check_writable",
    "count_model_turn",
    "delete",
    "device_id",
    "draft",
    "has_code",
    "has_written",
    "keep",
    "latest",
    "latest_by_lab",
    "learner_of",
    "messages_of",
    "messages_since",
    "model_turns",
    "new_resume_code",
    "read",
    "read_note",
    "read_sheet",
    "record_assessment",
    "record_message",
    "record_reply",
    "resume",
    "save_answers",
    "save_note",
    "save_sheet",
    "set_open_question",
    "size",
    "talks",
]
