"""How far can the same weights move? One model asked again under other settings, and two models likewise.

Every run is a side of an ordinary battle: queued, resumed and kept like any other, and never run twice. A family is
the battles that name one battle as theirs: of a model measured against itself the first of them, which names itself;
of a battle between two models that battle, each repeated with both sides changed alike.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any, Literal, get_args

from engine import runs
from engine.analysis.variations import NotApplicable, Variation, not_applicable, variation, variations
from engine.battles import rescoring
from engine.battles.battle import SIDES, Battle, Contender, ItemFailure, ItemResult, Outcome
from engine.battles.evaluate import battle_items
from engine.battles.result import BattleResult
from engine.errors import BattleFailed, CallerMistake
from engine.models.registry import find
from engine.runs.request import BattleRequest
from engine.stats.interval import Interval, score_interval
from engine.stats.verdict import compare
from engine.store.ledger import Ledger
from engine.tasks.items import digest
from engine.tasks.registry import load_task
from engine.tasks.task import Task

Part = Literal["rerun", "protocol", "instrument"]
PARTS: tuple[Part, ...] = get_args(Part)
RUNS = ("protocol", "rerun")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreShift:
    """What one change did to the score, over the items that have a score both ways. Fractions."""

    part: Part
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
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessReport:
    """One model against itself: a score, and every way in which it was made to move."""

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

    def largest(self, part: Part) -> ScoreShift | None:
        """The move of a part that went furthest, either way; None where nothing of it was measured."""
        return max((m for m in self.measured if m.part == part), key=lambda m: abs(m.moved), default=None)

    @property
    def span(self) -> float:
        """From the lowest to the highest score that these weights got."""
        moved = [0.0, *(move.moved for move in self.measured)]
        return max(moved) - min(moved)

    @property
    def sentences(self) -> tuple[str, ...]:
        from engine.report.robustness import explain_robustness  # the words know the report, not the other way round

        return explain_robustness(self)

    def to_json(self) -> dict[str, Any]:
        """Fractions; a move is the score after the change minus the score before it."""
        return {
            **asdict(self),
            "moves": [{**asdict(move), "moved": move.moved} for move in self.moves],
            "not_measured": [why._asdict() for why in self.not_measured],
            "span": self.span,
            "sentences": list(self.sentences),
        }


# ---- planning


def plan(challenge: BattleRequest, parts: Collection[str] = PARTS) -> list[Battle]:
    """The battles that measure one model, A and B of the challenge alike; the first of them names the family.

    The model's own way of being asked and the variations of `parts` are paired off as sides; an odd one is paired
    with one more repetition.

    Raises:
        CallerMistake: whatever `runs.plan` refuses, or a part there is not.
    """
    if not parts or not set(parts) <= set(PARTS):
        raise CallerMistake(f"There is no part {', '.join(parts)!r} to measure. Use some of: {', '.join(PARTS)}.")
    first = runs.plan(challenge, itself=True)
    others = variations(load_task(first.task).over(first.item_ids), first.a.harness, first.device)
    sides = [first.a, *(replace(first.a, harness=v.harness) for v in others if v.part in parts)]
    if len(sides) % 2:
        sides.insert(1, first.a)
    ids = (first.id, *(secrets.token_hex(5) for _ in sides[2::2]))
    return [replace(first, id=i, a=a, b=b, of=first.id) for i, a, b in zip(ids, sides[::2], sides[1::2], strict=True)]


def plan_family(battle: Battle, limit: int, parts: Collection[str] = RUNS) -> list[Battle]:
    """For each variation that both contenders can be given, the battle over its first `limit` items with both changed.

    Raises:
        CallerMistake: fewer than 2 items, or items on this machine that are not the battle's.
    """
    if limit < 2:
        raise CallerMistake(f"{limit} items are too few: a gap and its noise need at least 2 items.")
    items = battle_items(battle, load_task(battle.task))[:limit]
    over = {"item_ids": tuple(item.id for item in items), "items_digest": digest(items), "stop": "planned"}
    plain = replace(battle, **over, of=battle.id, card=None)  # type: ignore[arg-type]
    a, b = ({(v.part, v.label): v.harness for v in _variations_of(battle, battle.contender(side))} for side in SIDES)
    return [
        replace(
            plain,
            id=secrets.token_hex(5),
            a=replace(battle.a, harness=a[key]),
            b=replace(battle.b, harness=b[key]),
        )
        for key in a
        if key in b and key[0] in parts
    ]


def _variations_of(battle: Battle, contender: Contender) -> tuple[Variation, ...]:
    device = "endpoint" if find(contender.model).kind == "endpoint" else battle.device
    return variations(load_task(battle.task).over(battle.item_ids), contender.harness, device)


# ---- running


def start(battles: Sequence[Battle]) -> str:
    """Queues all of them. Returns the id of the family."""
    for battle in battles:
        runs.start(battle)
    return battles[0].of


def family(battle_id: str) -> list[BattleResult]:
    """The battles of a family as far as they have come, in the order they were planned."""
    with Ledger() as ledger:
        ids = [entry.battle.id for entry in ledger.family(battle_id)]
    return [runs.result(found) for found in ids]


def stop(battle_id: str) -> None:
    """Stops what is still open of a family, the last first, so that none begins because one before it has ended."""
    for result in reversed(family(battle_id)):
        runs.stop(result.battle.id)


def resume(battle_id: str) -> None:
    """Puts what was stopped or failed of a family back into the queue."""
    for result in family(battle_id):
        runs.resume(result.battle.id)


# ---- the report


def report(family_id: str, parts: Collection[str] = PARTS) -> RobustnessReport:
    """What moved the score of the model that a family measures against itself.

    Raises:
        CallerMistake: there is no such measurement.
        BattleFailed: its first run is not complete, or left fewer than two scores.
    """
    found = family(family_id)
    if not found or found[0].battle.id != family_id:
        raise CallerMistake(
            f"There is no measurement of noise {family_id!r} here. To make one: python -m engine noise --help"
        )
    first = found[0]
    own, task, level = first.battle.a.harness, first.task, first.battle.level
    base = first.a
    scored = [outcome.score for outcome in base.values() if isinstance(outcome, ItemResult)]
    if len(base) < first.battle.n or len(scored) < 2:
        raise BattleFailed(
            f"The first run of {family_id} has {len(scored)} scores for {first.battle.n} items and is {first.state}: "
            f"nothing can be compared with it. To go on: python -m engine noise --resume {family_id}"
        )
    told = [*_runs(found, base, level), *_instrument(first, level), *not_applicable(task, own, first.battle.device)]
    told += [NotApplicable(part, "all of it", "not asked for") for part in PARTS if part not in parts]
    known = {(found.part, found.label) for found in told}
    untried = (v for v in variations(task, own, first.battle.device) if (v.part, v.label) not in known)
    told += [NotApplicable(v.part, v.label, "not run") for v in untried]
    wanted = [w for w in told if w.part in parts or w.label == "all of it"]
    return RobustnessReport(
        id=family_id,
        name=find(first.battle.a.model).title,
        task=task.title,
        n=len(scored),
        planned=first.battle.n,
        score=fmean(scored),
        interval=score_interval(round(sum(scored)), len(scored), level),
        moves=tuple(w for w in wanted if isinstance(w, ScoreShift)),
        not_measured=tuple(w for w in wanted if isinstance(w, NotApplicable)),
    )


def _runs(
    found: Sequence[BattleResult], base: Mapping[str, Outcome], level: float
) -> Iterator[ScoreShift | NotApplicable]:
    """Every run but the first, against the first."""
    own, repeated = found[0].battle.a.harness, 0
    for result, side in [(result, side) for result in found for side in SIDES][1:]:
        harness = result.battle.contender(side).harness
        changed = variation(own, harness)
        repeated += harness == own
        label = "the same once more" if harness == own and repeated > 1 else changed.label
        outcomes = result.a if side == "a" else result.b
        if len(outcomes) == result.battle.n:
            yield _move(changed.part, label, base, outcomes, level)
        else:
            yield NotApplicable(changed.part, label, _why_not(result))


def _why_not(result: BattleResult) -> str:
    with Ledger() as ledger:
        message = ledger.entry(result.battle.id).message
    return f"its run is {result.state}" + (f": {message.rstrip('.')}" if message else "")


def _move(
    part: Part, label: str, base: Mapping[str, Outcome], other: Mapping[str, Outcome], level: float
) -> ScoreShift | NotApplicable:
    both = [
        (x.score, y.score)
        for i, x in base.items()
        if isinstance(x, ItemResult) and isinstance(y := other.get(i), ItemResult)
    ]
    if len(both) < 2:
        return NotApplicable(part, label, f"only {len(both)} items have a score both ways")
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


def _instrument(first: BattleResult, level: float) -> Iterator[ScoreShift | NotApplicable]:
    """The outputs of the first run, read by every other rule the task knows."""
    task, own, base = first.task, first.battle.a.harness, first.a
    items = {item.id: item for item in battle_items(first.battle, task)}
    if not task.writes and all(len({len(choice) for choice in item.choices}) == 1 for item in items.values()):
        yield NotApplicable("instrument", "another rule", "choices of one length, so every rule chooses alike")
    else:
        for rule in rescoring.rules(task):
            if rule == rescoring.rule_of(task, own):
                continue
            if why := rescoring.obstacle(task, items.values(), base.values(), rule):
                yield NotApplicable("instrument", rescoring.in_words(rule), why)
            else:
                read = {i: rescoring.rescore(task, items[i], outcome, own, rule) for i, outcome in base.items()}
                other = {i: ItemResult(item_id=i, score=score or 0.0) for i, score in read.items()}
                yield _move("instrument", rescoring.in_words(rule), base, other, level)
    yield from _bounds(task, base)


def _bounds(task: Task, base: Mapping[str, Outcome]) -> Iterator[ScoreShift | NotApplicable]:
    """Where the score would be, were all answers that nothing was read from right, or all wrong."""
    scored = {i: o for i, o in base.items() if isinstance(o, ItemResult)}
    cut_off = [i for i, o in base.items() if isinstance(o, ItemFailure) and o.text is not None]
    unread = [i for i, o in scored.items() if task.writes and o.answer is None]
    if not unread and not cut_off:
        why = "every answer was read" if task.writes else "choices are ranked, so every answer is read"
        yield NotApplicable("instrument", "unread answers", why)
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
