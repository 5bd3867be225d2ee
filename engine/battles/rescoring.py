"""The stored answers of a battle read by every rule there is: nothing is run again.

What a model gave is kept with every item: the log-likelihood of each choice, with and without its question, how many
tokens of it were scored, and what was written. A rule turns that into a prediction. Under another rule the same
answers make another score, so a gap that only one rule shows is a property of the rule. What is not stored cannot be
read, and says so.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.battles.battle import SIDES, ItemFailure, ItemResult, Outcome
from engine.battles.result import BattleResult
from engine.battles.scoring import ranked_outcome, written_outcome
from engine.errors import CallerMistake
from engine.harness.config import HarnessConfig
from engine.models.interface import Completion, Logliks
from engine.stats.verdict import Verdict
from engine.tasks.scoring.normalisation import NORMALISATIONS
from engine.tasks.task import Item, Task

RANKING_RULES: Mapping[str, str] = {
    "sum": "highest total (acc)",
    "characters": "highest per character (acc_norm)",
    "bytes": "highest per byte (acc_bytes)",
    "tokens": "highest per token",
    "unconditional": "highest above its own without the question (acc_mutual_info)",
}
"""The ways to read ranked choices: their names in `HarnessConfig.normalisation`, and in words."""
ScoresOfItems = Mapping[str, float | None]
"""Scores by item id; None where a rule finds no answer."""


def rules(task: Task) -> tuple[str, ...]:
    """Every rule that can read a stored output of the task."""
    return tuple(task.extractions) if task.writes else NORMALISATIONS


def rule_of(task: Task, harness: HarnessConfig) -> str:
    """The rule this harness reads by."""
    return harness.extraction if task.writes else harness.normalisation


def in_words(rule: str) -> str:
    return RANKING_RULES.get(rule, rule)


def rescored(task: Task, item: Item, outcome: Outcome, harness: HarnessConfig, rule: str) -> ItemResult | None:
    """What would have come of a stored outcome under this rule; None where the rule has nothing to read.

    A text that was cut off has a result where the rule finds an answer in it, as in a battle. The item is as the
    benchmark has it, and so are the stored choices, in whatever order they were put.
    """
    read: Outcome | None = None
    if task.writes and outcome.text is not None:
        cut_off = isinstance(outcome, ItemFailure)
        read = _read_text(task, item, outcome.text, cut_off, replace(harness, extraction=rule))
    elif isinstance(outcome, ItemResult) and not _lack(outcome, rule):
        stored = {"sums": outcome.logliks, "scored": outcome.scored, "alone": outcome.alone}
        read = ranked_outcome(item, Logliks(item_id=item.id, tokens=0, seconds=0.0, **stored), rule)  # type: ignore[arg-type]
    return read if isinstance(read, ItemResult) else None


@functools.lru_cache(maxsize=1 << 14)
def _read_text(task: Task, item: Item, text: str, cut_off: bool, harness: HarnessConfig) -> Outcome:
    """Remembered, because a rule may compare formulas, and a screen asks again whenever it is drawn."""
    written = Completion(item_id=item.id, text=text, truncated=cut_off, tokens=0, seconds=0.0)
    return written_outcome(task, item, written, harness)


def rescore(task: Task, item: Item, outcome: Outcome, harness: HarnessConfig, rule: str) -> float | None:
    """The score of a stored outcome under this rule; None where it finds no answer."""
    read = rescored(task, item, outcome, harness, rule)
    return read.score if read and (read.choice is not None or read.answer is not None) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescoring:
    """The stored answers of both sides, read by one rule.

    own      whether it is the battle's own
    verdict  on the pairs that have a score under this rule; None where the rule could not be applied
    changed  predictions of A and of B that are another choice or answer than the battle's own
    flips    how many scores of A and of B change with them
    why      why there is no verdict; a clause without a full stop
    """

    rule: str
    label: str
    own: bool
    verdict: Verdict | None
    changed: tuple[int, int] = (0, 0)
    flips: tuple[int, int] = (0, 0)
    why: str = ""


def rescorings(result: BattleResult) -> tuple[Rescoring, ...]:
    """The battle's own reading first, then every other that its task knows.

    Both sides are read alike. Where they were not in the battle, its own reading is one of A by its rule and B by its.
    """
    task = result.task
    owns = [rule_of(task, result.battle.contender(side).harness) for side in SIDES]
    own, _ = owns
    label = in_words(own) if len(set(owns)) == 1 else " against ".join(map(in_words, owns))
    too_few = "" if result.verdict else "fewer than two pairs are complete"
    first = Rescoring(rule=own, label=label, own=True, verdict=result.verdict, why=too_few)
    others = [rule for rule in rules(task) if len(set(owns)) > 1 or rule != own]
    try:
        items = result.items
    except CallerMistake as error:
        return (first, *(_not_read(rule, str(error).partition(". ")[0].rstrip(".")) for rule in others))
    return (first, *(_reading(result, items, rule) for rule in others))


def _not_read(rule: str, why: str) -> Rescoring:
    return Rescoring(rule=rule, label=in_words(rule), own=False, verdict=None, why=why)


def _reading(result: BattleResult, items: Mapping[str, Item], rule: str) -> Rescoring:
    outcomes = [*result.a.values(), *result.b.values()]
    if why := obstacle(result.task, items.values(), outcomes, rule):
        return _not_read(rule, why)
    read = read_by(result, items, rule)
    judged = read.verdict
    if judged is None:
        return _not_read(rule, "fewer than two pairs are left")
    sides = [[(old[i], new[i]) for i in old] for old, new in ((result.a, read.a), (result.b, read.b))]
    changed = [sum(_prediction(old) != _prediction(new) for old, new in side) for side in sides]
    flips = [sum(_score(old) != _score(new) for old, new in side) for side in sides]
    return Rescoring(
        rule=rule,
        label=in_words(rule),
        own=False,
        verdict=judged,
        changed=(changed[0], changed[1]),
        flips=(flips[0], flips[1]),
    )


def read_by(result: BattleResult, items: Mapping[str, Item], rule: str) -> BattleResult:
    """The battle as it would have come out under this rule; an answer it cannot read stays the failure it was."""
    a, b = (
        {i: rescored(result.task, items[i], outcome, harness, rule) or outcome for i, outcome in outcomes.items()}
        for outcomes, harness in ((result.a, result.battle.a.harness), (result.b, result.battle.b.harness))
    )
    return replace(result, a=a, b=b)


def scores_by_rule(result: BattleResult, items: Sequence[Item]) -> dict[str, tuple[ScoresOfItems, ScoresOfItems]]:
    """Scores of A and B by item id under every rule that can score what is stored, by the rule's name in words.

    result  the battle with its outcomes
    items   those whose outputs are stored on both sides
    """
    task, sides = result.task, ((result.a, result.battle.a.harness), (result.b, result.battle.b.harness))
    outcomes = [side[item.id] for side, _ in sides for item in items]
    scores: dict[str, tuple[ScoresOfItems, ScoresOfItems]] = {}
    for rule in rules(task):
        if not obstacle(task, items, outcomes, rule):
            a, b = ({i.id: rescore(task, i, side[i.id], harness, rule) for i in items} for side, harness in sides)
            scores[in_words(rule)] = a, b
    return scores


def obstacle(task: Task, items: Iterable[Item], outcomes: Iterable[Outcome], rule: str) -> str:
    """Why a rule cannot read these outcomes, as a clause; empty where it can."""
    if rule != "sum" and any(item.golds for item in items):
        return "the score is the true choices' share of the probability, which takes the totals as they are"
    results = [outcome for outcome in outcomes if isinstance(outcome, ItemResult)]
    if task.writes:
        return "no text is stored" if any(one.text is None for one in results) else ""
    return next(filter(None, (_lack(one, rule) for one in results)), "")


def _lack(outcome: ItemResult, rule: str) -> str:
    """What this rule needs of ranked choices and was not stored."""
    if not outcome.logliks:
        return "no log-likelihoods are stored"
    if rule == "tokens" and not outcome.scored:
        return "how many tokens each choice has is not stored"
    if rule == "unconditional" and not outcome.alone:
        return "the choices were not scored without their question (--unconditional)"
    return ""


def _prediction(outcome: Outcome) -> tuple[int | None, str | None] | None:
    return (outcome.choice, outcome.answer) if isinstance(outcome, ItemResult) else None


def _score(outcome: Outcome) -> float | None:
    return outcome.score if isinstance(outcome, ItemResult) else None
