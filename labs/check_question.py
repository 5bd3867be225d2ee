"""A lab's check question, asked before the talk and after it: its options in two orders, and both answers.

Answers are kept on the talk's sheet under `BEFORE` and `AFTER`: the id of an option, or `SKIPPED`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from labs.lab import CheckOption, CheckQuestion, Lab

BEFORE, AFTER = "check.before", "check.after"
SKIPPED = "-"  # no option has this id


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """Both answers to a lab's check question, None where it was skipped; `right` is the best option."""

    before: CheckOption | None
    after: CheckOption | None
    right: CheckOption


def check_result(lab: Lab, answers: Mapping[str, str]) -> CheckResult | None:
    """What the learner answered, read from the answers of the talk's sheet; None until it was asked both times.

    Skipping counts as being asked. An option that the lab has no more is no answer. A lab without a check question has
    no result.
    """
    if lab.check is None or AFTER not in answers:
        return None
    options = {option.id: option for option in lab.check.options}
    return CheckResult(
        before=options.get(answers.get(BEFORE, SKIPPED)), after=options.get(answers[AFTER]), right=lab.check.best
    )


def in_order(check: CheckQuestion, talk: str, name: str) -> tuple[CheckOption, ...]:
    """The options as a learner sees them. No place is the better guess, and afterwards none is where it was before.

    check  the question
    talk   the id of the talk, which decides the order
    name   `BEFORE` or `AFTER`
    """
    options = list(check.options)
    random.Random(talk).shuffle(options)
    return tuple(options if name == BEFORE else reversed(options))
