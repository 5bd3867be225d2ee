"""The assessment policy: whether a message counts, and when a lab is complete. Code decides; a judge only advises it.

The count is never stored. It is read from the transcript: a turn counts when it was judged substantive and its reply
was saved. No number of messages, no waiting and no asking moves it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tutor.errors import EndpointFailure, JudgeFailure
from tutor.exchange import QUESTIONS_REQUIRED, REQUIRED, Assessment, Exchange, Message
from tutor.judge import rules

log = logging.getLogger(__name__)


class Judge(Protocol):
    """Anything that can judge a message by its own words. `name` is shown wherever its judgements are."""

    @property
    def name(self) -> str: ...

    def assess(self, message: Message, own: rules.OwnWords) -> Assessment:
        """Raises JudgeFailure when there is no usable judgement."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LabProgress:
    """How far a learner is in a lab.

    counted    exchanges that counted
    questions  different questions, belonging to a case or not, that they answered
    """

    counted: int
    questions: int

    @property
    def complete(self) -> bool:
        """Enough exchanges, and not all of them about one question."""
        return self.counted >= REQUIRED and self.questions >= QUESTIONS_REQUIRED


def lab_progress(exchanges: Sequence[Exchange], *, replied: bool = False) -> LabProgress:
    """What the transcript says.

    exchanges  the talk, oldest first
    replied    whether the last one is taken as it will be once its reply is saved; only then does an exchange count
    """
    counted = [exchange for exchange in exchanges if exchange.counted]
    last = exchanges[-1] if exchanges else None
    if replied and last is not None and not last.counted and last.assessment and last.assessment.substantive:
        counted.append(last)
    return LabProgress(counted=len(counted), questions=len({exchange.answers for exchange in counted}))


def assess(message: Message, judge: Judge, fallback: Judge | None = None) -> Assessment:
    """Rules first, then the judge, then the rules' veto. The learner's own words are worked out once for all three.

    message   what the learner wrote, in its setting
    judge     is asked when the rules alone settle nothing
    fallback  judges when `judge` fails, and the assessment says so

    Raises:
        JudgeFailure: the judge failed and there is no fallback.
    """
    own = rules.extract_own_words(message)
    if (settled := rules.assess_by_rules(message, own)) is not None:
        return settled
    try:
        given = judge.assess(message, own)
    except JudgeFailure as failure:
        if fallback is None:
            raise
        reason: object = failure
        if isinstance(failure.__cause__, EndpointFailure):  # it names the server; a learner reads the notice
            log.warning("%s", failure)
            reason = "it could not be asked"
        notice = f"{judge.name} gave no judgement ({reason}); judged locally."
        given = replace(fallback.assess(message, own), notice=notice)
    return rules.veto(given, own)
