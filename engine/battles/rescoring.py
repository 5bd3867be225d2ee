"""Rescoring: the stored answers of a battle scored by every rule there is. Nothing is run again.

What a model gave is kept with every item: the log-likelihood of each choice, with and without its question, how many
tokens of it were scored, and what was written. A rule turns that into a prediction. Under another rule the same
answers make another score, so a gap that only one rule shows is a property of the rule. What was not stored cannot be
scored, and the rescoring says so.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from engine.battles.battle import ItemFailure, ItemResult, Outcome
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
"""The ways to score ranked choices: their names in `HarnessConfig.normalisation`, and in words."""
ScoresOfItems = Mapping[str, float | None]
"""Scores by item id; None where a rule finds no answer."""


def scoring_rules(task: Task) -> tuple[str, ...]:
    """Names of the rules that can score a stored output of the task."""
    return tuple(task.extractions) if task.writes else NORMALISATIONS


def rule_of(task: Task, harness: HarnessConfig) -> str:
    """The rule this harness scores by."""
    return harness.extraction if task.writes else harness.normalisation


def rule_label(rule: str) -> str:
    """
    >>> rule_label("bytes"), rule_label("strict-match")
    ('highest per byte (acc_bytes)', 'strict-match')
    """
    return RANKING_RULES.get(rule, rule)


def rescored_outcome(task: Task, item: Item, outcome: Outcome, harness: HarnessConfig, rule: str) -> ItemResult | None:
    """What would have come of a stored outcome under this rule; None where the rule has nothing to score.

    A text that was cut off has a result where the rule finds an answer in it, as in a battle.

    task     whose rules these are
    item     as the benchmark has it; so are the stored choices, in whatever order they were put
    outcome  what is stored
    harness  as the model was asked
    rule     one of `scoring_rules(task)`
    """
    new: Outcome | None = None
    if task.writes and outcome.text is not None:
        truncated = isinstance(outcome, ItemFailure) and outcome.reason == "truncated"
        new = _rescored_text(task, item, outcome.text, truncated, replace(harness, extraction=rule))
    elif isinstance(outcome, ItemResult) and not _missing_input(outcome, rule):
        stored = Logliks(
            item_id=item.id, sums=outcome.logliks, scored=outcome.scored, unconditional=outcome.unconditional
        )
        new = ranked_outcome(item, stored, rule)
    return new if isinstance(new, ItemResult) else None


@functools.lru_cache(maxsize=1 << 14)
def _rescored_text(task: Task, item: Item, text: str, truncated: bool, harness: HarnessConfig) -> Outcome:
    """Remembered, because a rule may compare formulas, and a screen asks again whenever it is drawn."""
    written = Completion(item_id=item.id, text=text, truncated=truncated)
    return written_outcome(task, item, written, harness)


def rescored_score(task: Task, item: Item, outcome: Outcome, harness: HarnessConfig, rule: str) -> float | None:
    """The score of a stored outcome under this rule; None where it finds no answer.

    The parameters are those of `rescored_outcome`.
    """
    new = rescored_outcome(task, item, outcome, harness, rule)
    return new.score if new and (new.choice is not None or new.answer is not None) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescoring:
    """The stored answers of both sides, scored by one rule.

    own      whether it is the battle's own
    verdict  on the pairs that have a score under this rule; None where the rule could not be applied
    changed  predictions of A and of B that are another choice or answer than the battle's own
    flips    how many scores of A and of B change with them
    why      why there is no verdict; a clause without a full stop
    """

    rule: str
    label: str
    own: bool = False
    verdict: Verdict | None = None
    changed: tuple[int, int] = (0, 0)
    flips: tuple[int, int] = (0, 0)
    why: str = ""


def rescorings(result: BattleResult) -> tuple[Rescoring, ...]:
    """The battle by its own rule first, then by every other that its task knows.

    Both sides are scored alike. Where they were not in the battle, its own is A by A's rule and B by B's.
    """
    task, battle = result.task, result.battle
    own, other = rule_of(task, battle.a.harness), rule_of(task, battle.b.harness)
    label = rule_label(own) if own == other else f"{rule_label(own)} against {rule_label(other)}"
    too_few = "" if result.verdict else "fewer than two pairs are complete"
    first = Rescoring(rule=own, label=label, own=True, verdict=result.verdict, why=too_few)
    others = [rule for rule in scoring_rules(task) if rule != own or own != other]
    try:
        items = result.items
    except CallerMistake as error:
        why = str(error).partition(". ")[0].rstrip(".")
        return (first, *(Rescoring(rule=rule, label=rule_label(rule), why=why) for rule in others))
    return (first, *(_rescoring(result, items, rule) for rule in others))


def _rescoring(result: BattleResult, items: Mapping[str, Item], rule: str) -> Rescoring:
    label = rule_label(rule)
    if why := obstacle(result.task, items.values(), [*result.a.values(), *result.b.values()], rule):
        return Rescoring(rule=rule, label=label, why=why)
    again = rescored_result(result, items, rule)
    if again.verdict is None:
        return Rescoring(rule=rule, label=label, why="fewer than two pairs are left")
    changed, flips = (
        (_differing(value, result.a, again.a), _differing(value, result.b, again.b))
        for value in (attrgetter("choice", "answer"), attrgetter("score"))
    )
    return Rescoring(rule=rule, label=label, verdict=again.verdict, changed=changed, flips=flips)


def _differing(value: Callable[[ItemResult], object], old: Mapping[str, Outcome], new: Mapping[str, Outcome]) -> int:
    """How many items have another value of this kind; a failure has none."""
    values = [[value(o) if isinstance(o, ItemResult) else None for o in (old[i], new[i])] for i in old]
    return sum(before != after for before, after in values)


def rescored_result(result: BattleResult, items: Mapping[str, Item], rule: str) -> BattleResult:
    """The battle as it would have come out under this rule; an answer it cannot score stays the failure it was.

    result  the battle with its outcomes
    items   its items by id
    rule    one of `scoring_rules(result.task)`
    """
    a, b = (
        {i: rescored_outcome(result.task, items[i], old, harness, rule) or old for i, old in outcomes.items()}
        for outcomes, harness in _sides(result)
    )
    return replace(result, a=a, b=b)


def _sides(result: BattleResult) -> tuple[tuple[Mapping[str, Outcome], HarnessConfig], ...]:
    return (result.a, result.battle.a.harness), (result.b, result.battle.b.harness)


def scores_by_rule(result: BattleResult, items: Sequence[Item]) -> dict[str, tuple[ScoresOfItems, ScoresOfItems]]:
    """Scores of A and B by item id under every rule that can score what is stored, by the rule's name in words.

    result  the battle with its outcomes
    items   those whose outputs are stored on both sides
    """
    task, outcomes = result.task, [side[item.id] for side in (result.a, result.b) for item in items]
    scores: dict[str, tuple[ScoresOfItems, ScoresOfItems]] = {}
    for rule in scoring_rules(task):
        if not obstacle(task, items, outcomes, rule):
            a, b = (
                {item.id: rescored_score(task, item, side[item.id], harness, rule) for item in items}
                for side, harness in _sides(result)
            )
            scores[rule_label(rule)] = a, b
    return scores


def obstacle(task: Task, items: Iterable[Item], outcomes: Iterable[Outcome], rule: str) -> str:
    """Why a rule cannot score these outcomes, as a clause; empty where it can.

    task      whose they are
    items     of the outcomes
    outcomes  of any side; failures do not matter
    rule      one of `scoring_rules(task)`
    """
    if rule != "sum" and any(item.golds for item in items):
        return "the score is the true choices' share of the probability, which takes the totals as they are"
    results = [outcome for outcome in outcomes if isinstance(outcome, ItemResult)]
    if task.writes:
        return "no text is stored" if any(result.text is None for result in results) else ""
    return next(filter(None, (_missing_input(result, rule) for result in results)), "")


def _missing_input(outcome: ItemResult, rule: str) -> str:
    """What this rule needs of ranked choices and was not stored, as a clause; empty where nothing is missing."""
    if not outcome.logliks:
        return "no log-likelihoods are stored"
    if rule == "tokens" and not outcome.scored:
        return "how many tokens each choice has is not stored"
    if rule == "unconditional" and not outcome.unconditional:
        return "the choices were not scored without their question (--unconditional)"
    return ""
