"""A battle made ready: its items and both sides' prompts, built once and passed on to whoever works with them.

`battle_items` is for those who only look at what came out; `prepare` is for the evaluation.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from engine.battles.battle import SIDES, Battle, Side
from engine.errors import CallerMistake
from engine.tasks.items import digest, load_items
from engine.tasks.registry import load_task
from engine.tasks.rendering import RenderedItem, render
from engine.tasks.task import Item, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedBattle:
    """A plan with all that its evaluation asks and scores by.

    task      whose items these are
    items     by id, in the battle's order, as the benchmark has them: what answers are scored by
    rendered  of each side, the items as its harness puts them, by id
    """

    battle: Battle
    task: Task
    items: Mapping[str, Item]
    rendered: Mapping[Side, Mapping[str, RenderedItem]]


def prepare(battle: Battle) -> PreparedBattle:
    """Load the battle's items and render them for both sides.

    Raises:
        NoSource: items or worked examples are not on this machine.
        CallerMistake: the items here are not those the battle was planned with, or cannot be put as a harness asks.
    """
    items, task = battle_items(battle), load_task(battle.task).with_items(battle.item_ids)
    rendered = {side: render(task, battle.contender(side).harness, items.keys()) for side in SIDES}
    return PreparedBattle(battle=battle, task=task, items=items, rendered=rendered)


@functools.lru_cache(maxsize=16)
def battle_items(battle: Battle) -> Mapping[str, Item]:
    """The battle's items by id, in its order. Remembered: hashing them anew for every look would take longer than it.

    Raises:
        NoSource: they are not on this machine.
        CallerMistake: the items on this machine are not those the battle was planned with.
    """
    task = load_task(battle.task)
    by_id = {item.id: item for item in load_items(task.with_items(battle.item_ids))}
    items = [by_id[item_id] for item_id in battle.item_ids if item_id in by_id]
    if len(items) != battle.n or digest(items) != battle.items_digest:
        raise CallerMistake(
            f"The items of {task.title} on this machine are not those battle {battle.id} was planned with. "
            "Put the same files back to resume it, or start a new battle."
        )
    return {item.id: item for item in items}
