"""The gap of a battle decomposed into its sources, from its stored outputs and from the battles that repeat it.

The arithmetic is `stats/decomposition.py`; here is what a battle has of each source, and why it lacks the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.analysis.repeats import Repeat
from engine.analysis.variations import Variations, changed, variations_of_both
from engine.battles.battle import ItemFailure, ItemResult, Outcome
from engine.battles.rescoring import scores_by_rule
from engine.battles.result import BattleResult
from engine.errors import CallerMistake
from engine.stats.decomposition import (
    GapDecomposition,
    GapSource,
    Remeasurement,
    SourceEffect,
    repeat_remeasured,
    scorer_effect,
)
from engine.stats.paired import distinct_names
from engine.store.ledger import OPEN_STATES

_TOO_FEW = "fewer than two pairs are complete"


def decompose(result: BattleResult, repeats: Sequence[Repeat] = ()) -> GapDecomposition | None:
    """The gap of a battle and what moves it; None while there is no verdict.

    result   the battle with its outcomes
    repeats  the battles that repeat it under another setting, as far as they have come
    """
    if result.verdict is None:
        return None
    prompt, run = repeat_effects(result, repeats)
    return GapDecomposition.of(result.verdict, scorer=scorer_effect_of(result), prompt=prompt, run=run)


def scorer_effect_of(result: BattleResult) -> SourceEffect:
    """How far the gap moves when the stored outputs of both sides are scored by each rule the task knows."""
    if len(result.pairs) < 2:
        return SourceEffect(source="instrument", about=_TOO_FEW)
    try:
        items = result.items
    except CallerMistake as error:
        return SourceEffect(source="instrument", about=f"no answer can be read again: {_clause(error)}")
    sides = (result.a, result.b)
    answered = result.battle.answered(*sides)
    with_output = [items[i] for i in answered if all(_has_output(side[i]) for side in sides)]
    if len(with_output) < 2:
        return SourceEffect(source="instrument", about="no outputs are stored that could be read again")
    own_a, own_b = ({i: _score(side[i]) for i in answered} for side in sides)
    unread_a, unread_b = ([i for i in answered if result.task.writes and _unread(side[i])] for side in sides)
    by_rule = scores_by_rule(result, with_output)
    return scorer_effect(distinct_names(result.names), result.gap, (own_a, own_b), by_rule, (unread_a, unread_b))


def _score(outcome: Outcome) -> float | None:
    return outcome.score if isinstance(outcome, ItemResult) else None


def _unread(outcome: Outcome) -> bool:
    return isinstance(outcome, ItemFailure) or outcome.answer is None


def _has_output(outcome: Outcome) -> bool:
    return outcome.text is not None or (isinstance(outcome, ItemResult) and bool(outcome.logliks))


def repeat_effects(result: BattleResult, repeats: Sequence[Repeat]) -> tuple[SourceEffect, SourceEffect]:
    """How far the gap moves when both are asked otherwise (prompt), and when both are run otherwise (run).

    Prompt: another variant, order of options, worked examples. Run: the same again, another batch size or precision.
    """
    if len(result.pairs) < 2:
        return SourceEffect(source="protocol", about=_TOO_FEW), SourceEffect(source="rerun", about=_TOO_FEW)
    try:
        variations, unknown = variations_of_both(result.battle), ""
    except CallerMistake as error:  # what could be changed is not known, so neither is what was not tried
        variations, unknown = Variations(possible=(), impossible=()), f"; {_clause(error)}"
    own = {item: (a.score, b.score) for item, a, b in result.pairs}
    readings: dict[GapSource, list[Remeasurement]] = {"protocol": [], "rerun": []}
    for repeat in repeats:
        change = changed(result.battle, repeat.battle) if repeat.state not in OPEN_STATES else None
        if change and (reading := repeat_remeasured(change.label, own, repeat.scores)):
            readings[change.part].append(reading)
    effects = (_effect(source, result.gap, measured, variations) for source, measured in readings.items())
    prompt, run = (
        replace(effect, about=effect.about + unknown, applies=True) if unknown else effect for effect in effects
    )
    return prompt, run


def _effect(source: GapSource, gap: float, readings: Sequence[Remeasurement], variations: Variations) -> SourceEffect:
    """What repeats have measured of one source, and what is left to try; of one variation the longest run counts."""
    longest = {reading.label: reading for reading in sorted(readings, key=lambda reading: reading.n)}
    count = f"{len(longest)} other way{'s' if len(longest) != 1 else ''}"
    about = f"both sides run again in {count}" if longest else "not run again"
    impossible = [f"{each.label} ({_clause(each.reason)})" for each in variations.impossible if each.part == source]
    if impossible:
        about += f"; impossible here: {', '.join(impossible)}"
    possible = [each.label for each in variations.possible if each.part == source]
    return replace(
        SourceEffect.from_readings(source, about, gap, tuple(longest.values())),
        untried=tuple(label for label in possible if label not in longest),
        applies=bool(possible or longest),
    )


def _clause(reason: object) -> str:
    """The first sentence of a message, without its full stop."""
    return str(reason).partition(". ")[0].rstrip(".")
