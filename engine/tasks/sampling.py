"""Which items a battle is over: a seeded, stratified sample."""

from __future__ import annotations

import random
from collections.abc import Sequence

from engine.errors import CallerMistake
from engine.tasks.items import load_items
from engine.tasks.task import Item, Task


def draw(task: Task, limit: int | None, seed: int) -> tuple[Item, ...]:
    """The items of a battle: a seeded subset of the official split, or as many new ones as are asked for.

    task   whose items
    limit  how many; None for all there are
    seed   of the draw; the same seed draws other items from another task

    Raises:
        NoSource: they are not on this machine.
        CallerMistake: `limit` is below 2 or above the number of items, or missing where there is no end to them.
    """
    own_seed = f"{task.name} {seed}"
    if task.size is not None:
        return draw_subset(load_items(task), limit, own_seed)
    if limit is None:
        raise CallerMistake(f"{task.title} makes as many items as are asked for: say how many with --limit.")
    return load_items(task.with_items(task.generator.draw_ids(_checked_limit(limit), own_seed)))


def _checked_limit(limit: int) -> int:
    if limit < 2:
        raise CallerMistake(f"--limit {limit} is too few: a gap and its noise need at least 2 items.")
    return limit


def draw_subset(items: Sequence[Item], limit: int | None, seed: int | str) -> tuple[Item, ...]:
    """A seeded random order of `limit` items, with each group's share kept (largest remainders).

    The order is random too, so at any moment the items already asked are a fair sample of all.

    items  in the official order
    limit  how many, at least 2; None for all
    seed   of the draw

    Raises:
        CallerMistake: `limit` is below 2 or above the number of items.
    """
    if limit is not None and limit > len(items):
        raise CallerMistake(
            f"--limit {limit:,} asks for more than the {len(items):,} items there are. "
            "Leave the limit out to use them all."
        )
    rng = random.Random(seed)
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    wanted = len(items) if limit is None else _checked_limit(limit)
    exact = {name: wanted * len(group) / len(items) for name, group in groups.items()}
    share = {name: int(size) for name, size in exact.items()}
    by_remainder = sorted(groups, key=lambda name: (share[name] - exact[name], name))
    for name in by_remainder[: wanted - sum(share.values())]:
        share[name] += 1
    chosen = [item for name, group in groups.items() for item in rng.sample(group, share[name])]
    rng.shuffle(chosen)
    return tuple(chosen)
