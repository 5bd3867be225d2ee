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
from tutor.exchange import REQUIRED, Assessment, Exchange, Message
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

    counted           exchanges that counted
    uncounted_streak  messages in a row, up to the last one, that did not count
    """

    counted: int
    uncounted_streak: int

    @property
    def complete(self) -> bool:
        return self.counted >= REQUIRED


def lab_progress(exchanges: Sequence[Exchange]) -> LabProgress:
    """What the transcript says. Counted needs a saved reply; the uncounted streak needs a judgement only."""
    streak = 0
    for exchange in exchanges:
        if exchange.assessment is not None and not exchange.told:
            streak = 0 if exchange.assessment.substantive else streak + 1
    return LabProgress(counted=sum(exchange.counted for exchange in exchanges), uncounted_streak=streak)


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
