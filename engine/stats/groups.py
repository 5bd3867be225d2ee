"""The score of a benchmark that comes in groups: over all items (micro), or over the groups (macro).

Groups are subjects, subtasks or categories. Both means, and their standard errors, are those of lm-eval's groups with
and without `weight_by_size`, so that they can be put beside published ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean of scores and its standard error; None where nothing shows how far the scores spread."""

    score: float
    error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The items of one group by themselves."""

    name: str
    n: int
    mean: Mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """A score, or a gap, over groups of items. `micro` counts every item once, `macro` every group."""

    groups: tuple[Group, ...]
    micro: Mean
    macro: Mean


def aggregate(groups: Mapping[str, Sequence[float]]) -> Aggregate:
    """From the scores of each group, or from the differences of two contenders' scores; no group is empty.

    A group of one item shows no spread: it has no part in the pooled variance behind the micro error, and the macro
    error is unknown (lm-eval then gives neither).
    """
    by_group = tuple(Group(name=name, n=len(scores), mean=mean_of(scores)) for name, scores in groups.items())
    return Aggregate(
        groups=by_group,
        micro=Mean(score=fmean(score for scores in groups.values() for score in scores), error=_micro_error(by_group)),
        macro=Mean(score=fmean(group.mean.score for group in by_group), error=_macro_error(by_group)),
    )


def mean_of(scores: Sequence[float]) -> Mean:
    """The mean with sd / sqrt(n), the sd over n - 1."""
    return Mean(score=fmean(scores), error=stdev(scores) / math.sqrt(len(scores)) if len(scores) > 1 else None)


def _micro_error(groups: Sequence[Group]) -> float | None:
    """sqrt(sum (n_i - 1) n_i se_i^2 / (N - k) / N): the variance pooled inside k groups, over all N items."""
    n = sum(group.n for group in groups)
    freedom = n - len(groups)
    if not freedom:
        return None
    squares = math.fsum((g.n - 1) * g.n * g.mean.error**2 for g in groups if g.mean.error is not None)
    return math.sqrt(squares / freedom / n)


def _macro_error(groups: Sequence[Group]) -> float | None:
    """sqrt(sum se_i^2) / k: the groups' errors are independent of one another."""
    errors = [group.mean.error for group in groups]
    return None if None in errors else math.hypot(*(error for error in errors if error is not None)) / len(groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregates:
    """Both sides of a battle, and their gap, A minus B, item by item."""

    a: Aggregate
    b: Aggregate
    gap: Aggregate


def aggregates(pairs: Mapping[str, Sequence[tuple[float, float]]]) -> Aggregates:
    """From the scores (A, B) of each group's items."""
    return Aggregates(
        a=aggregate({name: [a for a, _ in scores] for name, scores in pairs.items()}),
        b=aggregate({name: [b for _, b in scores] for name, scores in pairs.items()}),
        gap=aggregate({name: [a - b for a, b in scores] for name, scores in pairs.items()}),
    )
