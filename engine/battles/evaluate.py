"""Fights a battle: both contenders, block by block over the same items, each outcome handed on to be recorded.

The two sides take turns at short blocks of items rather than one running to its end first, so that at any
moment the pairs already complete are a fair sample of all. Nothing is kept in memory: what is finished is
asked of the record, which is what makes a killed battle resumable.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from engine.battles.battle import SIDES, Battle, ItemFailure, ItemResult, Outcome, Side
from engine.errors import CallerMistake
from engine.harness.config import Decoding, HarnessConfig
from engine.harness.prompt import Asked, FewShotContext
from engine.harness.variants import PROMPT_VARIANTS
from engine.models.interface import Completion, Logliks, Model, Prompt, Ranking, Trouble
from engine.tasks.items import digest, load_items
from engine.tasks.rendering import asked, few_shot_contexts
from engine.tasks.scoring.normalisation import best_choice
from engine.tasks.task import Item, Task

END_OF_THINKING = "</think>"
"""What ends a model's reasoning in nearly all templates that know one."""
BLOCK, LARGEST_BLOCK = 32, 1024
"""Items a side works through before the other one's turn: at first few enough to watch, then as many as went before,
because what items share is computed once a block."""


def battle_items(battle: Battle, task: Task) -> tuple[Item, ...]:
    """The battle's items in its order.

    Raises:
        CallerMistake: the items on this machine are not those the battle was planned with.
    """
    by_id = {item.id: item for item in load_items(task.with_items(battle.item_ids))}
    items = tuple(by_id[item_id] for item_id in battle.item_ids if item_id in by_id)
    if len(items) != battle.n or digest(items) != battle.items_digest:
        raise CallerMistake(
            f"The items of {task.title} on this machine are not those battle {battle.id} was planned with. "
            "Put the same files back to resume it, or start a new battle."
        )
    return items


def evaluate(
    battle: Battle,
    task: Task,
    models: Mapping[Side, Model],
    done: Mapping[Side, Collection[str]],
) -> Iterator[tuple[Side, list[Outcome]]]:
    """Yields batches of outcomes, side by side. Items in `done` are not run again."""
    items, task = battle_items(battle, task), task.with_items(battle.item_ids)
    before = {side: few_shot_contexts(task, battle.contender(side).harness) for side in SIDES}
    put = {side: asked(task, battle.contender(side).harness) for side in SIDES}
    for part in blocks(battle):
        block = items[part]
        for side in SIDES:
            if any(item.id not in done[side] for item in block):
                contender = battle.contender(side)
                texts = [(put[side][item.id], before[side][item.id]) for item in block]
                for batch in _block(task, contender.harness, models[side], texts, done[side]):
                    yield side, batch


def blocks(battle: Battle) -> Iterator[slice]:
    """The battle's items in turns. One that may stop at any item keeps to short ones: what is ahead may be in vain."""
    start = 0
    while start < battle.n:
        grown = max(BLOCK, min(start, LARGEST_BLOCK)) if battle.stop == "planned" else BLOCK
        yield slice(start, start + grown)
        start += grown


def _block(
    task: Task,
    harness: HarnessConfig,
    model: Model,
    block: Sequence[tuple[Item, FewShotContext]],
    done: Collection[str],
) -> Iterator[list[Outcome]]:
    """One side's turn: `block` holds the items as they are put, each with what comes before it.

    A batch size that is asked for is kept by showing the model no more items than that; the parts of a block are the
    same whatever is done, as its own batches are.
    """
    by_id = {item.id: item for item, _ in block}
    size = harness.batch or len(block)
    for part in (block[start : start + size] for start in range(0, len(block), size)):
        if harness.decoding is None:
            rankings = [ranking(item, prelude, harness) for item, prelude in part]
            for ranked in model.rank(rankings, skip=done):
                outcomes = [ranked_outcome(by_id[r.item_id], r, harness.normalisation) for r in ranked]
                yield [_as_numbered(outcome, harness) for outcome in outcomes]
        else:
            texts = [Prompt(item_id=i.id, text=_asked(prelude, i.context(0), harness)) for i, prelude in part]
            for written in model.write(texts, decoding(harness), skip=done):
                yield [written_outcome(task, by_id[w.item_id], w, harness) for w in written]


