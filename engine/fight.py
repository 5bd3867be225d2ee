"""Fights a battle: both contenders, block by block over the same items, each outcome handed on to be recorded.

The two sides take turns at short blocks of items rather than one running to its end first, so that at any
moment the pairs already complete are a fair sample of all. Nothing is kept in memory: what is finished is
asked of the record, which is what makes a killed battle resumable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from engine.battle import SIDES, Battle, HarnessConfig, ItemFailure, ItemResult, Outcome, Side
from engine.errors import CallerMistake
from engine.model import Completion, Logliks, Model, Prompt, Ranking, Trouble
from engine.task import Item, Task, asked, digest, load_items, prompts
from engine.wording import WORDINGS

BLOCK = 32
"""Items a side works through before the other one's turn: enough to fill batches, few enough to watch."""


def chosen_items(battle: Battle, task: Task) -> tuple[Item, ...]:
    """The battle's items in its order.

    Raises:
        CallerMistake: the items on this machine are not those the battle was planned with.
    """
    by_id = {item.id: item for item in load_items(task)}
    items = tuple(by_id[item_id] for item_id in battle.item_ids if item_id in by_id)
    if len(items) != battle.n or digest(items) != battle.items_digest:
        raise CallerMistake(
            f"The items of {task.title} on this machine are not those battle {battle.id} was planned with. "
            "Put the same files back to resume it, or start a new battle."
        )
    return items


def fight(
    battle: Battle,
    task: Task,
    models: Mapping[Side, Model],
    done: Mapping[Side, Collection[str]],
) -> Iterator[tuple[Side, list[Outcome]]]:
    """Yields batches of outcomes, side by side. Items in `done` are not run again."""
    items = chosen_items(battle, task)
    before = {side: prompts(task, battle.contender(side).harness) for side in SIDES}
    put = {side: asked(task, battle.contender(side).harness) for side in SIDES}
    for start in range(0, len(items), BLOCK):
        block = items[start : start + BLOCK]
        for side in SIDES:
            if any(item.id not in done[side] for item in block):
                contender = battle.contender(side)
                texts = [(put[side][item.id], before[side][item.id]) for item in block]
                for batch in _block(task, contender.harness, models[side], texts, done[side]):
                    yield side, batch


def _block(
    task: Task, harness: HarnessConfig, model: Model, block: Sequence[tuple[Item, str]], done: Collection[str]
) -> Iterator[list[Outcome]]:
    """One side's turn: `block` holds the items as they are put, each with the text that comes before it.

    A batch size that is asked for is kept by showing the model no more items than that; the parts of a block are the
    same whatever is done, as its own batches are.
    """
    by_id = {item.id: item for item, _ in block}
    size = harness.batch or len(block)
    for part in (block[start : start + size] for start in range(0, len(block), size)):
        if harness.decoding is None:
            rankings = [ranking(item, before) for item, before in part]
            for ranked in model.rank(rankings, skip=done):
                outcomes = [ranked_outcome(by_id[r.item_id], r, harness.normalisation) for r in ranked]
                yield [_as_numbered(outcome, harness) for outcome in outcomes]
        else:
            texts = [Prompt(item_id=item.id, text=before + item.context(0)) for item, before in part]
            until = WORDINGS[harness.wording].stops(harness.decoding.until)
            for written in model.write(texts, replace(harness.decoding, until=until), skip=done):
                yield [written_outcome(task, by_id[w.item_id], w, harness.extraction) for w in written]


def ranking(item: Item, before: str) -> Ranking:
    """The item's choices as lm-eval asks for them: one space before each."""
    pairs = tuple((before + item.context(i), f" {choice}") for i, choice in enumerate(item.choices))
    return Ranking(item_id=item.id, pairs=pairs)


def ranked_outcome(item: Item, ranked: Logliks | Trouble, normalisation: str) -> Outcome:
    if isinstance(ranked, Trouble):
        return ItemFailure(item_id=item.id, reason=ranked.reason, message=ranked.message)
    choice = best_choice(ranked.sums, item.choices, normalisation)
    return ItemResult(
        item_id=item.id,
        score=float(choice == item.gold),
        choice=choice,
        logliks=ranked.sums,
        tokens=ranked.tokens,
        seconds=ranked.seconds,
    )


def _as_numbered(outcome: Outcome, harness: HarnessConfig) -> Outcome:
    """The outcome in terms of the options as the benchmark numbers them, whatever order they were put in."""
    if harness.option_order == "given" or not isinstance(outcome, ItemResult) or outcome.choice is None:
        return outcome
    return replace(outcome, choice=len(outcome.logliks) - 1 - outcome.choice, logliks=outcome.logliks[::-1])


def best_choice(logliks: Sequence[float], choices: Sequence[str], normalisation: str) -> int:
    """Index of the winning choice; the first one wins a tie, as in lm-eval.

    `characters` divides by the length of the choice as it is written, without the space before it.
    """
    if normalisation == "characters":
        values = [total / len(choice) for total, choice in zip(logliks, choices, strict=True)]
    else:
        values = list(logliks)
    return max(range(len(values)), key=values.__getitem__)


def written_outcome(task: Task, item: Item, written: Completion | Trouble, extraction: str) -> Outcome:
    """Scores a text. One that was cut off before any answer is a failure; one that ended without an answer
    in the asked-for form is wrong, as lm-eval has it, and `answer` None tells the two kinds of wrong apart.
    """
    if isinstance(written, Trouble):
        return ItemFailure(item_id=item.id, reason=written.reason, message=written.message)
    answer = task.extractions[extraction](written.text)
    if answer is None and written.truncated:
        return ItemFailure(
            item_id=item.id,
            reason="truncated",
            message=f"cut off at the token limit before an answer ({written.tokens:,} tokens with the prompt)",
            text=written.text,
            seconds=written.seconds,
        )
    return ItemResult(
        item_id=item.id,
        score=float(answer is not None and task.same_answer(answer, item)),
        text=written.text,
        answer=answer,
        tokens=written.tokens,
        seconds=written.seconds,
    )
