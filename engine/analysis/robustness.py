"""Robustness: how far the score of the same weights moves when only the settings change.

The runs are the repeats of a model against itself (`repeats.py`); here is what they show.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from engine import runs
from engine.analysis import repeats
from engine.analysis.repeats import SOURCES
from engine.analysis.variations import NotApplicable, variation, variations_of
from engine.battles import rescoring
from engine.battles.battle import SIDES, ItemFailure, ItemResult, Outcome
from engine.battles.result import BattleResult
from engine.errors import BattleFailed, CallerMistake
from engine.models.registry import title_of
from engine.stats.decomposition import GapSource
from engine.stats.interval import Interval, score_interval
from engine.stats.verdict import compare
from engine.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreShift:
    """What one change did to the score, over the items that have a score both variations. Fractions."""

    part: GapSource
    label: str
    n: int
    before: float
    after: float
    gained: int
    """Answers that were wrong and became right."""
    lost: int
    """Answers that were right and became wrong."""
    interval: Interval | None
    """Of the move, on other items of this kind. None for a bound, which is what may be and not what was measured."""

    @property
    def moved(self) -> float:
        """By how much the score rose; negative where it fell."""
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessReport:
    """One model against itself: a score, and every change under which it moved."""

    id: str
    name: str
    task: str
    n: int
    """Items that have a score in the first run."""
    planned: int
    score: float
    interval: Interval
    moves: tuple[ScoreShift, ...]
    not_measured: tuple[NotApplicable, ...]

    @property
    def measured(self) -> tuple[ScoreShift, ...]:
        """The moves that happened; bounds left out."""
        return tuple(move for move in self.moves if move.interval is not None)

    def largest(self, part: GapSource) -> ScoreShift | None:
        """The move of a part that went furthest, up or down; None where nothing of it was measured."""
        return max((m for m in self.measured if m.part == part), key=lambda m: abs(m.moved), default=None)

    @property
    def span(self) -> float:
        """From the lowest to the highest score that these weights got."""
        moved = [0.0, *(move.moved for move in self.measured)]
        return max(moved) - min(moved)


def report(battle_id: str, parts: Collection[str] = SOURCES) -> RobustnessReport:
    """What moved the score of a model that is measured against itself.

    battle_id  of the first of its battles
    parts      some of `SOURCES`; what was not asked for is listed as such

    Raises:
        CallerMistake: there is no such measurement.
        BattleFailed: its first run is not complete, or left fewer than two scores.
    """
    entries = repeats.entries(battle_id)
    if not entries or entries[0].battle.id != battle_id:
        raise CallerMistake(
            f"There is no measurement of noise {battle_id!r} here. To make one: python -m engine noise --help"
        )
    first = runs.result(battle_id)
    scores = [outcome.score for outcome in first.a.values() if isinstance(outcome, ItemResult)]
    if len(first.a) < first.battle.n or len(scores) < 2:
        raise BattleFailed(
            f"The first run of {battle_id} has {len(scores)} scores for {first.battle.n} items and is {first.state}: "
            f"nothing can be compared with it. To go on: python -m engine noise --resume {battle_id}"
        )
    level = first.battle.level
    results = [first, *(runs.result(entry.battle.id) for entry in entries[1:])]
    messages = {entry.battle.id: entry.message for entry in entries}
    variations = variations_of(first.battle, "a")
    measured = [*_runs(results, messages, level), *_scorers(first, level), *variations.impossible]
    omitted = [part for part in SOURCES if part not in parts]
    measured += [NotApplicable(part=part, label="all of it", reason="not asked for") for part in omitted]
    considered = {(each.part, each.label) for each in measured}
    untried = (each for each in variations.possible if (each.part, each.label) not in considered)
    measured += [NotApplicable(part=each.part, label=each.label, reason="not run") for each in untried]
    reported = [each for each in measured if each.part in parts or each.label == "all of it"]
    return RobustnessReport(
        id=battle_id,
        name=title_of(first.battle.a.model),
        task=first.task.title,
        n=len(scores),
        planned=first.battle.n,
        score=fmean(scores),
        interval=score_interval(round(sum(scores)), len(scores), level),
        moves=tuple(each for each in reported if isinstance(each, ScoreShift)),
        not_measured=tuple(each for each in reported if isinstance(each, NotApplicable)),
    )


def _runs(
    results: Sequence[BattleResult], messages: Mapping[str, str], level: float
) -> Iterator[ScoreShift | NotApplicable]:
    """Every run but the first, against the first."""
    own, base, same = results[0].battle.a.harness, results[0].a, 0
    for result, side in [(result, side) for result in results for side in SIDES][1:]:
        harness = result.battle.contender(side).harness
        change = variation(own, harness)
        same += harness == own
        label = "the same once more" if harness == own and same > 1 else change.label
        outcomes = result.a if side == "a" else result.b
        if len(outcomes) == result.battle.n:
            yield _shift(change.part, label, base, outcomes, level)
        else:
            message = messages[result.battle.id].rstrip(".")
            reason = f"its run is {result.state}" + (f": {message}" if message else "")
            yield NotApplicable(part=change.part, label=label, reason=reason)


def _shift(
    part: GapSource, label: str, base: Mapping[str, Outcome], other: Mapping[str, Outcome], level: float
) -> ScoreShift | NotApplicable:
    both = [
        (x.score, y.score)
        for i, x in base.items()
        if isinstance(x, ItemResult) and isinstance(y := other.get(i), ItemResult)
    ]
    if len(both) < 2:
        return NotApplicable(part=part, label=label, reason=f"only {len(both)} items have a score both ways")
    before, after = zip(*both, strict=True)
    return ScoreShift(
        part=part,
        label=label,
        n=len(both),
        before=fmean(before),
        after=fmean(after),
        gained=sum(y > x for x, y in both),
        lost=sum(y < x for x, y in both),
        interval=compare(after, before, level=level).interval,
    )


def _scorers(first: BattleResult, level: float) -> Iterator[ScoreShift | NotApplicable]:
    """The outputs of the first run, scored by every other rule the task knows."""
    task, own, base, items = first.task, first.battle.a.harness, first.a, first.items
    if not task.writes and all(len({len(choice) for choice in item.choices}) == 1 for item in items.values()):
        reason = "choices of one length, so every rule chooses alike"
        yield NotApplicable(part="instrument", label="another rule", reason=reason)
    else:
        for rule in rescoring.scoring_rules(task):
            label = rescoring.rule_label(rule)
            if rule == rescoring.rule_of(task, own):
                continue
            if obstacle := rescoring.obstacle(task, items.values(), base.values(), rule):
                yield NotApplicable(part="instrument", label=label, reason=obstacle)
            else:
                scores = {i: rescoring.rescored_score(task, items[i], old, own, rule) for i, old in base.items()}
                other = {i: ItemResult(item_id=i, score=score or 0.0) for i, score in scores.items()}
                yield _shift("instrument", label, base, other, level)
    yield from _bounds(task, base)


def _bounds(task: Task, base: Mapping[str, Outcome]) -> Iterator[ScoreShift | NotApplicable]:
    """Where the score would be, were all answers that nothing was read from right, or all wrong."""
    scored = {i: o for i, o in base.items() if isinstance(o, ItemResult)}
    cut_off = [i for i, o in base.items() if isinstance(o, ItemFailure) and o.text is not None]
    unread = [i for i, o in scored.items() if task.writes and o.answer is None]
    if not unread and not cut_off:
        reason = "every answer was read" if task.writes else "choices are ranked, so every answer is read"
        yield NotApplicable(part="instrument", label="unread answers", reason=reason)
        return
    right, n = sum(o.score for o in scored.values()), len(scored) + len(cut_off)
    for word, more in (("right", len(unread) + len(cut_off)), ("wrong", 0)):
        yield ScoreShift(
            part="instrument",
            label=f"{len(unread)} unread and {len(cut_off)} cut-off answers taken as {word}",
            n=n,
            before=right / len(scored),
            after=(right + more) / n,
            gained=len(unread) if more else 0,
            lost=0,
            interval=None,
        )
