"""Whether a message is substantive, what it applies, and which belief it shows: by rules, locally, or by a model.

Nothing is loaded before it is asked for: whoever only counts exchanges pays for no weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.lazy import lazy_face

if TYPE_CHECKING:
    from tutor.judge.assessment import Judge, LabProgress, assess, lab_progress
    from tutor.judge.local.encoder import LAYERS, MATRICES, SCALE, Encoder, weights_folder
    from tutor.judge.exam import Exam, accuracy, edition
    from tutor.judge.local.features import count_features, hash_words
    from tutor.text.languages import language_of
    from tutor.judge.llm import LlmJudge
    from tutor.judge.local import LocalJudge
    from tutor.judge.local.pooled import local_judge
    from tutor.judge.rules import OwnWords, extract_own_words

__all__, __getattr__, __dir__ = lazy_face(
    __name__,
    {
        "tutor.judge.assessment": ("Judge", "LabProgress", "assess", "lab_progress"),
        "tutor.judge.local.encoder": ("LAYERS", "MATRICES", "SCALE", "Encoder", "weights_folder"),
        "tutor.judge.exam": ("Exam", "accuracy", "edition"),
        "tutor.judge.local.features": ("count_features", "hash_words"),
        "tutor.text.languages": ("language_of",),
        "tutor.judge.llm": ("LlmJudge",),
        "tutor.judge.local": ("LocalJudge",),
        "tutor.judge.local.pooled": ("local_judge",),
        "tutor.judge.rules": ("OwnWords", "extract_own_words"),
    },
)
