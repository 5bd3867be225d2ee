"""What a lab's claim comes to when it is measured: one number of a real battle, where it is from, and how sure it is.

Nothing is simulated. The scores are those of a battle that was run here, or of one that is kept with the product, and a
measured claim says which.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine import BattleResult, CallerMistake, Verdict, compare, items_for, load_task
from engine.report import figures
from engine.stats import POWER, DiscordanceEstimate, holm, pilot_discordance, shares
from labs.intervals import Span, separate_gap, wilson
from labs.lab import Measurement

LEVEL = 0.95
RIGHT = "right answers, in percent"
RULES = {
    "sum": "total",
    "characters": "value per character",
    "bytes": "value per byte",
    "tokens": "value per token",
}
"""What has to be highest, by the scoring rules of ranked choices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A's and B's scores as one rule reads the stored answers, and how many scores of each it changes."""

    a: float
    b: float
    flips: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BattleScores:
    """What is left of a battle that is over.

    contenders  of A and B, each the model with its number of worked examples where it had any
    a, b        right or wrong (1 or 0) by item id, for the items that both have a score for, in the battle's order
    own_rule    the rule by which both were read
    readings    by every rule that was applied to the stored answers
    source      where and when it was measured, a clause without a full stop
    """

    contenders: tuple[str, str]
    a: Mapping[str, float]
    b: Mapping[str, float]
    own_rule: str
    readings: Mapping[str, Reading]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPart:
    """One of the figures that a measured number was made of, to be drawn beside the others: all on one scale."""

    label: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredClaim:
    """A measured number. What it is a number of stands in the lab's measurement.

    value     in the unit of the prediction
    interval  of `value`, where it is an estimate; None where it is a count, or says something about intervals itself
    n         items behind it
    source    where and when it was measured, a clause without a full stop
    words     the finding in full, with everything it was made of
    turned    whether an order, or what follows from an interval, is another one than before
    scale     what the parts are measured in, as an axis says it
    parts     what the number was made of
    """

    value: float
    interval: Span | None
    n: int
    source: str
    words: str
    turned: bool
    scale: str
    parts: tuple[MeasuredPart, ...]


def scores_of_result(result: BattleResult) -> BattleScores:
    """The scores of a battle that was run here.

    Raises:
        CallerMistake: it is not over.
    """
    from engine.battles import rescoring  # with the benchmark's items, which a recording does without

    battle, task = result.battle, result.task
    if result.state != "done" or result.verdict is None:
        raise CallerMistake(f"Battle {battle.id} is not over, so nothing is read off it. Let it come to its end.")
    ran = datetime.datetime.fromtimestamp(result.created, datetime.UTC).date().isoformat()
    kinds = [battle.a.harness, battle.b.harness]
    return BattleScores(
        contenders=_contenders(result.names, *(harness.shots for harness in kinds)),
        a={item: a.score for item, a, _ in result.pairs},
        b={item: b.score for item, _, b in result.pairs},
        own_rule=rescoring.rule_of(task, kinds[0]),
        readings={
            each.rule: Reading(a=each.verdict.a_score, b=each.verdict.b_score, flips=each.flips)
            for each in rescoring.rescorings(result)
            if each.verdict is not None
        },
        source=f"measured here on {ran}, {len(result.pairs):,} questions of {task.title} (battle {battle.id})",
    )


def recorded_scores(name: str) -> BattleScores:
    """The scores of a battle that is kept with the product. Raises Unknown when there is no such recording."""
    from engine.analysis import recordings  # a second that who only talks does not wait for

    recording = recordings.load(name)
    return BattleScores(
        contenders=_contenders(recording.names, recording.shots, recording.shots),
        a=dict(zip(recording.item_ids, recording.a, strict=True)),
        b=dict(zip(recording.item_ids, recording.b, strict=True)),
        own_rule=load_task(recording.task).normalisation,
        readings={rule: Reading(a=each.a, b=each.b, flips=each.flips) for rule, each in recording.readings.items()},
        source=(
            f"recorded {recording.date} with the product, {recording.extent} of {recording.title} "
            f"({recording.device}, {recording.dtype})"
        ),
    )


def measured(measurement: Measurement, battles: Sequence[BattleScores]) -> MeasuredClaim:
    """The number that a measurement reads off its battles.

    measurement  says which number
    battles      their scores, in the measurement's order

    Raises:
        CallerMistake: the battles do not hold what the number needs.
    """
    if measurement.number == "first_place":
        return first_place(battles)
    (battle,) = battles
    if measurement.number == "answer_rules":
        return answer_rules(battle, measurement.rule or "")
    if measurement.number == "pairing":
        return pairing(battle)
    return pilot(battle, gap=measurement.gap or 0.0, items=measurement.pilot_items or 0)


def answer_rules(battle: BattleScores, rule: str) -> MeasuredClaim:
    """How many points A's score changes when the same answers are read by `rule` first, then by the battle's own rule.

    The answers are the same items twice, so the change is a paired gap: Tango's score interval of the answers that only
    one of the rules calls right (Tango 1998, Statistics in Medicine 17:891). Of f answers that change and a change of
    the count by g, (f + g) / 2 are gained and (f - g) / 2 lost.

    Raises:
        CallerMistake: the battle was not read by this rule, or by it alone.
    """
    if rule == battle.own_rule or rule not in battle.readings:
        known = ", ".join(sorted(battle.readings.keys() - {battle.own_rule})) or "none"
        raise CallerMistake(
            f"The answers of this battle were not read by {rule!r} as well. It has other rules: {known}."
        )
    before, after, n = battle.readings[rule], battle.readings[battle.own_rule], len(battle.a)
    changed, gain = before.flips[0], round(n * (after.a - before.a))
    gained, lost = (changed + gain) // 2, (changed - gain) // 2
    same = [0.0] * (n - changed)
    change = compare([1.0] * gained + [0.0] * lost + same, [0.0] * gained + [1.0] * lost + same, level=LEVEL)
    turned = (before.a - before.b) * (after.a - after.b) < 0
    (a, b), (first, second) = battle.contenders, (RULES.get(each, each) for each in (rule, battle.own_rule))
    return MeasuredClaim(
        value=100 * change.gap,
        interval=_span(change),
        n=n,
        source=battle.source,
        words=(
            f"{a} gave one set of answers to {n:,} questions. By the highest {first}, {_percent(before.a)} of them are "
            f"right; by the highest {second}, {_percent(after.a)}. {figures.count(changed, 'mark')} changed: "
            f"{gained:,} for the better, {lost:,} for the worse. {b} goes from {_percent(before.b)} to "
            f"{_percent(after.b)}. No model was changed or run again."
        ),
        turned=turned,
        scale=RIGHT,
        parts=(
            _score(f"{a}, by {first}", before.a, n),
            _score(f"{a}, by {second}", after.a, n),
            _score(f"{b}, by {first}", before.b, n),
            _score(f"{b}, by {second}", after.b, n),
        ),
    )


def first_place(battles: Sequence[BattleScores]) -> MeasuredClaim:
    """How many contenders could be first: those that no other is ahead of beyond the noise.

    Every two contenders are compared on the items that all have, by McNemar's exact test (1947), Holm's correction
    (1979) for the number of pairs. A contender's place may be as good as 1 + those surely ahead of it, and as bad as
    the number of all less those surely behind it: a joint confidence set of ranks (Mogstad, Romano, Shaikh & Wilhelm
    2024, Review of Economic Studies 91:476).

    Raises:
        CallerMistake: fewer than two items are common to all.
    """
    sides = [pair for each in battles for pair in zip(each.contenders, (each.a, each.b), strict=True)]
    scores = dict(sides)
    if len(scores) < len(sides):
        raise CallerMistake(
            "Two of the contenders are the same: give each battle a number of worked examples of its own."
        )
    items = [item for item in battles[0].a if all(item in each for each in scores.values())]
    if len(items) < 2:
        raise CallerMistake(f"These battles have {figures.count(len(items), 'item')} in common; a ranking needs 2.")
    marks = {name: [each[item] for item in items] for name, each in scores.items()}
    pairs = {(x, y): compare(marks[x], marks[y], level=LEVEL) for x, y in itertools.combinations(marks, 2)}
    surely = {pair for pair, p in holm({pair: each.p_value for pair, each in pairs.items()}).items() if p < 1 - LEVEL}
    ahead = {(x, y) if pairs[x, y].gap > 0 else (y, x) for x, y in surely}
    best = {name: 1 + sum(worse == name for _, worse in ahead) for name in marks}
    worst = {name: len(marks) - sum(better == name for better, _ in ahead) for name in marks}
    board = sorted(marks, key=lambda name: -sum(marks[name]))
    leads = [sum(each.a[item] - each.b[item] for item in items) for each in battles]
    listed = "; ".join(
        f"{name} {figures.rounded_percent(sum(marks[name]) / len(items))}, place {_places(best[name], worst[name])}"
        for name in board
    )
    return MeasuredClaim(
        value=sum(place == 1 for place in best.values()),
        interval=None,
        n=len(items),
        source="; ".join(each.source for each in battles),
        words=(
            f"On the same {len(items):,} questions: {listed}. The places follow from the "
            f"{figures.count(len(pairs), 'comparison')} of two, judged together at {figures.exact_percent(LEVEL)} "
            "(McNemar, Holm)."
        ),
        turned=min(leads) < 0 < max(leads),
        scale=RIGHT,
        parts=tuple(_score(name, sum(marks[name]) / len(items), len(items)) for name in board),
    )


def pairing(battle: BattleScores) -> MeasuredClaim:
    """By how many percent the interval of the gap is narrower question by question than from the two totals.

    Paired: Tango's score interval (1998). From totals: Newcombe's (1998, Statistics in Medicine 17:873, method 10), as
    if each score had items of its own.
    """
    a, b, n = list(battle.a.values()), list(battle.b.values()), len(battle.a)
    paired = compare(a, b, level=LEVEL)
    totals = separate_gap(100 * paired.a_score, 100 * paired.b_score, n, level=LEVEL).newcombe
    by_question = _span(paired)
    counts = paired.discordant
    assert counts is not None
    alike = shares.correlation_of(paired.a_score, paired.b_score, counts.total / n)
    correlate = "" if alike is None else f", and right answers correlate by {figures.minus(f'{alike:.2f}')}"
    x, y = battle.contenders
    leads = figures.in_favour(paired.gap, (x, y)) if paired.gap else "no gap"
    return MeasuredClaim(
        value=100 * (1 - by_question.half / totals.half),
        interval=None,
        n=n,
        source=battle.source,
        words=(
            f"{x} scored {_percent(paired.a_score)} and {y} {_percent(paired.b_score)} on the same {n:,} questions: "
            f"{leads}. Counted for {x}, the gap may be {in_points(totals)} as far as the two totals tell "
            f"({totals.method}), {_about_zero(totals)}. Question by question it is {in_points(by_question)} "
            f"({by_question.method}), {_about_zero(by_question)}. They differ on "
            f"{figures.count(counts.total, 'question')}{correlate}."
        ),
        turned=totals.excludes_zero != by_question.excludes_zero,
        scale=f"gap in points, above 0 for {x}",
        parts=tuple(
            MeasuredPart(label=label, value=100 * paired.gap, low=span.low, high=span.high)
            for label, span in (("from the two totals", totals), ("question by question", by_question))
        ),
    )


def pilot(battle: BattleScores, *, gap: float, items: int) -> MeasuredClaim:
    """How many items show a gap, planned by the share on which the contenders differed in the battle's first items.

    (z_level + z_power)^2 discordance / gap^2 items (Miettinen 1968; Miller 2024, arXiv 2411.00640, section 5). The
    interval plans with both ends of Wilson's interval (1927) of the share that differed.

    battle  in a random order of its items
    gap     in points
    items   of the pilot

    Raises:
        CallerMistake: the battle has fewer items than the pilot.
    """
    a, b = list(battle.a.values())[:items], list(battle.b.values())[:items]
    if len(a) < items:
        raise CallerMistake(
            f"The battle has {len(a):,} complete items, and the pilot needs {items:,}. Run it with more."
        )
    differ, shown = pilot_discordance(a, b, level=LEVEL), compare(a, b, level=LEVEL)
    needed = _planned(gap, differ)
    (x, y), seen = battle.contenders, _span(shown)
    return MeasuredClaim(
        value=needed.value,
        interval=Span(low=needed.low, high=needed.high, method="Wilson, of the share that differs"),
        n=items,
        source=battle.source,
        words=(
            f"In a pilot of {items:,} questions {x} and {y} differed on {differ.differed:,}. To see a gap of {gap:g} "
            f"points with {figures.exact_percent(POWER)} power takes {needed.value:,.0f} questions; so small a pilot "
            f"leaves {needed.low:,.0f} to {needed.high:,.0f} open. The pilot's own gap is "
            f"{_signed(100 * shown.gap)} points, and may be {in_points(seen)} ({seen.method}): it "
            "sizes the test and does not decide it."
        ),
        turned=False,
        scale="questions",
        parts=tuple(_planned(size, differ) for size in (2 * gap, gap, gap / 2)),
    )


def _score(label: str, share: float, n: int) -> MeasuredPart:
    """A score in percent, with Wilson's interval (1927)."""
    span = wilson(100 * share, n, LEVEL)
    return MeasuredPart(label=label, value=100 * share, low=span.low, high=span.high)


