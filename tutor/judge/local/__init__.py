"""The judge that needs no server: how it reads a message, what it learned, and the process it runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.lazy import lazy_face

if TYPE_CHECKING:
    from tutor.judge.local.classifier import LEARNED, LocalJudge, loaded_judge, name_here
    from tutor.judge.local.pooled import local_judge

__all__, __getattr__, __dir__ = lazy_face(
    __name__,
    {
        "tutor.judge.local.classifier": ("LEARNED", "LocalJudge", "loaded_judge", "name_here"),
        "tutor.judge.local.pooled": ("local_judge",),
    },
)
