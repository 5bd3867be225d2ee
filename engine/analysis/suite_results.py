"""What the battles of a suite come to: each task on its own, all of them together, and the scores above chance.

A score above chance is (score - chance) / (1 - chance): 0 is guessing, 1 is perfect. The Open LLM Leaderboard shows
scores below 0 as 0, and so do the scores here. Gaps and their intervals are of the scores before that. Cutting first
would shrink every gap in which one of the two is below chance, to nothing where both are, and always towards 0: with
A at -3 and B at +1 points, 4 points were measured and 1 would be told, with an interval as narrow as if it were so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from engine.analysis.suites import Suite, SuiteTask
from engine.battles.rescoring import rescored_result
from engine.battles.result import BattleResult
from engine.errors import CallerMistake
from engine.stats.multiplicity import AdjustedVerdicts, adjusted
from engine.stats.verdict import Verdict, compare
from engine.tasks.task import Item

ScorePair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTaskResult:
    """One task of a suite.

    verdict  on the scores as they are, every item counted once
    above    the same on the scores above chance, averaged as the suite has it; neither end is cut at 0
    shown    what the leaderboard would print of A and B: above chance, and never below 0
    plain    the scores as they are, averaged as the suite has it
    failed   answers of both sides that have no score, and cost their pairs
    """

    task: SuiteTask
    battle_id: str
    verdict: Verdict
    above: Verdict
    shown: ScorePair
    plain: ScorePair
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """All tasks of a suite that were run, by name, and the reasons why others were not.

    raw, above  the tasks judged together, on the scores as they are and above chance
    average     of A and B as the suite takes it; None unless every task was run
    """

    suite: Suite
    tasks: Mapping[str, SuiteTaskResult]
    skipped: Mapping[str, str]
    raw: AdjustedVerdicts
    above: AdjustedVerdicts
    average: ScorePair | None


def suite_result(
    suite: Suite, results: Sequence[tuple[SuiteTask, BattleResult]], skipped: Mapping[str, str]
) -> SuiteResult:
    """Judge the battles of a suite together. One that left too few pairs counts as skipped.

    suite    what was asked for
    results  the tasks that were run, each with its battle
    skipped  why others were not, by name

    Raises:
        CallerMistake: none is left.
    """
    tasks: dict[str, SuiteTaskResult] = {}
    missing = dict(skipped)
    for task, result in results:
        try:
            tasks[task.name] = suite_task_result(task, result)
        except CallerMistake as error:
            missing[task.name] = str(error)
    if not tasks:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
        raise CallerMistake(f"No battle of the preset {suite.name} can be judged. {reasons}")
    average = None
    if not missing:
        a, b = zip(*((task.plain if suite.scale == "raw" else task.shown) for task in tasks.values()), strict=True)
        average = fmean(a), fmean(b)
    return SuiteResult(
        suite=suite,
        tasks=tasks,
        skipped=missing,
        raw=adjusted({name: task.verdict for name, task in tasks.items()}),
        above=adjusted({name: task.above for name, task in tasks.items()}),
        average=average,
    )


def suite_task_result(task: SuiteTask, result: BattleResult) -> SuiteTaskResult:
    """Judge one battle of a suite.

    Raises:
        CallerMistake: it is not complete, left fewer than two pairs, or its items are no longer on this machine.
    """
    verdict = result.verdict
    if result.anytime:
        raise CallerMistake(
            f"Battle {result.battle.id} is {result.state} after {len(result.pairs):,} of {result.battle.n:,} items. "
            f"To go on: python -m engine battle --resume {result.battle.id}"
        )
    if verdict is None:
        first = result.failures[0][1].message
        raise CallerMistake(f"Battle {result.battle.id} left {len(result.pairs)} pairs. First failure: {first}.")
    items = result.items
    pairs = _scores(task, result, items)
    if task.rules:
        verdict = _verdict(list(pairs.values()), verdict)
    groups: dict[str, list[tuple[Item, ScorePair]]] = {}
    for name, pair in pairs.items():
        group = items[name].group if task.averaged == "groups" else ""
        groups.setdefault(group, []).append((items[name], pair))
    chances = {group: _chance(task, group, [item for item, _ in members]) for group, members in groups.items()}
    scores = {group: [pair for _, pair in members] for group, members in groups.items()}
    means = {group: _mean_pair(pairs_of) for group, pairs_of in scores.items()}
    shown = [tuple(max(0.0, above_chance(score, chances[group])) for score in means[group]) for group in groups]
    return SuiteTaskResult(
        task=task,
        battle_id=result.battle.id,
        verdict=verdict,
        above=_averaged(verdict, scores, chances) if len(groups) > 1 else _rescaled(verdict, *chances.values()),
        shown=_mean_pair(shown),
        plain=_mean_pair(list(means.values())),
        failed=len(result.failures),
    )


def above_chance(score: float, chance: float) -> float:
    """The score where 0 is guessing and 1 perfect; below 0 where guessing does better.

    >>> above_chance(0.625, 0.25)
    0.5
    """
    return (score - chance) / (1 - chance)


def _chance(task: SuiteTask, group: str, items: Sequence[Item]) -> float:
    if isinstance(task.chance, Mapping):
        return task.chance[group]
    if task.chance is not None:
        return task.chance
    return fmean((len(item.golds) or 1) / len(item.choices) for item in items)


def _scores(task: SuiteTask, result: BattleResult, items: Mapping[str, Item]) -> dict[str, ScorePair]:
    """The pairs as the task scores them. Weights are divided by their mean, so the mean is that of what they count."""
    if not task.rules:
        return {name: (a.score, b.score) for name, a, b in result.pairs}
    by_rule: dict[str, list[ScorePair]] = {}
    for rule, weight in task.rules.items():
        pairs = rescored_result(result, items, rule).pairs
        mean_weight = fmean(weight(items[name]) for name, _, _ in pairs)
        for name, a, b in pairs:
            share = weight(items[name]) / mean_weight
            by_rule.setdefault(name, []).append((a.score * share, b.score * share))
    return {name: _mean_pair(scores) for name, scores in by_rule.items()}


def _verdict(pairs: Sequence[Sequence[float]], like: Verdict) -> Verdict:
    """The verdict on these pairs by the rules of another one."""
    a, b = zip(*pairs, strict=True)
    level, margin = like.interval.level, like.margin
    return compare(a, b, level=level, margin=margin, names=like.names, population=like.population)


def _mean_pair(pairs: Sequence[Sequence[float]]) -> ScorePair:
    a, b = zip(*pairs, strict=True)
    return fmean(a), fmean(b)


def _rescaled(verdict: Verdict, chance: float) -> Verdict:
    """The same verdict where perfect is 1 above chance: everything measured in scores grows alike."""
    scale, interval = 1 - chance, verdict.interval
    return replace(
        verdict,
        a_score=above_chance(verdict.a_score, chance),
        b_score=above_chance(verdict.b_score, chance),
        gap=verdict.gap / scale,
        interval=replace(interval, low=interval.low / scale, high=interval.high / scale),
        margin=verdict.margin / scale,
        detectable_gap=verdict.detectable_gap / scale,
    )


def _averaged(verdict: Verdict, groups: Mapping[str, Sequence[ScorePair]], chances: Mapping[str, float]) -> Verdict:
    """The verdict on the mean of the groups' scores above chance.

    An item counts for as much as it moves that mean: 1 / (items of its group) of one of the groups. What the groups'
    gaps differ by is taken for noise too, which errs on the safe side.
    """
    weighted = []
    for group, pairs in groups.items():
        weight = verdict.n / len(pairs) / len(groups)
        weighted += [tuple(above_chance(score, chances[group]) * weight for score in pair) for pair in pairs]
    return _verdict(weighted, verdict)
