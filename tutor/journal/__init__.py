"""What learners said, were told, and filled in: the personal half of what Noise Floor writes down.

A message is written before anybody judges it, a judgement before the reply, so that a kill or a reload loses nothing;
(talk, number) is unique, so nothing is there twice. It decides nothing and counts nothing.
"""

from tutor.journal.sheets import filled, keep_note, note, sheet
from tutor.journal.transcripts import (
    Taken,
    Talk,
    begin,
    delete,
    judged,
    latest,
    new_learner,
    read,
    replied,
    said,
    talks,
    turned_to,
)

__all__ = [
    "Taken",
    "Talk",
    "begin",
    "delete",
    "filled",
    "judged",
    "keep_note",
    "latest",
    "new_learner",
    "note",
    "read",
    "replied",
    "said",
    "sheet",
    "talks",
    "turned_to",
]
