"""Whether a message is substantive, what it states, and which belief it shows: by rules, locally, or by a model.

Nothing is loaded before it is asked for: whoever only counts exchanges pays for no weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.lazy import lazy_face

if TYPE_CHECKING:
    from tutor.judge.assessment import Judge, LabProgress, assess, lab_progress
    from tutor.judge.exam import Exam, accuracy, edition
    from tutor.judge.llm import LlmJudge
    from tutor.judge.local import LocalJudge, local_judge
    from tutor.judge.rules import OwnWords, extract_own_words

__all__, __getattr__, __dir__ = lazy_face(
    __name__,
    {
        "tutor.judge.assessment": ("Judge", "LabProgress", "assess", "lab_progress"),
        "tutor.judge.exam": ("Exam", "accuracy", "edition"),
        "tutor.judge.llm": ("LlmJudge",),
        "tutor.judge.local": ("LocalJudge", "local_judge"),
        "tutor.judge.rules": ("OwnWords", "extract_own_words"),
    },
)
