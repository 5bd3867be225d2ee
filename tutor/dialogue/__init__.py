"""The dialogue: what the tutor does next and in which words, the talk that is written down, and what of it is kept."""

from tutor.dialogue import measured
from tutor.dialogue.authored_voice import status_line
from tutor.dialogue.glossary import TermSpan, terms_in
from tutor.dialogue.measured import Measuring
from tutor.dialogue.policy import DialogueMove, next_move
from tutor.dialogue.summary import Summary, summarise
from tutor.dialogue.talk import (
    MESSAGE_LIMIT,
    Tutor,
    add_message,
    respond,
    resume,
    start_over,
    switch_case,
    unanswered_turn,
)
from tutor.dialogue.transcript import transcript_json, transcript_text

__all__ = [
    "MESSAGE_LIMIT",
    "DialogueMove",
    "Measuring",
    "Summary",
    "TermSpan",
    "Tutor",
    "add_message",
    "measured",
    "next_move",
    "respond",
    "resume",
    "start_over",
    "status_line",
    "summarise",
    "switch_case",
    "terms_in",
    "transcript_json",
    "transcript_text",
    "unanswered_turn",
]
