"""The gap split into its sources: item luck, the instrument, the protocol, the rerun floor.

Each is measured by changing it alone: other items as the interval has them, the same outputs read again, both sides
run again in another way. Nothing here is assumed. An answer nobody could read may be right or wrong, so both ends are
computed and marked as bounds.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from itertools import permutations
from statistics import fmean
from typing import Literal

from engine.analysis.variations import NotApplicable, Variation, not_applicable, variation, variations
from engine.battles.battle import SIDES, Battle, ItemFailure, ItemResult, Outcome
from engine.battles.evaluate import battle_items
from engine.battles.rescoring import in_words, obstacle, rescore, rules
from engine.battles.result import BattleResult
from engine.errors import CallerMistake
from engine.harness.config import HarnessConfig
from engine.models.registry import find
from engine.stats.decomposition import Bar, GapDecomposition, GapSource, Remeasurement, SourceEffect
from engine.stats.paired import distinct_names
from engine.stats.verdict import Verdict
from engine.store.ledger import OPEN_STATES
from engine.tasks.task import Task

__all__ = [
    "Bar",
    "GapDecomposition",
    "Remeasurement",
    "SourceEffect",
    "instrument",
    "item_luck",
    "protocol",
    "reread",
    "rerun",
    "split",
    "split_of_scores",
]

Scores = Mapping[str, float | None]
"""One side's scores by item id; None where nothing could be read. An item that left no output is not there."""
Pair = tuple[Scores, Scores]

_SETTINGS = {"option_order", "wording", "shots", "shots_seed", "batch", "dtype"}
_TOO_FEW = "fewer than two pairs are complete"


def split(result: BattleResult, family: Sequence[BattleResult] = ()) -> GapDecomposition | None:
    """The gap of a battle in its parts; None while there is no verdict.

    family  the battles that repeat this one under another setting, as far as they have come
    """
    verdict = result.verdict
    if verdict is None:
        return None
    return _split(verdict, instrument(result), protocol(result, family), rerun(result, family))


def split_of_scores(
    verdict: Verdict,
    own: Pair,
    rules: Mapping[str, Pair],
    unread: tuple[Collection[str], Collection[str]] = ((), ()),
) -> GapDecomposition:
    """The gap between two stored runs in its parts: what their files hold is read again, nothing can be run again.

    own     the scores the verdict is about
    rules   every way the files score the same outputs, by its name, the verdict's own among them
    unread  ids of the items whose answer was cut off or not found
    """
    if len(rules) > 1 or any(unread) or any(score is None for side in own for score in side.values()):
        read = reread(verdict.names, verdict.gap, own, rules, unread)
    else:
        read = SourceEffect(
            source="instrument", about="the files score each answer once and name none that was not read"
        )
    return _split(
        verdict,
        read,
        SourceEffect(source="protocol", about="logs of both sides with one setting changed are needed"),
        SourceEffect(source="rerun", about="logs of both sides from a second run are needed"),
    )


def _split(verdict: Verdict, read: SourceEffect, asked: SourceEffect, ran: SourceEffect) -> GapDecomposition:
    return GapDecomposition(
        names=verdict.names,
        gap=verdict.gap,
        n=verdict.n,
        level=verdict.interval.level,
        margin=verdict.margin,
        parts=(item_luck(verdict), read, asked, ran),
        target=verdict.target,
    )


def item_luck(verdict: Verdict) -> SourceEffect:
    """How far the choice of items moves the gap: the verdict's interval, whatever method it is from."""
    interval = verdict.interval
    return SourceEffect(source="item luck", about=interval.method, low=interval.low, high=interval.high)


# ---- the instrument: the same outputs, read again


