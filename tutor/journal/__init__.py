"""What learners said, were told, and filled in: the personal half of what Noise Floor writes down.

A message is written before anybody judges it, a judgement before the reply, so that a kill or a reload loses nothing;
(talk, number) is unique, so nothing is there twice. It decides nothing and counts nothing.
"""

from tutor.journal.counts import count_model_turn, messages_of, messages_since, model_turns
from tutor.journal.sheets import read_note, read_sheet, save_note, save_sheet
from tutor.journal.transcripts import (
    Talk,
    TurnTaken,
    begin,
    delete,
    latest,
    new_learner,
    read,
    record_assessment,
    record_message,
    record_reply,
    set_open_question,
    talks,
)

__all__ = [
    "Talk",
    "TurnTaken",
    "begin",
    "count_model_turn",
    "delete",
    "latest",
    "messages_of",
    "messages_since",
    "model_turns",
    "new_learner",
    "read",
    "read_note",
    "read_sheet",
    "record_assessment",
    "record_message",
    "record_reply",
    "save_note",
    "save_sheet",
    "set_open_question",
    "talks",
]
