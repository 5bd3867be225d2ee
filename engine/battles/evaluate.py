"""Evaluates a battle: both contenders, block by block over the same items, each outcome handed on to be recorded.

The two sides take turns at short blocks of items rather than one running to its end first, so that at any
moment the pairs already complete are a fair sample of all. Nothing is kept in memory: what is finished is
asked of the record, which is what makes a killed battle resumable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from engine.battles.battle import SIDES, Battle, Outcome, Side
from engine.battles.prepared import PreparedBattle
from engine.battles.requests import completion_prompt, decoding, ranking
from engine.battles.scoring import in_given_order, ranked_outcome, written_outcome
from engine.harness.config import HarnessConfig
from engine.models.interface import Model
from engine.tasks.rendering import RenderedItem
from engine.tasks.task import Task

BLOCK, LARGEST_BLOCK = 32, 1024
"""Items a side works through before the other one's turn: at first few enough to watch, then as many as went before,
because what items share is computed once a block."""


def evaluate(
    prepared: PreparedBattle, models: Mapping[Side, Model], done: Mapping[Side, Collection[str]]
) -> Iterator[tuple[Side, list[Outcome]]]:
    """Yields batches of outcomes, each to be written down in one transaction, side by side.

    prepared  the battle with its items and prompts
    models    both contenders, open
    done      of each side, ids of the items that are written down already: they are not run again
    """
    battle = prepared.battle
    for block in blocks(battle):
        ids = battle.item_ids[block]
        for side in SIDES:
            if any(item_id not in done[side] for item_id in ids):
                rendered = [prepared.rendered[side][item_id] for item_id in ids]
                harness = battle.contender(side).harness
                for outcomes in _evaluate_block(prepared.task, harness, models[side], rendered, done[side]):
                    yield side, outcomes


def blocks(battle: Battle) -> Iterator[slice]:
    """The battle's items in turns. One that may stop at any item keeps to short ones: what is ahead may be in vain."""
    start = 0
    while start < battle.n:
        size = max(BLOCK, min(start, LARGEST_BLOCK)) if battle.stop == "planned" else BLOCK
        yield slice(start, start + size)
        start += size


def _evaluate_block(
    task: Task, harness: HarnessConfig, model: Model, block: Sequence[RenderedItem], done: Collection[str]
) -> Iterator[list[Outcome]]:
    """One side's turn.

    A batch size that is asked for is kept by showing the model no more items than that; the parts of a block are the
    same whatever is done, as its own batches are.
    """
    items = {rendered.item.id: rendered.item for rendered in block}
    size = harness.batch or len(block)
    for part in (block[start : start + size] for start in range(0, len(block), size)):
        if harness.decoding is None:
            rankings = [ranking(rendered, harness) for rendered in part]
            for batch in model.rank(rankings, skip=done):
                outcomes = [ranked_outcome(items[answer.item_id], answer, harness.normalisation) for answer in batch]
                yield [in_given_order(outcome, harness) for outcome in outcomes]
        else:
            prompts = [completion_prompt(rendered, harness) for rendered in part]
            for texts in model.write(prompts, decoding(harness), skip=done):
                yield [written_outcome(task, items[text.item_id], text, harness) for text in texts]