def decoding(harness: HarnessConfig) -> Decoding:
    """How the model writes under this harness: its stop strings reworded, its reasoning on top of the task's limit."""
    assert harness.decoding is not None
    until = PROMPT_VARIANTS[harness.wording].stops(harness.decoding.until)
    if not harness.thinking:
        return replace(harness.decoding, until=until)
    longer = harness.decoding.max_tokens + harness.thinking
    return replace(harness.decoding, until=until, max_tokens=longer, after=END_OF_THINKING)


def _asked(prelude: FewShotContext, question: str, harness: HarnessConfig) -> Asked:
    if harness.template == "plain":
        return prelude.plain(question, harness.system)
    thinking = None if harness.thinking is None else harness.thinking > 0
    return prelude.conversation(question, harness.system, multiturn=harness.multiturn, thinking=thinking)


def ranking(item: Item, prelude: FewShotContext, harness: HarnessConfig) -> Ranking:
    """The item's choices as lm-eval asks for them: after the task's delimiter in a text, after nothing in a
    conversation, whose template has ended the question already."""
    delimiter = prelude.delimiter if harness.template == "plain" else ""
    asked = [_asked(prelude, context, harness) for context in item.contexts]
    pairs = tuple((asked[i if len(asked) > 1 else 0], f"{delimiter}{choice}") for i, choice in enumerate(item.choices))
    return Ranking(item_id=item.id, pairs=pairs, unconditional=harness.unconditional)


def ranked_outcome(item: Item, ranked: Logliks | Trouble, normalisation: str) -> Outcome:
    """The winning choice and what it is worth: right or wrong, or the true choices' share of the probability."""
    if isinstance(ranked, Trouble):
        return ItemFailure(item_id=item.id, reason=ranked.reason, message=ranked.message)
    choice = best_choice(ranked.sums, item.choices, normalisation, scored=ranked.scored, unconditional=ranked.alone)
    return ItemResult(
        item_id=item.id,
        score=_share(ranked.sums, item.golds) if item.golds else float(choice == item.gold),
        choice=choice,
        logliks=ranked.sums,
        scored=ranked.scored,
        alone=ranked.alone,
        tokens=ranked.tokens,
        cut=ranked.cut,
        seconds=ranked.seconds,
    )


def _share(logliks: Sequence[float], golds: Collection[int]) -> float:
    """Share of the choices' probability that the true ones have; relative to the largest, which underflows less."""
    top = max(logliks)
    masses = [math.exp(total - top) for total in logliks]
    return math.fsum(masses[i] for i in golds) / math.fsum(masses)


def _as_numbered(outcome: Outcome, harness: HarnessConfig) -> Outcome:
    """The outcome in terms of the options as the benchmark numbers them, whatever order they were put in."""
    if harness.option_order == "given" or not isinstance(outcome, ItemResult) or outcome.choice is None:
        return outcome
    return replace(
        outcome,
        choice=len(outcome.logliks) - 1 - outcome.choice,
        logliks=outcome.logliks[::-1],
        scored=outcome.scored[::-1],
        alone=outcome.alone[::-1],
    )


def written_outcome(task: Task, item: Item, written: Completion | Trouble, harness: HarnessConfig) -> Outcome:
    """Scores a text. One that was cut off before any answer is a failure; one that ended without an answer
    in the asked-for form is wrong, as lm-eval has it, and `answer` None tells the two kinds of wrong apart.
    """
    if isinstance(written, Trouble):
        return ItemFailure(item_id=item.id, reason=written.reason, message=written.message)
    rule = task.extractions[harness.extraction]
    answer = rule.extract(said(written.text, harness))
    lost = written.truncated and (answer is None or (bool(harness.thinking) and END_OF_THINKING not in written.text))
    if lost:
        return ItemFailure(
            item_id=item.id,
            reason="truncated",
            message=f"cut off at the token limit before an answer ({written.tokens:,} tokens with the prompt)",
            text=written.text,
            seconds=written.seconds,
        )
    return ItemResult(
        item_id=item.id,
        score=0.0 if answer is None else rule.score(answer, item),
        text=written.text,
        answer=answer,
        tokens=written.tokens,
        cut=written.cut,
        seconds=written.seconds,
    )


def said(text: str, harness: HarnessConfig) -> str:
    """The answer's text without the reasoning before it, as lm-eval strips it; nothing is taken from what is stored."""
    return text.rsplit(END_OF_THINKING, maxsplit=1)[-1].lstrip() if harness.thinking else text