def instrument(result: BattleResult) -> SourceEffect:
    """How far the gap moves when the outputs of both sides are read by each rule the task knows."""
    task, sides = result.task, (result.a, result.b)
    if len(result.pairs) < 2:
        return SourceEffect(source="instrument", about=_TOO_FEW)
    try:
        by_id = {item.id: item for item in battle_items(result.battle, task)}
    except CallerMistake as error:
        return SourceEffect(source="instrument", about=f"no answer can be read again: {_clause(error)}")
    items = [by_id[i] for i in result.battle.answered(*sides)]
    stored = [item for item in items if all(_left_output(side[item.id]) for side in sides)]
    if len(stored) < 2:
        return SourceEffect(source="instrument", about="no outputs are stored that could be read again")

    def scores(rule: str) -> Pair:
        asked = zip(sides, (result.battle.a.harness, result.battle.b.harness), strict=True)
        a, b = ({i.id: rescore(task, i, side[i.id], harness, rule) for i in stored} for side, harness in asked)
        return a, b

    a, b = ({item.id: _score(side[item.id]) for item in items} for side in sides)
    unread_a, unread_b = ([item.id for item in items if task.writes and _unread(side[item.id])] for side in sides)
    outcomes = [side[item.id] for side in sides for item in stored]
    read = {in_words(rule): scores(rule) for rule in rules(task) if not obstacle(task, stored, outcomes, rule)}
    return reread(distinct_names(result.names), _gap(result), (a, b), read, (unread_a, unread_b))


def reread(
    names: tuple[str, str],
    gap: float,
    own: Pair,
    rules: Mapping[str, Pair],
    unread: tuple[Collection[str], Collection[str]],
) -> SourceEffect:
    """The instrument's part from scores: the gap under each rule, and with all unread answers right or wrong."""
    found = {
        rule: pair for rule, pair in rules.items() if any(score is not None for side in pair for score in side.values())
    }
    mixed_rules = {
        f"{names[0]} by {one}, {names[1]} by {other}": (found[one][0], found[other][1])
        for one, other in permutations(found, 2)
    }
    readings, mixed = (
        [_reading(label, pair, own, gap) for label, pair in pairs.items() if len(pair[0].keys() & pair[1].keys()) > 1]
        for pairs in (found, mixed_rules)
    )
    mixed.sort(key=lambda reading: reading.gap)
    a, b = ({i for i, score in side.items() if score is None} | set(ids) for side, ids in zip(own, unread, strict=True))
    about = f"the same outputs read by {_number(len(readings), 'rule')}"
    if silent := [rule for rule in rules if rule not in found]:
        about += f"; {', '.join(silent)} found no answer on either side"
    lost = f"{len(a):,} of {names[0]} and {len(b):,} of {names[1]} were unread, cut off or failed"
    if not a and not b:
        about += "; no answer was unread"
    elif all(score is None or 0 <= score <= 1 for side in own for score in side.values()):
        readings += [_bound(names, own, (a, b), gap, of_a) for of_a in (0.0, 1.0)]
        about += f"; {lost}, taken as all right and as all wrong"
    else:
        about += f"; {lost}, with no bounds as scores lie outside 0 to 1"
    return replace(SourceEffect.from_readings("instrument", about, gap, readings), mixed=(*mixed[:1], *mixed[1:][-1:]))


def _bound(
    names: tuple[str, str], own: Pair, unread: tuple[Collection[str], Collection[str]], gap: float, of_a: float
) -> Remeasurement:
    """The end that the gap reaches when unread answers of A score `of_a` and those of B the opposite."""
    worth = (of_a, 1 - of_a)
    a, b = (
        {i: value if i in ids else score for i, score in side.items()}
        for side, ids, value in zip(own, unread, worth, strict=True)
    )
    said = [
        f"of {name} {'right' if value else 'wrong'}"
        for name, ids, value in zip(names, unread, worth, strict=True)
        if ids
    ]
    return replace(_reading(f"every unread answer {' and '.join(said)}", (a, b), own, gap), bound=True)


def _reading(label: str, pair: Pair, own: Pair, base: float) -> Remeasurement:
    items = [i for i in pair[0] if i in pair[1]]
    found = [[side[i] for i in items] for side in pair]
    a, b = ([score or 0.0 for score in side] for side in found)
    old_a, old_b = ([side.get(i) or 0.0 for i in items] for side in own)
    return Remeasurement(
        label=label,
        gap=fmean(x - y for x, y in zip(a, b, strict=True)),
        n=len(items),
        base=base,
        flips=sum(x != y for x, y in zip(a + b, old_a + old_b, strict=True)),
        unread=sum(score is None for side in found for score in side),
    )


def _score(outcome: Outcome) -> float | None:
    return outcome.score if isinstance(outcome, ItemResult) else None


def _unread(outcome: Outcome) -> bool:
    return isinstance(outcome, ItemFailure) or outcome.answer is None


def _left_output(outcome: Outcome) -> bool:
    return outcome.text is not None or (isinstance(outcome, ItemResult) and bool(outcome.logliks))


