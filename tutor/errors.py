"""What can go wrong in a talk, as types. All are EngineErrors, so a page shows them as messages."""

from __future__ import annotations

from engine import EngineError
from engine.models import RequestFailure


class TutorError(EngineError):
    """Anything the tutor cannot do; the learner's message is kept whenever it is raised."""


class EndpointFailure(TutorError, RequestFailure):
    """The endpoint did not do its part. `step` names which: address, key, model, chat, stream, schema."""


class FetchFailure(TutorError):
    """The weights of the tutor's own model could not be brought here. What came of them is kept."""


class JudgeFailure(TutorError):
    """A judge gave no usable judgement; the local judge takes over."""
