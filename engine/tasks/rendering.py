"""Items as a harness puts them: prompt variant, order of options, few-shot context.

It makes no prompt of them: how context and question become a text or a conversation is `harness/prompt.py`.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.errors import CallerMistake, Unknown
from engine.harness.config import HarnessConfig
from engine.harness.prompt import Asked, FewShotContext
from engine.harness.variants import PROMPT_VARIANTS, PromptVariant
from engine.tasks.items import load_examples, load_items
from engine.tasks.task import Item, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedItem:
    """One item as a harness puts it, and what stands before it."""

    item: Item
    context: FewShotContext

    def prompt(self, harness: HarnessConfig, choice: int = 0) -> Asked:
        """What a model is given: a text, or a conversation for its own template.

        harness  the settings the item was rendered with
        choice   index of the choice that is to follow, for items with a text of their own before each
        """
        question = self.item.context(choice)
        if harness.template == "plain":
            return self.context.plain(question, harness.system)
        thinking = None if harness.thinking is None else harness.thinking > 0
        return self.context.conversation(question, harness.system, multiturn=harness.multiturn, thinking=thinking)


def render(task: Task, harness: HarnessConfig, ids: Collection[str] | None = None) -> Mapping[str, RenderedItem]:
    """Items by id, in the official order, as this harness puts them.

    The draw of worked examples is advanced through all items of the task, so that an item gets the same examples in a
    subset as in a full run.

    task     whose items are rendered
    harness  how they are asked
    ids      the items wanted; None for all

    Raises:
        NoSource: items or worked examples are not on this machine.
        CallerMistake: more examples are asked for than the split holds, or the task has no such order or variant.
    """
    items = load_items(task, harness.option_order)
    variant = _variant(task, harness, items)
    examples = _draw_examples(task, harness, items) if harness.shots else {}
    return {
        item.id: RenderedItem(
            item=_rephrased(item, variant),
            context=FewShotContext(
                description=variant.opening + task.description(item.group),
                examples=tuple(_rephrased(example, variant).example for example in examples.get(item.id, ())),
                delimiter=task.delimiter,
            ),
        )
        for item in items
        if ids is None or item.id in ids
    }


def check_renderable(task: Task, harness: HarnessConfig) -> None:
    """Raises what `render` raises, without rendering anything."""
    items = load_items(task, harness.option_order)
    if harness.shots:
        _example_pools(task, harness, items)
    _variant(task, harness, items)


def few_shot_contexts(task: Task, harness: HarnessConfig) -> Mapping[str, FewShotContext]:
    """What stands before each item's own text, by item id. Raises what `render` raises."""
    return {item_id: rendered.context for item_id, rendered in render(task, harness).items()}


def _variant(task: Task, harness: HarnessConfig, items: Sequence[Item]) -> PromptVariant:
    if harness.prompt_variant not in PROMPT_VARIANTS:
        raise Unknown.name("wording", harness.prompt_variant, PROMPT_VARIANTS)
    variant = PROMPT_VARIANTS[harness.prompt_variant]
    if harness.prompt_variant != "task" and not variant.affects(items[0].contexts[0]):
        raise CallerMistake(f"The wording {harness.prompt_variant!r} changes nothing in {task.title}. Use another one.")
    return variant


def _rephrased(item: Item, variant: PromptVariant) -> Item:
    contexts = tuple(map(variant.apply, item.contexts))
    return item if contexts == item.contexts else replace(item, contexts=contexts)


def _draw_examples(task: Task, harness: HarnessConfig, items: Sequence[Item]) -> Mapping[str, Sequence[Item]]:
    """The worked examples of each item, by its id."""
    pools = _example_pools(task, harness, items)
    random_of = {group: random.Random(harness.shots_seed) for group in pools}  # a group is a task of its own to lm-eval
    return {item.id: _sample(task, item, pools[item.group], harness.shots, random_of[item.group]) for item in items}


def _example_pools(task: Task, harness: HarnessConfig, items: Sequence[Item]) -> Mapping[str, list[Item]]:
    """What the worked examples of each group are drawn from."""
    pools: dict[str, list[Item]] = {item.group: [] for item in items}
    for example in load_examples(task, harness.option_order):
        pools.setdefault(example.group, []).append(example)
    smallest = max(0, min(len(pools[item.group]) for item in items) - task.draws_one_more)
    if harness.shots > smallest:
        raise CallerMistake(
            f"{task.title} has {smallest} worked examples to choose from, {harness.shots} were asked for. "
            f"Use --shots {smallest} or fewer."
        )
    return pools


def _sample(task: Task, item: Item, pool: list[Item], shots: int, draw: random.Random) -> Sequence[Item]:
    if task.sampler == "first":
        return pool[:shots]
    if task.draws_one_more:
        return [example for example in draw.sample(pool, shots + 1) if example != item][:shots]
    return draw.sample(pool, shots)