# ---- the protocol and the rerun: both contenders run again


def protocol(result: BattleResult, family: Sequence[BattleResult]) -> SourceEffect:
    """How far the gap moves when both are asked otherwise: other wording, order of options, worked examples."""
    return _run_again("protocol", result, family)


def rerun(result: BattleResult, family: Sequence[BattleResult]) -> SourceEffect:
    """How far the gap moves when nothing is asked otherwise: the same again, other batch size, other precision."""
    return _run_again("rerun", result, family)


def _run_again(
    source: Literal["protocol", "rerun"], result: BattleResult, family: Sequence[BattleResult]
) -> SourceEffect:
    if len(result.pairs) < 2:
        return SourceEffect(source=source, about=_TOO_FEW)
    repeats = [(_change(result.battle, other.battle), other) for other in family if other.state not in OPEN_STATES]
    found = [_repeat(change.label, result, other) for change, other in repeats if change and change.part == source]
    by_items = sorted((reading for reading in found if reading), key=lambda reading: reading.n)
    readings = list({reading.label: reading for reading in by_items}.values())  # of one way, the longest run
    about = f"both sides run again in {_number(len(readings), 'other way')}" if readings else "not run again"
    part = SourceEffect.from_readings(source, about, _gap(result), readings)
    try:
        possible, impossible = _ways(source, result)
    except CallerMistake as error:
        return replace(part, about=f"{about}; {_clause(error)}")
    if impossible:
        about += f"; impossible here: {', '.join(impossible)}"
    untried = tuple(label for label in possible if label not in {reading.label for reading in readings})
    return replace(part, about=about, untried=untried, applies=bool(possible or readings))


def _ways(source: GapSource, result: BattleResult) -> tuple[list[str], list[str]]:
    """What can be changed for both contenders alike, and what cannot with its reason."""
    possible: list[list[str]] = []
    impossible: dict[str, str] = {}
    for side in SIDES:
        contender = result.battle.contender(side)
        device = "endpoint" if find(contender.model).kind == "endpoint" else result.battle.device
        ways, refused = _considered(result.task, contender.harness, device)
        possible.append([way.label for way in ways if way.part == source])
        impossible |= {way.label: f"{way.label} ({_clause(way.reason)})" for way in refused if way.part == source}
    return [label for label in possible[0] if label in possible[1]], list(impossible.values())


@functools.lru_cache(maxsize=64)
def _considered(
    task: Task, harness: HarnessConfig, device: str
) -> tuple[tuple[Variation, ...], tuple[NotApplicable, ...]]:
    """Remembered, because it makes the prompts of the whole task for every way."""
    return variations(task, harness, device), not_applicable(task, harness, device)


def _change(base: Battle, other: Battle) -> Variation | None:
    """What a repeat changed; None unless it was one setting at most, and both sides alike."""
    if other.id == base.id or (other.of, other.task, other.device) != (base.id, base.task, base.device):
        return None
    changes = []
    for side in SIDES:
        was, now = base.contender(side), other.contender(side)
        names = {f.name for f in fields(HarnessConfig) if getattr(was.harness, f.name) != getattr(now.harness, f.name)}
        if was.model != now.model or len(names) > 1 or not names <= _SETTINGS:
            return None
        changes.append(variation(was.harness, now.harness))
    a, b = changes
    return a if (a.part, a.label) == (b.part, b.label) else None


def _repeat(label: str, result: BattleResult, other: BattleResult) -> Remeasurement | None:
    """The gap of a repeat on the items that both battles have scores for; None with fewer than two of them."""
    before = {item: (a.score, b.score) for item, a, b in result.pairs}
    both = [(before[item], (a.score, b.score)) for item, a, b in other.pairs if item in before]
    if len(both) < 2:
        return None
    return Remeasurement(
        label=label,
        gap=fmean(a - b for _, (a, b) in both),
        n=len(both),
        base=fmean(a - b for (a, b), _ in both),
        flips=sum(x != y for old, new in both for x, y in zip(old, new, strict=True)),
    )


def _clause(reason: object) -> str:
    """The first sentence of a message, without its full stop."""
    return str(reason).partition(". ")[0].rstrip(".")


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _gap(result: BattleResult) -> float:
    return fmean(a.score - b.score for _, a, b in result.pairs)
