"""The gate: whether a message counts, and when a lab is complete. Code decides; a judge only gives its reading.

The count is never stored. It is read from the transcript: a turn counts when it was judged substantive and its reply
was saved. No number of messages, no waiting and no asking moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tutor.errors import JudgeFailure
from tutor.exchange import REQUIRED, Assessment, Exchange, Judge, Message
from tutor.judge import rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a learner stands in a lab. `hollow`: messages in a row, up to the last one, that did not count."""

    counted: int
    hollow: int

    @property
    def complete(self) -> bool:
        return self.counted >= REQUIRED


def standing(exchanges: Sequence[Exchange]) -> Standing:
    """What the transcript says. Counted needs a saved reply; the streak of hollow turns needs a judgement only."""
    hollow = 0
    for exchange in exchanges:
        if exchange.assessment is not None and not exchange.told:
            hollow = 0 if exchange.assessment.substantive else hollow + 1
    return Standing(counted=sum(exchange.counted for exchange in exchanges), hollow=hollow)


def assess(message: Message, judge: Judge, fallback: Judge) -> Assessment:
    """Rules first, then the judge, then the rules' veto. When the judge fails, the fallback judges and says so."""
    own = rules.own_words(message)
    if (settled := rules.settled(message, own)) is not None:
        return settled
    try:
        given = judge.assess(message)
    except JudgeFailure as failure:
        given = replace(fallback.assess(message), notice=f"{judge.name} gave no judgement ({failure}); judged locally.")
    return rules.veto(message, own, given)
