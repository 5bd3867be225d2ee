"""From what a model gave to an outcome: a scored answer, or the reason why there is none.

The same two functions score a battle while it runs and its stored answers later (`rescoring.py`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

from engine.battles.battle import ItemFailure, ItemResult, Outcome
from engine.battles.requests import END_OF_THINKING
from engine.errors import LimitExceeded
from engine.harness.config import HarnessConfig
from engine.models.interface import Completion, Logliks, Trouble
from engine.tasks.scoring.normalisation import best_choice
from engine.tasks.task import Item, Task


def ranked_outcome(item: Item, ranked: Logliks | Trouble, normalisation: str) -> Outcome:
    """The winning choice and what it is worth: right or wrong, or the true choices' share of the probability.

    item           with its choices in the order they were ranked in
    ranked         log-likelihoods, one a choice, or why there are none
    normalisation  one of `NORMALISATIONS`

    Raises:
        CallerMistake: what the normalisation needs was not computed.
    """
    if isinstance(ranked, Trouble):
        return ItemFailure(item_id=item.id, reason=ranked.reason, message=ranked.message)
    n = len(item.choices)
    counts = [len(numbers) for numbers in (ranked.sums, ranked.scored, ranked.unconditional) if numbers]
    if set(counts) - {n}:
        message = f"There are {max(counts, key=lambda count: abs(count - n))} numbers for {n} choices."
        return ItemFailure(item_id=item.id, reason="scoring", message=message)
    choice = best_choice(
        ranked.sums, item.choices, normalisation, scored=ranked.scored, unconditional=ranked.unconditional
    )
    return ItemResult(
        item_id=item.id,
        score=_share(ranked.sums, item.golds) if item.golds else float(choice == item.gold),
        choice=choice,
        logliks=ranked.sums,
        scored=ranked.scored,
        unconditional=ranked.unconditional,
        tokens=ranked.tokens,
        truncated_tokens=ranked.truncated_tokens,
        seconds=ranked.seconds,
    )


def in_given_order(outcome: Outcome, harness: HarnessConfig) -> Outcome:
    """The outcome in terms of the options as the benchmark numbers them, whatever order they were put in."""
    if harness.option_order == "given" or not isinstance(outcome, ItemResult) or outcome.choice is None:
        return outcome
    return replace(
        outcome,
        choice=len(outcome.logliks) - 1 - outcome.choice,
        logliks=outcome.logliks[::-1],
        scored=outcome.scored[::-1],
        unconditional=outcome.unconditional[::-1],
    )


def written_outcome(task: Task, item: Item, written: Completion | Trouble, harness: HarnessConfig) -> Outcome:
    """Scores a text. One that was cut off before any answer is a failure; one that ended without an answer in the
    asked-for form is wrong, as lm-eval has it, and `answer` None tells the two kinds of wrong apart. A failure as well
    is one that nobody can score within the limits of time and memory.

    task     whose scorer finds the answer in the text and says what it is worth
    item     what was asked, with the expected answer
    written  the text, or why there is none
    harness  names the scorer, and says whether reasoning stands before the answer
    """
    if isinstance(written, Trouble):
        return ItemFailure(item_id=item.id, reason=written.reason, message=written.message)
    scorer = task.extractions[harness.extraction]
    try:
        answer = scorer.extract(final_text(written.text, harness))
        score = 0.0 if answer is None else scorer.score(answer, item)
    except LimitExceeded as error:
        return ItemFailure(
            item_id=item.id, reason="scoring", message=str(error), text=written.text, seconds=written.seconds
        )
    reasoning_unfinished = bool(harness.thinking) and END_OF_THINKING not in written.text
    if written.truncated and (answer is None or reasoning_unfinished):
        return ItemFailure(
            item_id=item.id,
            reason="truncated",
            message=f"cut off at the token limit before an answer ({written.tokens:,} tokens with the prompt)",
            text=written.text,
            seconds=written.seconds,
        )
    return ItemResult(
        item_id=item.id,
        score=score,
        text=written.text,
        answer=answer,
        tokens=written.tokens,
        truncated_tokens=written.truncated_tokens,
        seconds=written.seconds,
    )


def final_text(text: str, harness: HarnessConfig) -> str:
    """The answer's text without the reasoning before it, as lm-eval strips it; nothing is taken from what is stored."""
    return text.rsplit(END_OF_THINKING, maxsplit=1)[-1].lstrip() if harness.thinking else text


def _share(logliks: Sequence[float], golds: Collection[int]) -> float:
    """Share of the choices' probability that the true ones have; relative to the largest, which underflows less."""
    top = max(logliks)
    masses = [math.exp(total - top) for total in logliks]
    return math.fsum(masses[i] for i in golds) / math.fsum(masses)
