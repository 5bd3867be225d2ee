"""What the battles of a preset come to: each task on its own, all of them together, and the scores above chance.

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
from engine.battles.evaluate import battle_items
from engine.battles.rescoring import read_by
from engine.battles.result import BattleResult
from engine.errors import CallerMistake
from engine.stats.multiplicity import AdjustedVerdicts, adjusted
from engine.stats.verdict import Verdict, compare
from engine.tasks.task import Item

ScorePair = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTaskResult:
    """One task of a preset.

    verdict  on the scores as they are, every item counted once
    above    the same on the scores above chance, averaged as the preset has it; neither end is cut at 0
    shown    what the leaderboard would print of A and B: above chance, and never below 0
    plain    the scores as they are, averaged as the preset has it
    failed   answers of both sides that have no score, and cost their pairs
    """

    exam: SuiteTask
    battle_id: str
    verdict: Verdict
    above: Verdict
    shown: ScorePair
    plain: ScorePair
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """All tasks of a preset that were fought, by name, and the reasons why others were not.

    raw, above  the tasks judged together, on the scores as they are and above chance
    average     of A and B as the preset takes it; None unless every task was fought
    """

    preset: Suite
    tasks: Mapping[str, SuiteTaskResult]
    skipped: Mapping[str, str]
    raw: AdjustedVerdicts
    above: AdjustedVerdicts
    average: ScorePair | None


def suite_result(
    preset: Suite, results: Sequence[tuple[SuiteTask, BattleResult]], skipped: Mapping[str, str]
) -> SuiteResult:
    """Judge the battles of a preset together. One that left too few pairs counts as skipped.

    Raises:
        CallerMistake: none is left.
    """
    tasks: dict[str, SuiteTaskResult] = {}
    lost = dict(skipped)
    for exam, result in results:
        try:
            tasks[exam.task] = suite_task_result(exam, result)
        except CallerMistake as error:
            lost[exam.task] = str(error)
    if not tasks:
        told = "; ".join(f"{task}: {why}" for task, why in lost.items())
        raise CallerMistake(f"No battle of the preset {preset.name} can be judged. {told}")
    average = None
    if not lost:
        a, b = zip(*((one.plain if preset.scale == "raw" else one.shown) for one in tasks.values()), strict=True)
        average = fmean(a), fmean(b)
    return SuiteResult(
        preset=preset,
        tasks=tasks,
        skipped=lost,
        raw=adjusted({name: one.verdict for name, one in tasks.items()}),
        above=adjusted({name: one.above for name, one in tasks.items()}),
        average=average,
    )


def suite_task_result(exam: SuiteTask, result: BattleResult) -> SuiteTaskResult:
    """Judge one battle of a preset.

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
    items = {item.id: item for item in battle_items(result.battle, result.task)}
    told = _scores(exam, result, items)
    if exam.rules:
        verdict = _judged(list(told.values()), verdict)
    groups: dict[str, list[tuple[Item, ScorePair]]] = {}
    for name, pair in told.items():
        group = items[name].group if exam.averaged == "groups" else ""
        groups.setdefault(group, []).append((items[name], pair))
    chances = {group: _chance(exam, group, [item for item, _ in held]) for group, held in groups.items()}
    scores = {group: [pair for _, pair in held] for group, held in groups.items()}
    means = {group: (fmean(a for a, _ in held), fmean(b for _, b in held)) for group, held in scores.items()}
    shown = [tuple(max(0.0, above_chance(one, chances[group])) for one in means[group]) for group in groups]
    return SuiteTaskResult(
        exam=exam,
        battle_id=result.battle.id,
        verdict=verdict,
        above=_averaged(verdict, scores, chances) if len(groups) > 1 else _rescaled(verdict, *chances.values()),
        shown=_mean_pair(shown),
        plain=_mean_pair(list(means.values())),
        failed=len(result.failures),
    )


def above_chance(score: float, chance: float) -> float:
    """The score where 0 is guessing and 1 perfect; below 0 where guessing does better."""
    return (score - chance) / (1 - chance)


def _chance(exam: SuiteTask, group: str, items: Sequence[Item]) -> float:
    if isinstance(exam.chance, Mapping):
        return exam.chance[group]
    if exam.chance is not None:
        return exam.chance
    return fmean((len(item.golds) or 1) / len(item.choices) for item in items)


def _scores(exam: SuiteTask, result: BattleResult, items: Mapping[str, Item]) -> dict[str, ScorePair]:
    """The pairs as the exam scores them. Weights are divided by their mean, so the mean is that of what they count."""
    if not exam.rules:
        return {name: (a.score, b.score) for name, a, b in result.pairs}
    by_rule: dict[str, list[ScorePair]] = {}
    for rule, weight in exam.rules.items():
        pairs = read_by(result, items, rule).pairs
        usual = fmean(weight(items[name]) for name, _, _ in pairs)
        for name, a, b in pairs:
            counts = weight(items[name]) / usual
            by_rule.setdefault(name, []).append((a.score * counts, b.score * counts))
    return {name: _mean_pair(found) for name, found in by_rule.items()}


def _judged(pairs: Sequence[ScorePair], like: Verdict) -> Verdict:
    """The verdict on these pairs by the rules of another one."""
    a, b = zip(*pairs, strict=True)
    level, margin = like.interval.level, like.margin
    return compare(a, b, level=level, margin=margin, names=like.names, population=like.population)


def _mean_pair(pairs: Sequence[Sequence[float]]) -> ScorePair:
    a, b = zip(*pairs, strict=True)
    return fmean(a), fmean(b)


def _rescaled(verdict: Verdict, chance: float) -> Verdict:
    """The same verdict where perfect is 1 above chance: everything measured in scores grows alike."""
    room, interval = 1 - chance, verdict.interval
    return replace(
        verdict,
        a_score=above_chance(verdict.a_score, chance),
        b_score=above_chance(verdict.b_score, chance),
        gap=verdict.gap / room,
        interval=replace(interval, low=interval.low / room, high=interval.high / room),
        margin=verdict.margin / room,
        detectable_gap=verdict.detectable_gap / room,
    )


def _averaged(verdict: Verdict, groups: Mapping[str, Sequence[ScorePair]], chances: Mapping[str, float]) -> Verdict:
    """The verdict on the mean of the groups' scores above chance.

    An item counts for as much as it moves that mean: 1 / (items of its group) of one of the groups. What the groups'
    gaps differ by is taken for noise too, which errs on the safe side.
    """
    counts = {group: verdict.n / len(held) / len(groups) for group, held in groups.items()}
    weighted = [
        (above_chance(a, chances[group]) * counts[group], above_chance(b, chances[group]) * counts[group])
        for group, held in groups.items()
        for a, b in held
    ]
    return _judged(weighted, verdict)
