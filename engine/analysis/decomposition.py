"""The gap of a battle decomposed into its sources, from its stored outputs and from the battles that repeat it.

The arithmetic is `stats/decomposition.py`; here is what a battle has of each source, and why it lacks the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from engine.analysis.repeats import Repeat
from engine.analysis.variations import Aspect, Variation, variation, variations_of
from engine.battles.battle import SIDES, Battle, ItemFailure, ItemResult, Outcome
from engine.battles.rescoring import scores_by_rule
from engine.battles.result import BattleResult
from engine.errors import CallerMistake
from engine.harness.config import HarnessConfig
from engine.stats.decomposition import GapDecomposition, GapSource, SourceEffect, repeat_remeasured, scorer_effect
from engine.store.ledger import OPEN_STATES

_SETTINGS = {"option_order", "wording", "shots", "shots_seed", "batch", "dtype"}
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
    with_output = [items[i] for i in answered if all(_left_output(side[i]) for side in sides)]
    if len(with_output) < 2:
        return SourceEffect(source="instrument", about="no outputs are stored that could be read again")
    own_a, own_b = ({i: _score(side[i]) for i in answered} for side in sides)
    unread_a, unread_b = ([i for i in answered if result.task.writes and _unread(side[i])] for side in sides)
    by_rule = scores_by_rule(result, with_output)
    return scorer_effect(result.distinct_names, result.gap, (own_a, own_b), by_rule, (unread_a, unread_b))


def _score(outcome: Outcome) -> float | None:
    return outcome.score if isinstance(outcome, ItemResult) else None


def _unread(outcome: Outcome) -> bool:
    return isinstance(outcome, ItemFailure) or outcome.answer is None


def _left_output(outcome: Outcome) -> bool:
    return outcome.text is not None or (isinstance(outcome, ItemResult) and bool(outcome.logliks))


def repeat_effects(result: BattleResult, repeats: Sequence[Repeat]) -> tuple[SourceEffect, SourceEffect]:
    """How far the gap moves when both are asked otherwise (prompt), and when both are run otherwise (run).

    Prompt: another variant, order of options, worked examples. Run: the same again, another batch size or precision.
    """
    if len(result.pairs) < 2:
        return SourceEffect(source="protocol", about=_TOO_FEW), SourceEffect(source="rerun", about=_TOO_FEW)
    over = [(_change(result.battle, repeat.battle), repeat) for repeat in repeats if repeat.state not in OPEN_STATES]
    changed = [(change, repeat) for change, repeat in over if change is not None]
    own = {item: (a.score, b.score) for item, a, b in result.pairs}
    try:
        possible, impossible = _variations_of_both(result)
    except CallerMistake as error:
        unknown = f"; {_clause(error)}"
        prompt, run = (_measured(source, result.gap, own, changed) for source in ("protocol", "rerun"))
        return replace(prompt, about=prompt.about + unknown), replace(run, about=run.about + unknown)
    prompt, run = (
        _with_untried(_measured(source, result.gap, own, changed), possible[source], impossible[source])
        for source in ("protocol", "rerun")
    )
    return prompt, run


def _measured(
    source: Aspect,
    gap: float,
    own: Mapping[str, tuple[float, float]],
    changed: Sequence[tuple[Variation, Repeat]],
) -> SourceEffect:
    """The effect of one source as far as repeats have measured it; of one variation the longest run counts."""
    found = [repeat_remeasured(v.label, own, repeat.scores) for v, repeat in changed if v.part == source]
    by_size = sorted((reading for reading in found if reading), key=lambda reading: reading.n)
    readings = list({reading.label: reading for reading in by_size}.values())
    ways = f"{len(readings)} other way{'s' if len(readings) != 1 else ''}"
    about = f"both sides run again in {ways}" if readings else "not run again"
    return SourceEffect.from_readings(source, about, gap, readings)


def _with_untried(effect: SourceEffect, possible: Sequence[str], impossible: Sequence[str]) -> SourceEffect:
    about = effect.about + (f"; impossible here: {', '.join(impossible)}" if impossible else "")
    tried = {reading.label for reading in effect.readings}
    untried = tuple(label for label in possible if label not in tried)
    return replace(effect, about=about, untried=untried, applies=bool(possible or effect.readings))


def _variations_of_both(result: BattleResult) -> tuple[dict[GapSource, list[str]], dict[GapSource, list[str]]]:
    """By source: what can be changed for both contenders alike, and what cannot with its reason."""
    of_a, of_b = (variations_of(result.battle, side) for side in SIDES)
    possible: dict[GapSource, list[str]] = {"protocol": [], "rerun": []}
    impossible: dict[GapSource, dict[str, str]] = {"protocol": {}, "rerun": {}}
    for way in of_a.possible:
        if way.label in {other.label for other in of_b.possible if other.part == way.part}:
            possible[way.part].append(way.label)
    for refused in (*of_a.impossible, *of_b.impossible):
        impossible[refused.part][refused.label] = f"{refused.label} ({_clause(refused.reason)})"
    return possible, {source: list(reasons.values()) for source, reasons in impossible.items()}


def _change(base: Battle, other: Battle) -> Variation | None:
    """What a repeat changed; None unless it was one setting at most, and both sides alike."""
    if other.id == base.id or (other.of, other.task, other.device) != (base.id, base.task, base.device):
        return None
    changes = []
    for side in SIDES:
        was, now = base.contender(side), other.contender(side)
        names = {f.name for f in fields(HarnessConfig) if getattr(was.harness, f.name) != getattr(now.harness, f.name)}
        if was.model != now.model or len(names) > 1 or not names <= _SETTINGS:
            return None
        changes.append(variation(was.harness, now.harness))
    a, b = changes
    return a if (a.part, a.label) == (b.part, b.label) else None


def _clause(reason: object) -> str:
    """The first sentence of a message, without its full stop."""
    return str(reason).partition(". ")[0].rstrip(".")
