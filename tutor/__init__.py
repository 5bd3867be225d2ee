"""Talks with a learner about a lab: judges what is said, asks the next question, keeps the transcript.

Works without any endpoint; with one, a model speaks and may judge. Knows the labs and the engine's face, and nothing of
screens. The rooms are its subpackages (`from tutor import dialogue, journal, judge`); the nouns, the set-up and the
endpoint are here. Nothing is loaded before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.lazy import lazy_face

if TYPE_CHECKING:
    from tutor.configuration import configured_tutor, last_exam, local_tutor, take_exam
    from tutor.diagnosis import STEPS, Step, check
    from tutor.dialogue.talk import Tutor
    from tutor.endpoint import TutorEndpoint
    from tutor.exchange import REQUIRED, SUBSTANTIVE, WHYS, Assessment, Evidence, Exchange, Message, Point

__all__, __getattr__, __dir__ = lazy_face(
    __name__,
    {
        "tutor.configuration": ("configured_tutor", "last_exam", "local_tutor", "take_exam"),
        "tutor.dialogue.talk": ("Tutor",),
        "tutor.exchange": ("REQUIRED", "SUBSTANTIVE", "WHYS", "Assessment", "Evidence", "Exchange", "Message", "Point"),
        "tutor.diagnosis": ("STEPS", "Step", "check"),
        "tutor.endpoint": ("TutorEndpoint",),
    },
)
