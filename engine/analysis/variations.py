"""Variations: the settings under which the same weights are run again, one changed at a time, everything else kept.

Prompt ("protocol"): how the question is put (order of options, prompt variant, worked examples). Run ("rerun"): how it
is computed (the same once more, batch size, precision). Neither changes what a benchmark is said to measure, so
whatever moves with them is noise. What cannot be changed for a task, a device or the data here comes with its reason.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Literal

from engine.battles.battle import SIDES, Battle, Side
from engine.errors import CallerMistake
from engine.harness.config import HarnessConfig
from engine.harness.variants import PROMPT_VARIANTS
from engine.models.registry import card_of
from engine.stats.decomposition import GapSource
from engine.tasks.items import load_items
from engine.tasks.registry import load_task
from engine.tasks.rendering import check_renderable
from engine.tasks.task import Task

Aspect = Literal["protocol", "rerun"]
SHOTS = (5, 8, 3)  # worked examples as published scores have them; the first number that is another one and can be had
OTHER_SEED = 4321
VARIED = {"option_order", "prompt_variant", "shots", "shots_seed", "batch", "dtype"}
"""The fields of `HarnessConfig` that variations change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """The settings of another run of the same model over the same items."""

    part: Aspect
    label: str
    harness: HarnessConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplicable:
    """A variation that is none here. The reason is a clause without a full stop."""

    part: GapSource
    label: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variations:
    """All variations that were considered for one contender, prompt before run."""

    possible: tuple[Variation, ...]
    impossible: tuple[NotApplicable, ...]


@functools.lru_cache(maxsize=64)
def variations(task: Task, harness: HarnessConfig, device: str) -> Variations:
    """What can be changed, and what cannot. Remembered, because a screen asks whenever it is drawn.

    task     over its own items
    harness  the settings that are varied
    device   the resolved one; `endpoint` for a server

    Raises:
        NoSource: the task's items are not on this machine.
    """
    considered = (*_prompt_variations(task, harness), *_run_variations(harness, device))
    return Variations(
        possible=tuple(each for each in considered if isinstance(each, Variation)),
        impossible=tuple(each for each in considered if isinstance(each, NotApplicable)),
    )


def variations_of(battle: Battle, side: Side) -> Variations:
    """The variations of one contender of a battle. Raises what `variations` raises."""
    contender = battle.contender(side)
    device = "endpoint" if card_of(contender.address).kind == "endpoint" else battle.device
    return variations(load_task(battle.task).with_items(battle.item_ids), contender.harness, device)


def variations_of_both(battle: Battle) -> Variations:
    """What can be changed for both contenders of a battle alike, and what cannot for one of them.

    Raises:
        NoSource: the task's items are not on this machine.
    """
    of_a, of_b = (variations_of(battle, side) for side in SIDES)
    possible_for_b = {(each.part, each.label) for each in of_b.possible}
    impossible = {(each.part, each.label): each for each in (*of_a.impossible, *of_b.impossible)}
    return Variations(
        possible=tuple(each for each in of_a.possible if (each.part, each.label) in possible_for_b),
        impossible=tuple(impossible.values()),
    )


def changed(base: Battle, other: Battle) -> Variation | None:
    """What a repeat changed; None unless it was one setting at most, and both sides alike.

    base   the battle that was repeated
    other  the repeat
    """
    if other.id == base.id or (other.repeat_of, other.task, other.device) != (base.id, base.task, base.device):
        return None
    changes = []
    for side in SIDES:
        before, after = base.contender(side), other.contender(side)
        x, y = before.harness, after.harness
        names = {f.name for f in fields(HarnessConfig) if getattr(x, f.name) != getattr(y, f.name)}
        if before.model != after.model or len(names) > 1 or not names <= VARIED:
            return None
        changes.append(variation(x, y))
    a, b = changes
    return a if (a.part, a.label) == (b.part, b.label) else None