def _planned(gap: float, differ: DiscordanceEstimate) -> MeasuredPart:
    """Items that show a gap in points, for the likely share that differs and for both ends of its interval."""
    low, value, high = (items_for(gap / 100, discordance=each) for each in (differ.low, differ.likely, differ.high))
    return MeasuredPart(label=f"a gap of {gap:g} points", value=value, low=low, high=high)


def in_points(span: Span) -> str:
    """An interval of a gap: −6.0 to +0.1 points."""
    return f"{_signed(span.low)} to {_signed(span.high)} points"


def _signed(points: float) -> str:
    return figures.rounded_signed(points / 100)


def _about_zero(span: Span) -> str:
    return "which leaves 0 out" if span.excludes_zero else "which takes 0 in"


def _span(verdict: Verdict) -> Span:
    low, high = verdict.interval
    return Span(low=100 * low, high=100 * high, method=verdict.interval.method)


def _percent(share: float) -> str:
    return figures.rounded_percent(share)


def _places(best: int, worst: int) -> str:
    return f"{best}" if best == worst else f"{best} to {worst}"


def _contenders(names: tuple[str, str], shots_a: int, shots_b: int) -> tuple[str, str]:
    a, b = (f"{name}, {shots}-shot" if shots else name for name, shots in zip(names, (shots_a, shots_b), strict=True))
    return a, b
