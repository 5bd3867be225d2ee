"""Talks with a learner about a lab: judges what is said, asks the next question, keeps the transcript.

Works without any endpoint; with one, a model speaks and may judge. Knows the labs and the engine's face, and nothing of
screens. The rooms are its subpackages (`from tutor import dialogue, journal, judge`); the nouns, the set-up and the
endpoint are here. Nothing is loaded before it is asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tutor.configuration import EndpointNotes, configured_tutor, last_exam, local_tutor, take_exam
    from tutor.dialogue.talk import Tutor
    from tutor.exchange import REQUIRED, SUBSTANTIVE, WHYS, Assessment, Exchange, Message, Point
    from tutor.server import STEPS, Endpoint, Step, check

_WHERE = {
    "tutor.configuration": ("EndpointNotes", "configured_tutor", "last_exam", "local_tutor", "take_exam"),
    "tutor.dialogue.talk": ("Tutor",),
    "tutor.exchange": ("REQUIRED", "SUBSTANTIVE", "WHYS", "Assessment", "Exchange", "Message", "Point"),
    "tutor.server": ("STEPS", "Endpoint", "Step", "check"),
}
_MODULE_OF = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "REQUIRED",
    "STEPS",
    "SUBSTANTIVE",
    "WHYS",
    "Assessment",
    "Endpoint",
    "EndpointNotes",
    "Exchange",
    "Message",
    "Point",
    "Step",
    "Tutor",
    "check",
    "configured_tutor",
    "last_exam",
    "local_tutor",
    "take_exam",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_MODULE_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
