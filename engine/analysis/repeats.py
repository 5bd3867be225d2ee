"""Repeats: the same weights run again under other settings, as ordinary battles that name the battle they repeat.

A model against itself: its own settings and each variation are paired off as sides of battles; the first of them names
itself, and the others name it. Two models: their battle is repeated with both sides changed alike. Queued, resumed and
kept like any other battle, and never run twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from engine import runs
from engine.analysis.variations import variations_of
from engine.battles.battle import SIDES, Battle
from engine.battles.prepared import battle_items
from engine.errors import CallerMistake
from engine.runs import BattleRequest
from engine.stats.decomposition import GapSource
from engine.store.ledger import Entry, Ledger, State
from engine.tasks.items import digest

SOURCES: tuple[GapSource, ...] = ("rerun", "protocol", "instrument")
"""What a model can be measured against itself by: run, prompt, scorer."""
RUN_AGAIN: tuple[GapSource, ...] = ("protocol", "rerun")
"""Those that take further runs; the scorer's are read off the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A battle that repeats another one under one other setting, as far as it has come.

    scores  of A and of B, by item id, of the items both have a score for and all before which are answered
    """

    battle: Battle
    state: State
    scores: Mapping[str, tuple[float, float]]


def plan_repeats_of_model(request: BattleRequest, parts: Collection[str] = SOURCES) -> list[Battle]:
    """The battles that measure one model, A and B of the request alike; the first of them is named by all.

    An odd side is paired with one more repetition of the model's own settings.

    request  model, task, items
    parts    some of `SOURCES`

    Raises:
        CallerMistake: whatever `runs.plan` refuses, or a part there is not.
    """
    if not parts or not set(parts) <= set(SOURCES):
        raise CallerMistake(f"There is no part {', '.join(parts)!r} to measure. Use some of: {', '.join(SOURCES)}.")
    first = runs.plan(request, itself=True)
    variations = [each for each in variations_of(first, "a").possible if each.part in parts]
    sides = [first.a, *(replace(first.a, harness=each.harness) for each in variations)]
    if len(sides) % 2:
        sides.insert(1, first.a)
    ids = (first.id, *(secrets.token_hex(5) for _ in sides[2::2]))
    contenders = zip(ids, sides[::2], sides[1::2], strict=True)
    return [replace(first, id=i, a=a, b=b, repeat_of=first.id) for i, a, b in contenders]


def plan_repeats(battle: Battle, limit: int, parts: Collection[str] = RUN_AGAIN) -> list[Battle]:
    """For each variation that both contenders can be given, the battle over its first items with both changed.

    battle  what is repeated
    limit   number of items, from the beginning of its order
    parts   some of `RUN_AGAIN`

    Raises:
        CallerMistake: fewer than 2 items, or items on this machine that are not the battle's.
    """
    if limit < 2:
        raise CallerMistake(f"{limit} items are too few: a gap and its noise need at least 2 items.")
    items = list(battle_items(battle).values())[:limit]
    ids = tuple(item.id for item in items)
    base = replace(battle, item_ids=ids, items_digest=digest(items), stop="planned", repeat_of=battle.id, forecast=None)
    a, b = ({(each.part, each.label): each.harness for each in variations_of(battle, side).possible} for side in SIDES)
    return [
        replace(
            base,
            id=secrets.token_hex(5),
            a=replace(battle.a, harness=a[change]),
            b=replace(battle.b, harness=b[change]),
        )
        for change in a
        if change in b and change[0] in parts
    ]


def start(battles: Sequence[Battle]) -> str:
    """Queues all of them. Returns the id of the battle they repeat."""
    for battle in battles:
        runs.start(battle)
    return battles[0].repeat_of


def entries(battle_id: str) -> list[Entry]:
    """The ledger's lines of a battle's repeats, in the order they were planned; its own is one if it names itself."""
    with Ledger() as ledger:
        return ledger.repeats(battle_id)


def stop(battle_id: str) -> None:
    """Stops what is still open, the last first, so that none begins because one before it has ended."""
    for entry in reversed(entries(battle_id)):
        runs.stop(entry.battle.id)


def resume(battle_id: str) -> None:
    """Puts what was stopped or failed back into the queue."""
    for entry in entries(battle_id):
        runs.resume(entry.battle.id)


def repeats_of(battle_id: str) -> tuple[Repeat, ...]:
    """The repeats of a battle with their scores so far, in the order they were planned."""
    with Ledger() as ledger:
        return tuple(
            Repeat(
                battle=entry.battle,
                state=entry.state,
                scores=entry.battle.complete_scores(ledger.pairs(entry.battle.id)),
            )
            for entry in ledger.repeats(battle_id)
        )
