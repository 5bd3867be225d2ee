"""Several tasks at once: which verdicts stand when there were many chances to be lucky.

Twenty tasks on which two contenders are equally good name a winner once by luck alone. Holm's correction (1979,
Scandinavian Journal of Statistics 6:65) keeps the chance of any false winner among all tasks below 1 - level.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from engine.errors import CallerMistake, Mismatch
from engine.stats.interval import Interval
from engine.stats.paired import Winner
from engine.stats.verdict import Verdict

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedVerdicts:
    """What several verdicts on the same two contenders show together, each by the name of its task.

    outcomes  the winner of each task; `undecided` where its gap was above the noise alone, and is not among so many
    p_values  of each gap, multiplied as Holm asks: below 1 - level means above the noise among all tasks
    gap       the mean of the tasks' gaps, A minus B, whatever their sizes
    interval  of `gap`, on other items of these same tasks
    """

    names: tuple[str, str]
    level: float
    verdicts: Mapping[str, Verdict]
    outcomes: Mapping[str, Winner]
    p_values: Mapping[str, float]
    gap: float
    interval: Interval

    def count(self, outcome: Winner) -> int:
        """On how many tasks that is the outcome."""
        return sum(each == outcome for each in self.outcomes.values())

    @property
    def taken_back(self) -> tuple[str, ...]:
        """The tasks whose winner was one alone and is none among so many."""
        return tuple(task for task, outcome in self.outcomes.items() if outcome != self.verdicts[task].winner)


def adjusted(verdicts: Mapping[str, Verdict]) -> AdjustedVerdicts:
    """Judge tasks together; `equal` and `undecided` stay what they are, a winner must survive the correction.

    The interval of the mean gap adds the distances of each task's ends from its gap in squares (MOVER, Zou & Donner
    2008, Statistics in Medicine 27:1693), as tasks that share no items err independently.

    verdicts  by the name of the task, all on the same two contenders and at one level

    >>> from engine.stats.verdict import compare
    >>> lead = compare([1] * 9 + [0] * 11, [0] * 20)
    >>> luck = compare([1] * 7 + [0] * 13, [1] + [0] * 19)
    >>> together = adjusted({"sky": lead, "sea": luck})
    >>> together.outcomes["sky"], round(together.p_values["sky"], 4), round(together.gap, 3)
    ('a', 0.0078, 0.375)

    Raises:
        CallerMistake: no verdict at all, or verdicts at different levels.
        Mismatch: verdicts on different contenders.
    """
    if not verdicts:
        raise CallerMistake("A battery needs at least 1 verdict; got none.")
    levels = {verdict.interval.level for verdict in verdicts.values()}
    if len(levels) > 1:
        listed = ", ".join(f"{level:g}" for level in sorted(levels))
        raise CallerMistake(f"The verdicts are at different levels ({listed}): judge all of them at one.")
    pairs = {verdict.names for verdict in verdicts.values()}
    if len(pairs) > 1:
        listed = ", ".join(f"{a} against {b}" for a, b in sorted(pairs))
        raise Mismatch(f"The verdicts are on different contenders ({listed}): a battery is about the same two.")
    level, p_values = levels.pop(), holm({task: verdict.p_value for task, verdict in verdicts.items()})
    every = verdicts.values()
    gap = math.fsum(verdict.gap for verdict in every) / len(verdicts)
    return AdjustedVerdicts(
        names=pairs.pop(),
        level=level,
        verdicts=dict(verdicts),
        outcomes={task: adjusted_winner(verdict, p_values[task]) for task, verdict in verdicts.items()},
        p_values=p_values,
        gap=gap,
        interval=Interval(
            low=gap - math.hypot(*(verdict.gap - verdict.interval.low for verdict in every)) / len(verdicts),
            high=gap + math.hypot(*(verdict.interval.high - verdict.gap for verdict in every)) / len(verdicts),
            level=level,
            method=f"MOVER, mean of {len(verdicts)} tasks",
        ),
    )


def adjusted_winner(verdict: Verdict, p_value: float) -> Winner:
    """What a verdict comes to among others: a winner must survive the correction, the rest stays as it is.

    p_value  of the verdict's gap, as `holm` adjusted it
    """
    survives = verdict.winner in ("equal", "undecided") or p_value < 1 - verdict.interval.level
    return verdict.winner if survives else "undecided"


def holm(p_values: Mapping[Name, float]) -> dict[Name, float]:
    """Holm's adjustment: the smallest p-value times their number, the next times one less; order is kept."""
    ranked = sorted(p_values, key=p_values.__getitem__)
    adjusted, most = dict(p_values), 0.0
    for rank, task in enumerate(ranked):
        most = max(most, min(1.0, (len(ranked) - rank) * p_values[task]))
        adjusted[task] = most
    return adjusted
