"""A gap decomposed into its four sources: item sampling, the scorer, the prompt, the run.

Each source is measured by changing it alone; here is the arithmetic of it, on scores by item id, and its results.
Fractions throughout; a gap is A minus B. A source that was not measured has no ends and no readings, and says why.
Nothing is assumed: an answer nobody could read may be right or wrong, so both ends are computed and marked as bounds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from statistics import fmean
from typing import Literal

from engine.stats.verdict import Estimand, Verdict

GapSource = Literal["item luck", "instrument", "protocol", "rerun"]
"""Item sampling, scorer, prompt and run, by the words that are stored and shown."""
Scores = Mapping[str, float | None]
"""One side's scores by item id; None where nothing could be read. An item that left no output is not there."""
ScorePair = tuple[Scores, Scores]
"""The scores of A and of B."""
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Remeasurement:
    """The gap as it came out in one other way."""

    label: str
    """What was done otherwise: "flexible-extract", "bfloat16"."""
    gap: float
    n: int
    """Items it was measured on."""
    base: float
    """The gap on these same items in the battle's own way, which leaves failed items out."""
    flips: int
    """Answers, of both sides together, that changed between right and wrong; one without a score counts as wrong."""
    unread: int = 0
    """Answers, of both sides together, in which nothing could be read. They count as wrong here, as in lm-eval."""
    bound: bool = False
    """A possible end, not a measured one: it takes unread answers as right or wrong."""

    @property
    def within_luck(self) -> bool:
        """Whether as many coin flips as answers changed would often go that far: within two standard deviations."""
        return ((self.gap - self.base) * self.n) ** 2 <= 4 * self.flips

    def moved(self, gap: float) -> float:
        """Where a gap over all items goes if it moves as far as it did on the items of this reading."""
        movement = self.gap - self.base
        moved = gap + movement
        return gap if abs(movement) < _ROUNDING else moved if abs(moved) > _ROUNDING else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEffect:
    """One source of movement. `low` and `high` are the ends the gap was moved to; None where nothing was measured."""

    source: GapSource
    about: str
    """How it was measured, or why it was not; one clause without a full stop. Of item luck: the interval's method."""
    low: float | None = None
    high: float | None = None
    readings: tuple[Remeasurement, ...] = ()
    mixed: tuple[Remeasurement, ...] = ()
    """The two extremes when each side is read by another rule, as happens when the scores of two papers are
    compared. That is a mistake of the reader, not a movement of the gap: outside `low` and `high`."""
    untried: tuple[str, ...] = ()
    """Ways to change this source that exist here and have no reading."""
    applies: bool = True
    """False where this source has nothing that could be changed here."""

    @property
    def measured(self) -> bool:
        return self.low is not None

    @classmethod
    def from_readings(
        cls, source: GapSource, about: str, gap: float, readings: Sequence[Remeasurement]
    ) -> SourceEffect:
        """A part that reaches from the gap to wherever its readings move it; not measured if there are none.

        source    which of the four
        about     how it was measured, or why not; one clause without a full stop
        gap       over all items, A minus B, a fraction
        readings  the gap as it came out otherwise
        """
        if not readings:
            return cls(source=source, about=about)
        ends = [gap, *(reading.moved(gap) for reading in readings)]
        return cls(source=source, about=about, low=min(ends), high=max(ends), readings=tuple(readings))


@dataclass(frozen=True, slots=True, kw_only=True)
class GapDecomposition:
    """A gap and what moves it, one part a source, always all four.

    n       items that both have a score for
    level   confidence level of the interval that is the item luck
    estimand  what that interval speaks of, as in `Verdict`
    """

    names: tuple[str, str]
    gap: float
    n: int
    level: float
    margin: float
    parts: tuple[SourceEffect, SourceEffect, SourceEffect, SourceEffect]
    estimand: Estimand = "skill"

    @classmethod
    def of(cls, verdict: Verdict, *, scorer: SourceEffect, prompt: SourceEffect, run: SourceEffect) -> GapDecomposition:
        """A verdict's gap with what each source does to it; item sampling is the verdict's own interval.

        verdict  whose gap it is
        scorer   the effect of other scorers on the same outputs
        prompt   the effect of other prompts
        run      the effect of running the same again
        """
        return cls(
            names=verdict.names,
            gap=verdict.gap,
            n=verdict.n,
            level=verdict.interval.level,
            margin=verdict.margin,
            parts=(item_sampling_effect(verdict), scorer, prompt, run),
            estimand=verdict.estimand,
        )


def item_sampling_effect(verdict: Verdict) -> SourceEffect:
    """How far the choice of items moves the gap: the verdict's interval, whatever method it is from."""
    interval = verdict.interval
    return SourceEffect(source="item luck", about=interval.method, low=interval.low, high=interval.high)


