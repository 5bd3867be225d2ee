"""The local judge in a process of its own, so that reading one message keeps no page waiting.

Its weights are in memory once, in that process and not in the one that serves pages; a message that would take long
is stopped there. It gives the same judgements: what it calls is `LocalJudge`.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from engine.isolation import Busy, IsolatedFunction, LimitExceeded, Limits, Pool
from labs import case_of, load_lab
from tutor.errors import JudgeFailure
from tutor.exchange import Assessment, Message
from tutor.judge.local import classifier
from tutor.judge.rules import OwnWords, extract_own_words

ASSESS = IsolatedFunction(
    name="tutor.judge.local.pooled:assess_request",
    doing="Reading this message",
    instead="It is kept: ask for the reply again.",
    limits=Limits(memory=1 << 30, computing=20, time=30, output=1 << 16, turn=30),
)
LOAD = IsolatedFunction(
    name="tutor.judge.local.pooled:load",
    doing="Loading the judge",
    instead="A message loads it too.",
    limits=ASSESS.limits,
)
CALLS = 20_000
"""Messages that one process reads: it keeps nothing of them, and another would load the weights anew."""
_assessment = TypeAdapter(Assessment)


class PooledJudge:
    """A `Judge` (assessment.py): the local one, called in a limited process that is started when first needed."""

    def __init__(self) -> None:
        self._pool = Pool(size=1, functions=(ASSESS, LOAD), nice=0, calls=CALLS)

    def load(self) -> None:
        """Has the process started and the weights loaded, so that the first message need not wait for it.

        Raises:
            LimitExceeded: it takes too long.
        """
        self._pool.call(LOAD, None)

    @property
    def name(self) -> str:
        """As assessments have it, found out without loading the judge."""
        return classifier.name_here()

    def assess(self, message: Message, own: OwnWords) -> Assessment:
        """The local judge's assessment. `own` is worked out once more there: that is cheaper than to send it.

        Raises:
            JudgeFailure: it hit a limit, or its turn did not come in time.
        """
        request = {
            "lab": message.lab.slug,
            "case": message.case.id,
            "tutor": message.tutor,
            "learner": message.learner,
            "question": message.question,
            "earlier": message.earlier,
            "counted": message.counted,
            "shown": message.shown,
        }
        try:
            return _assessment.validate_python(self._pool.call(ASSESS, request))
        except (LimitExceeded, Busy) as error:
            raise JudgeFailure(str(error)) from error


def load(_: None) -> None:
    """What `PooledJudge.load` asks for, in its process."""
    classifier.loaded_judge()


def assess_request(request: dict[str, Any]) -> dict[str, Any]:
    """What `PooledJudge` asks for, in its process: an assessment for a message of a lab that is known by its slug."""
    lab = load_lab(request["lab"])
    message = Message(
        lab=lab,
        case=case_of(lab, request["case"]),
        tutor=request["tutor"],
        learner=request["learner"],
        question=request["question"],
        earlier=tuple(request["earlier"]),
        counted=tuple(request["counted"]),
        shown=tuple(request["shown"]),
    )
    return asdict(classifier.loaded_judge().assess(message, extract_own_words(message)))


@cache
def local_judge() -> PooledJudge:
    """The one that this process asks."""
    return PooledJudge()
