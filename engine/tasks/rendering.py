"""Items as a harness puts them: variant of the prompt, order of options, few-shot context."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.errors import CallerMistake, Unknown
from engine.harness.config import HarnessConfig
from engine.harness.prompt import FewShotContext
from engine.harness.variants import PROMPT_VARIANTS, PromptVariant
from engine.tasks.items import _items, load_items
from engine.tasks.task import Item, Task


def asked(task: Task, harness: HarnessConfig) -> Mapping[str, Item]:
    """Every item as this harness puts it, by id: its options in that order, its text in those words.

    Raises:
        CallerMistake: the task has no such order or wording.
    """
    items = load_items(task, harness.option_order)
    wording = _wording(task, harness, items)
    return {item.id: _reworded(item, wording) for item in items}


def _wording(task: Task, harness: HarnessConfig, items: Sequence[Item]) -> PromptVariant:
    if harness.wording not in PROMPT_VARIANTS:
        raise Unknown.name("wording", harness.wording, PROMPT_VARIANTS)
    wording = PROMPT_VARIANTS[harness.wording]
    if harness.wording != "task" and not wording.changes(items[0].contexts[0]):
        raise CallerMistake(f"The wording {harness.wording!r} changes nothing in {task.title}. Use another one.")
    return wording


def _reworded(item: Item, wording: PromptVariant) -> Item:
    return replace(item, contexts=tuple(map(wording.put, item.contexts)))


def few_shot_contexts(task: Task, harness: HarnessConfig) -> Mapping[str, FewShotContext]:
    """What stands before each item's own text: description and worked examples, by item id.

    The draw of examples is advanced through all items in the official order, so that an item gets the
    same examples in a subset as in a full run.

    Raises:
        NoSource: worked examples are asked for and their split is not on this machine.
        CallerMistake: more examples are asked for than the split holds, or the task has no such order or wording.
    """
    items = load_items(task, harness.option_order)
    wording = _wording(task, harness, items)
    worked = _worked(task, harness, items) if harness.shots else {}
    return {
        item.id: FewShotContext(
            description=wording.opening + task.description(item.group),
            examples=tuple(_reworded(example, wording).example for example in worked.get(item.id, ())),
            delimiter=task.delimiter,
        )
        for item in items
    }


def _worked(task: Task, harness: HarnessConfig, items: Sequence[Item]) -> Mapping[str, Sequence[Item]]:
    """The worked examples of each item."""
    by_group: dict[str, list[Item]] = {item.group: [] for item in items}
    for example in _items(task, "shots", harness.option_order):
        by_group.setdefault(example.group, []).append(example)
    smallest = max(0, min(len(by_group[item.group]) for item in items) - task.draws_one_more)
    if harness.shots > smallest:
        raise CallerMistake(
            f"{task.title} has {smallest} worked examples to choose from, {harness.shots} were asked for. "
            f"Use --shots {smallest} or fewer."
        )
    draws = {group: random.Random(harness.shots_seed) for group in by_group}  # a group is a task of its own to lm-eval
    return {item.id: _examples(task, item, by_group[item.group], harness.shots, draws[item.group]) for item in items}


def _examples(task: Task, item: Item, pool: list[Item], count: int, draw: random.Random) -> Sequence[Item]:
    if task.sampler == "first":
        return pool[:count]
    if task.draws_one_more:
        return [example for example in draw.sample(pool, count + 1) if example != item][:count]
    return draw.sample(pool, count)