def decompose_scores(
    verdict: Verdict,
    own: ScorePair,
    by_rule: Mapping[str, ScorePair],
    unread: tuple[Collection[str], Collection[str]] = ((), ()),
) -> GapDecomposition:
    """The gap between two stored runs: what their files hold is scored again, nothing can be run again.

    verdict  on the scores of `own`
    own      the scores the verdict is about
    by_rule  every way the files score the same outputs, by its name, the verdict's own among them
    unread   ids of the items whose answer was cut off or not found, of A and of B
    """
    if len(by_rule) > 1 or any(unread) or any(score is None for side in own for score in side.values()):
        scorer = scorer_effect(verdict.names, verdict.gap, own, by_rule, unread)
    else:
        about = "the files score each answer once and name none that was not read"
        scorer = SourceEffect(source="instrument", about=about)
    return GapDecomposition.of(
        verdict,
        scorer=scorer,
        prompt=SourceEffect(source="protocol", about="logs of both sides with one setting changed are needed"),
        run=SourceEffect(source="rerun", about="logs of both sides from a second run are needed"),
    )


def scorer_effect(
    names: tuple[str, str],
    gap: float,
    own: ScorePair,
    by_rule: Mapping[str, ScorePair],
    unread: tuple[Collection[str], Collection[str]],
) -> SourceEffect:
    """How far the gap moves when the same outputs are scored by other rules, and with unread answers right or wrong.

    names    of A and B
    gap      A minus B by the own scores
    own      the scores the gap is about
    by_rule  the same outputs scored by each rule, by its name
    unread   ids of the items whose answer was cut off or not found, of A and of B
    """
    readable = {
        rule: pair
        for rule, pair in by_rule.items()
        if any(score is not None for side in pair for score in side.values())
    }
    mixed_rules = {
        f"{names[0]} by {of_a}, {names[1]} by {of_b}": (readable[of_a][0], readable[of_b][1])
        for of_a, of_b in permutations(readable, 2)
    }
    readings, mixed = (
        [
            _remeasured(label, pair, own, gap)
            for label, pair in pairs.items()
            if len(pair[0].keys() & pair[1].keys()) > 1
        ]
        for pairs in (readable, mixed_rules)
    )
    mixed.sort(key=lambda reading: reading.gap)
    a, b = ({i for i, score in side.items() if score is None} | set(ids) for side, ids in zip(own, unread, strict=True))
    about = f"the same outputs read by {len(readings)} rule{'s' if len(readings) != 1 else ''}"
    if silent := [rule for rule in by_rule if rule not in readable]:
        about += f"; {', '.join(silent)} found no answer on either side"
    lost = f"{len(a):,} of {names[0]} and {len(b):,} of {names[1]} were unread, cut off or failed"
    if not a and not b:
        about += "; no answer was unread"
    elif all(score is None or 0 <= score <= 1 for side in own for score in side.values()):
        readings += [_bound(names, own, (a, b), gap, worth) for worth in ((0.0, 1.0), (1.0, 0.0))]
        about += f"; {lost}, taken as all right and as all wrong"
    else:
        about += f"; {lost}, with no bounds as scores lie outside 0 to 1"
    return replace(SourceEffect.from_readings("instrument", about, gap, readings), mixed=(*mixed[:1], *mixed[1:][-1:]))


def _bound(
    names: tuple[str, str], own: ScorePair, unread: tuple[set[str], set[str]], gap: float, worth: tuple[float, float]
) -> Remeasurement:
    """The end that the gap reaches when unread answers of A and of B score what `worth` says."""
    a, b = (
        {i: value if i in ids else score for i, score in side.items()}
        for side, ids, value in zip(own, unread, worth, strict=True)
    )
    taken = [
        f"of {name} {'right' if value else 'wrong'}"
        for name, ids, value in zip(names, unread, worth, strict=True)
        if ids
    ]
    return replace(_remeasured(f"every unread answer {' and '.join(taken)}", (a, b), own, gap), bound=True)


def _remeasured(label: str, pair: ScorePair, own: ScorePair, base: float) -> Remeasurement:
    items = [i for i in pair[0] if i in pair[1]]
    scores = [[side[i] for i in items] for side in pair]
    a, b = ([score or 0.0 for score in side] for side in scores)
    own_a, own_b = ([side.get(i) or 0.0 for i in items] for side in own)
    return Remeasurement(
        label=label,
        gap=fmean(x - y for x, y in zip(a, b, strict=True)),
        n=len(items),
        base=base,
        flips=sum(x != y for x, y in zip(a + b, own_a + own_b, strict=True)),
        unread=sum(score is None for side in scores for score in side),
    )


def repeat_remeasured(
    label: str, own: Mapping[str, tuple[float, float]], repeat: Mapping[str, tuple[float, float]]
) -> Remeasurement | None:
    """The gap of a repeat on the items that both runs have scores for; None with fewer than two of them.

    label   what the repeat changed
    own     scores of A and B in the first run, by item id
    repeat  the same of the repeat
    """
    both = [(own[item], scores) for item, scores in repeat.items() if item in own]
    if len(both) < 2:
        return None
    return Remeasurement(
        label=label,
        gap=fmean(a - b for _, (a, b) in both),
        n=len(both),
        base=fmean(a - b for (a, b), _ in both),
        flips=sum(x != y for first, again in both for x, y in zip(first, again, strict=True)),
    )
