"""The items of a task: built from the rows of its sources, counted, hashed."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Literal

from engine.errors import CallerMistake
from engine.tasks.sources import read_rows
from engine.tasks.task import Item, OptionOrder, Task


@functools.lru_cache(maxsize=16)
def _items(task: Task, split: Literal["items", "shots"], order: OptionOrder) -> tuple[Item, ...]:
    if order == "reversed" and task.reverse is None:
        raise CallerMistake(f"{task.title} lists no options whose order could change. Leave option_order at 'given'.")
    in_order = task.reverse if order == "reversed" and task.reverse else lambda row: row
    sources = task.items_from if split == "items" else task.shots_from
    what = f"{task.title} ({'the questions' if split == 'items' else 'the worked examples'})"
    built: list[Item] = []
    seen: dict[str, int] = {}
    for row in read_rows(what, sources):
        group = str(row.get("group", ""))
        try:
            built.append(task.item(seen.get(group, 0), in_order(row)))
        except (KeyError, ValueError, TypeError, IndexError) as error:
            place = row.get("__file__", "its source")
            raise CallerMistake(
                f"Row {len(built) + 1} of {what} in {place} is of another format ({type(error).__name__}: {error})."
            ) from error
        seen[group] = seen.get(group, 0) + 1
    return tuple(built)


def load_items(task: Task, order: OptionOrder = "given") -> tuple[Item, ...]:
    """All items of a task in the official order; `order` is that of the options each of them lists.

    Raises:
        NoSource: they are not on this machine.
        CallerMistake: the source holds another number of items than the official split, or makes them and was not
            told which.
    """
    items = _items(task, "items", order)
    if task.size is None and not items:
        raise CallerMistake(f"{task.title} has no items before some are drawn: say which, with `task.with_items(ids)`.")
    if task.size is not None and len(items) != task.size:
        raise CallerMistake(
            f"{task.title} has {task.size:,} items, but the source found holds {len(items):,}. "
            "Scores on part of a benchmark, or on another version, are not comparable: replace the files."
        )
    return items


def load_examples(task: Task, order: OptionOrder = "given") -> tuple[Item, ...]:
    """The items of a task that worked examples are drawn from. Raises NoSource where they are not on this machine."""
    return _items(task, "shots", order)


def digest(items: Iterable[Item]) -> str:
    """A hash of the items' contents, so that a changed file is noticed before results are mixed."""
    canonical = json.dumps([_contents(item) for item in items], sort_keys=True, separators=(",", ":"))
    return "i1:" + hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _contents(item: Item) -> dict[str, object]:
    """Without the fields that came later and are empty, so that older plans keep their hash."""
    contents = asdict(item)
    return {name: value for name, value in contents.items() if value or name not in ("golds", "reference")}