def variation(base: HarnessConfig, other: HarnessConfig) -> Variation:
    """What `other` changes of `base`, named: how a run that is found in the record is told apart from the first."""
    if other.option_order != base.option_order:
        return Variation(part="protocol", label=f"options {_order(other)}", harness=other)
    if other.prompt_variant != base.prompt_variant:
        words = "the task's own words" if other.prompt_variant == "task" else other.prompt_variant
        return Variation(part="protocol", label=words, harness=other)
    if other.shots != base.shots:
        examples = "worked example" if other.shots == 1 else "worked examples"
        return Variation(part="protocol", label=f"{other.shots} {examples}", harness=other)
    if other.shots_seed != base.shots_seed:
        return Variation(part="protocol", label="other worked examples", harness=other)
    if other.batch != base.batch:
        size = {None: "as many items at a time as fit", 1: "one item at a time"}
        label = size.get(other.batch, f"{other.batch} items at a time")
        return Variation(part="rerun", label=label, harness=other)
    if other.dtype != base.dtype:
        return Variation(part="rerun", label=other.dtype, harness=other)
    return Variation(part="rerun", label="the same again", harness=other)


def _order(harness: HarnessConfig) -> str:
    return "reversed" if harness.option_order == "reversed" else "as given"


def _prompt_variations(task: Task, harness: HarnessConfig) -> Iterator[Variation | NotApplicable]:
    if task.reverse:
        reversed_order = replace(harness, option_order="given" if harness.option_order == "reversed" else "reversed")
        yield from _possible(task, harness, [reversed_order])
    else:
        reason = "no options are listed" if task.writes else "each choice is scored by itself, so no order is ever seen"
        yield NotApplicable(part="protocol", label="options reversed", reason=reason)
    for name, variant in PROMPT_VARIANTS.items():
        if name == "task" or variant.affects(load_items(task)[0].contexts[0]):
            yield from _possible(task, harness, [replace(harness, prompt_variant=name)])
        else:
            yield NotApplicable(part="protocol", label=name, reason="the task's text has no such labels")
    yield from _possible(task, harness, [replace(harness, shots=number) for number in SHOTS])
    if harness.shots and task.sampler == "draw":
        yield from _possible(task, harness, [replace(harness, shots_seed=OTHER_SEED)])
    else:
        reason = "the same first ones are shown to all, none are drawn" if harness.shots else "none are shown"
        yield NotApplicable(part="protocol", label="other worked examples", reason=reason)


def _possible(task: Task, base: HarnessConfig, others: list[HarnessConfig]) -> Iterator[Variation | NotApplicable]:
    """The first of several settings whose prompts can be made here, or why the first of them cannot."""
    refused: list[NotApplicable] = []
    for candidate in (variation(base, other) for other in others if other != base):
        try:
            check_renderable(task, candidate.harness)
        except CallerMistake as error:
            reason = str(error).rstrip(".")
            refused.append(NotApplicable(part=candidate.part, label=candidate.label, reason=reason))
        else:
            yield candidate
            return
    yield from refused[:1]


def _run_variations(harness: HarnessConfig, device: str) -> Iterator[Variation | NotApplicable]:
    yield variation(harness, harness)
    if device == "endpoint":
        yield NotApplicable(
            part="rerun", label="one item at a time", reason="a server is sent one at a time and batches as it likes"
        )
        yield NotApplicable(part="rerun", label="precision", reason="the server's own, which cannot be chosen")
    else:
        yield variation(harness, replace(harness, batch=None if harness.batch == 1 else 1))
        yield variation(harness, replace(harness, dtype=_other_precision(harness.dtype, device)))
    if harness.decoding is None:
        yield NotApplicable(part="rerun", label="seed", reason="nothing is drawn, choices are ranked")
    elif harness.decoding.temperature == 0:
        yield NotApplicable(part="rerun", label="seed", reason="nothing is drawn, decoding is greedy")


def _other_precision(dtype: str, device: str) -> str:
    """Half where it ran in full, full where it ran in half; auto is half on a GPU only."""
    full = dtype == "float32" or (dtype == "auto" and device != "cuda")
    half = "float16" if device == "mps" else "bfloat16"
    return half if full else "float32"
