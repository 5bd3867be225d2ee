"""Sample sizes for lab 4's three stages: what a public score tells, how large an own set is, how long a pilot runs.

Shares and gaps are in percent and in points, as people write them. Everything is computed from what is given; a size
that nobody asked for is None and never guessed.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from statistics import NormalDist

from engine import CallerMistake, detectable_gap, items_for
from engine.report import figures
from engine.stats import POWER
from labs.intervals import Span, separate_gap, wilson

LEAST = 0.001  # a smaller gap or share, in percent, is a slip of the pen: it asks for billions of cases
FEW = 100  # fewer own items than this leave a score too wide to decide by: the course's minimum for stage 2

_quantile = NormalDist().inv_cdf


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlist:
    """Stage 1: what a published score of n questions can sort out. Gaps are in points.

    span         Wilson's interval of the score, in percent
    apart        how far below this score another must be seen before the interval of the difference of two separate
                 sets (Newcombe) leaves 0 out; None where no score down to 0 does
    unpaired     the true gap that two totals show with a power of 80%; None at 0 and 100%, where no spread is known
    paired       the same with results question by question, if right answers correlate by `correlation`; None likewise
    """

    score: float
    n: int
    level: float
    span: Span
    apart: float | None
    unpaired: float | None
    paired: float | None
    correlation: float

    @property
    def sentence(self) -> str:
        """The stage in words."""
        text = (
            f"A score of {self.score:g}% on {self.n:,} questions has a {figures.exact_percent(self.level)} interval of "
            f"{self.span.low:.1f} to {self.span.high:.1f}% ({self.span.method})."
        )
        if self.apart is None:
            text += " No lower score on as many questions is clear of it: such a board cannot shorten the list."
        else:
            text += (
                f" Only a model seen {_rounded_up(self.apart)} points or more below it is clearly behind; whoever is "
                "nearer stays on the short list (two totals, unpaired)."
            )
        if self.unpaired is None or self.paired is None:
            return text
        if self.unpaired >= 100:
            return f"{text} No true gap is sure to show on so few."
        return (
            f"{text} With {figures.exact_percent(POWER)} power a true gap shows from {_rounded_up(self.unpaired)} "
            f"points on, and with results question by question from {_rounded_up(self.paired)} points on if right "
            f"answers correlate by {self.correlation:g}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSet:
    """Stage 2: an own set on which both models answer the same items.

    needed      items for the planned power, from the engine
    n           items chosen; `needed` unless told otherwise
    half        half of Wilson's interval of one score on n items, in points
    score       the score that `half` was worked out for; None means 50%, where it is widest
    detectable  the smallest gap in points that n items find with the planned power
    """

    gap: float
    discordance: float
    level: float
    power: float
    needed: int
    n: int
    score: float | None
    half: float
    detectable: float

    @property
    def cautions(self) -> tuple[str, ...]:
        """What to mind before planning by these numbers, a sentence each."""
        cautions = []
        if self.n < FEW:
            cautions.append(
                f"{self.n:,} items are fewer than {FEW}: one score alone may be off by {self.half:.1f} points. "
                f"Collect at least {FEW}."
            )
        if self.n < self.needed:
            cautions.append(
                f"{self.n:,} items are fewer than the {self.needed:,} that a gap of {self.gap:g} points takes; "
                f"they find one of {self.detectable:.1f} points."
            )
        if self.gap > self.discordance:
            cautions.append(
                f"A gap of {self.gap:g} points means that the two differ on at least as many items; the "
                f"{self.discordance:g}% given was raised to that."
            )
        return tuple(cautions)

    @property
    def sentence(self) -> str:
        """The stage in words."""
        differ = max(self.discordance, self.gap)
        at = "50%, where it is widest" if self.score is None else f"{self.score:g}%"
        level, power = figures.exact_percent(self.level), figures.exact_percent(self.power)
        return (
            f"To see a gap of {self.gap:g} points between two models that differ on {differ:g}% of the "
            f"items takes {self.needed:,} items ({level} level, {power} power, both on "
            f"the same items). On {self.n:,} items one score has a margin of ±{self.half:.1f} points (Wilson, at {at})."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """Stage 3: a share of the traffic to the pilot, the rest as before, and a share of chats that is counted in both.

    per_arm    chats needed in the pilot, and as many as before
    days       until both have them, at `per_day` chats a day of which `share` percent go to the pilot
    unseen     with no failure in `per_arm` chats, the rate in percent that the true one may still have
    harm       a rate of harm in percent to be ruled out; None when none was named
    clean      chats without a single such harm that rule it out; None with `harm`
    clean_days until the pilot alone has had them; None with `harm`
    """

    baseline: float
    difference: float
    level: float
    power: float
    per_day: float
    share: float
    per_arm: int
    days: int
    unseen: float
    harm: float | None
    clean: int | None
    clean_days: int | None

    @property
    def cautions(self) -> tuple[str, ...]:
        """What to mind before planning by these numbers, a sentence each."""
        rarest = min(share for rate in (self.baseline, self.baseline + self.difference) for share in (rate, 100 - rate))
        expected = self.per_arm * rarest / 100
        if expected >= 5:
            return ()
        return (
            f"In one arm only about {expected:.1f} chats of the rarer kind are expected; below 5 the formula is rough. "
            "Take more chats.",
        )

    @property
    def sentence(self) -> str:
        """The stage in words."""
        level, power = figures.exact_percent(self.level), figures.exact_percent(self.power)
        text = (
            f"To tell {self.baseline + self.difference:g}% in the pilot from {self.baseline:g}% as before takes "
            f"{self.per_arm:,} chats in each arm (two shares, two-sided, {level} level, {power} power). With "
            f"{self.share:g}% of {self.per_day:,.10g} chats a day that is {figures.count(self.days, 'day')}. No "
            f"failure in {self.per_arm:,} chats would still allow a true rate of {self.unseen:.2g}% ({level}, "
            "one-sided)."
        )
        if self.clean is None or self.clean_days is None:
            return f"{text} No rate of harm to be ruled out was named."
        return (
            f"{text} To rule out harm in {self.harm:g}% of chats or more takes {self.clean:,} chats without one "
            f"({level}, one-sided): {figures.count(self.clean_days, 'day')} of the pilot."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSizes:
    """The sizes of the three stages; None for a stage that was not worked out."""

    stage1: Shortlist | None = None
    stage2: OwnSet | None = None
    stage3: Pilot | None = None


def shortlist(score: float, n: int, *, correlation: float = 0.5, level: float = 0.95) -> Shortlist:
    """Stage 1: how far below a published score another must lie before a board of n questions tells the two apart.

    Two contenders of accuracy p differ on a share 2p(1−p)(1−correlation) of the questions, which gives `unpaired` (with
    0) and `paired` by the engine's `detectable_gap`.

    score        percent; the nearest count of right answers stands for it
    n            questions of the board, at least 2
    correlation  of right answers from question to question, assumed; 0.5 is usual for models of one level
    level        of the intervals, a fraction

    Raises:
        CallerMistake: a score outside 0 to 100, n below 2, a correlation outside 0 to 0.99, a level outside 0.5 to 1.
    """
    _within("correlation", correlation, 0, 0.99, "give a fraction such as 0.5")
    _fraction("level", level, 0.95)
    span = wilson(score, n, level)

    def clear(right: int) -> bool:
        return separate_gap(score, 100 * right / n, n, level=level).newcombe.low > 0

    # the highest count of right answers that is clearly behind, 0 where none above it is
    behind = bisect_left(range(1, max(1, round(score / 100 * n))), True, key=lambda right: not clear(right))

    def shows_from(correlation: float) -> float | None:
        differ = 2 * score / 100 * (1 - score / 100) * (1 - correlation)
        return 100 * detectable_gap(n, discordance=differ, level=level, power=POWER) if differ else None

    return Shortlist(
        score=score,
        n=n,
        level=level,
        span=span,
        apart=score - 100 * behind / n if clear(behind) else None,
        unpaired=shows_from(0.0),
        paired=shows_from(correlation),
        correlation=correlation,
    )


def own_set(
    gap: float,
    *,
    discordance: float = 30.0,
    score: float | None = None,
    n: int | None = None,
    level: float = 0.95,
    power: float = POWER,
) -> OwnSet:
    """Stage 2: how many own items show a gap between two models, and how wide one score on them is.

    Items by the engine: (z_level + z_power)² discordance / gap² for paired 0/1 scores (Miettinen 1968; Miller 2024,
    arXiv 2411.00640, section 5).

    gap          points, either sign
    discordance  percent of items that one gets right and the other wrong
    score        the expected score in percent, for its margin; None takes 50%, where the margin is widest
    n            items at hand; None takes as many as are needed
    level        of the test and of the margin, a fraction
    power        the chance of finding the gap, a fraction

    >>> own_set(5).needed
    942

    Raises:
        CallerMistake: a gap below 0.001 or beyond 100, a share outside 0 to 100, n below 2, a level or power outside
            0.5 to 1.
    """
    _within("gap", abs(gap), LEAST, 100, "give points other than 0, such as 5")
    _within("discordance", discordance, LEAST, 100, "give a percentage of the items, such as 30")
    _fraction("level", level, 0.95)
    _fraction("power", power, 0.8)
    share = discordance / 100
    needed = items_for(gap / 100, discordance=share, level=level, power=power)
    size = max(2, needed) if n is None else n
    return OwnSet(
        gap=abs(gap),
        discordance=discordance,
        level=level,
        power=power,
        needed=needed,
        n=size,
        score=score,
        half=wilson(50.0 if score is None else score, size, level).half,
        detectable=100 * detectable_gap(size, discordance=share, level=level, power=power),
    )


def pilot(
    baseline: float,
    difference: float,
    *,
    per_day: float,
    share: float,
    harm: float | None = None,
    level: float = 0.95,
    power: float = POWER,
) -> Pilot:
    """Stage 3: how many chats each arm needs (`chats_per_arm`), how long that takes, and what silence proves.

    baseline    percent of chats as before that succeed, or fail: whatever is counted
    difference  points that the pilot lies above or, negative, below
    per_day     chats a day, all together
    share       percent of them that go to the pilot; the others stay as before
    harm        a rate in percent that a clean pilot is to rule out (`clean_cases`)
    level       of the test and of the bound on what was not seen (`highest_rate`), a fraction
    power       the chance of seeing the difference, a fraction

    Raises:
        CallerMistake: a share that cannot be, no difference, no traffic, nothing left for one of the arms.
    """
    _within("per_day", per_day, 1, 1e12, "give chats a day")
    _within("share", share, LEAST, 100 - LEAST, "give a percentage that leaves chats for both arms, such as 5")
    per_arm = chats_per_arm(baseline, difference, level=level, power=power)
    clean = None if harm is None else clean_cases(harm, level)
    return Pilot(
        baseline=baseline,
        difference=difference,
        level=level,
        power=power,
        per_day=per_day,
        share=share,
        per_arm=per_arm,
        days=math.ceil(per_arm / (per_day * min(share, 100 - share) / 100)),  # the smaller arm fills last
        unseen=highest_rate(per_arm, level),
        harm=harm,
        clean=clean,
        clean_days=None if clean is None else math.ceil(clean / (per_day * share / 100)),
    )


def chats_per_arm(baseline: float, difference: float, *, level: float = 0.95, power: float = POWER) -> int:
    """How many cases each of two arms needs to show a difference between two independent shares.

    (z_level √(2 p̄ q̄) + z_power √(p₁q₁ + p₂q₂))² / (p₁ − p₂)², two-sided, without continuity correction (Fleiss, Levin &
    Paik 2003, Statistical Methods for Rates and Proportions, chapter 4; the formula of R's power.prop.test).

    baseline    percent in the one arm
    difference  points that the other arm lies above or, negative, below
    level       of the test, a fraction
    power       the chance of seeing the difference, a fraction

    R's own example, power.prop.test(p1 = .50, p2 = .75, power = .90), gives 76.7:

    >>> chats_per_arm(50, 25, power=0.9)
    77

    Raises:
        CallerMistake: a share outside 0 to 100, a difference below 0.001 points, a level or power outside 0.5 to 1.
    """
    _within("baseline", baseline, 0, 100, "give a percentage")
    _within("difference", abs(difference), LEAST, 100, "give points other than 0, such as 2 or -2")
    _within("baseline + difference", baseline + difference, 0, 100, "give a smaller difference")
    _fraction("level", level, 0.95)
    _fraction("power", power, 0.8)
    before, after = baseline / 100, (baseline + difference) / 100
    middle = (before + after) / 2
    reach = _quantile((1 + level) / 2) * math.sqrt(2 * middle * (1 - middle))
    reach += _quantile(power) * math.sqrt(before * (1 - before) + after * (1 - after))
    return math.ceil((reach / (after - before)) ** 2)


def highest_rate(n: int, level: float = 0.95) -> float:
    """With 0 failures in n independent cases: the upper one-sided bound of the true rate, in percent.

    >>> round(highest_rate(300), 2)
    0.99

    1 − (1 − level)^(1/n), at 95% close to 3/n: the rule of three (Hanley & Lippman-Hand 1983, JAMA 249:1743).

    Raises:
        CallerMistake: n below 1, a level outside 0.5 to 1.
    """
    _within("n", n, 1, math.inf, "give the number of cases without a failure")
    _fraction("level", level, 0.95)
    return -100 * math.expm1(math.log1p(-level) / n)


def clean_cases(rate: float, level: float = 0.95) -> int:
    """How many independent cases without one failure rule out a true rate of `rate` percent: `highest_rate` inverted.

    Raises:
        CallerMistake: a rate below 0.001 or of 100 and more, a level outside 0.5 to 1.
    """
    _within("rate", rate, LEAST, 100 - LEAST, "give a percentage such as 1")
    _fraction("level", level, 0.95)
    cases = math.log1p(-level) / math.log1p(-rate / 100)
    return math.ceil(cases * (1 - 1e-12))  # a rate that n cases just rule out does not take one more by rounding


def _within(name: str, value: float, low: float, high: float, way_out: str) -> None:
    if not low <= value <= high:
        raise CallerMistake(f"`{name}` is {value:g} but must lie from {low:g} to {high:g}: {way_out}.")


def _fraction(name: str, value: float, usual: float) -> None:
    if not 0.5 < value < 1:
        raise CallerMistake(f"`{name}` is {value:g} but must lie between 0.5 and 1: give a fraction such as {usual}.")


def _rounded_up(points: float) -> str:
    """A gap to one decimal and never smaller than it is: one just below it would not do."""
    return f"{math.ceil(10 * points - 1e-9) / 10:.1f}"
