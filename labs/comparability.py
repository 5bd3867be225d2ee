"""The five-step protocol of lab 3, computed: may two published scores be compared, and how firmly?

It reads what two claims say of themselves. What they leave out is “not stated” and is never taken to be the same.

The steps: 1 one evaluator · 2 the same shots and prompt · 3 a gap beyond the interval of the difference (Newcombe 1998
for two separate samples, by labs/intervals.py) · 4 a lead on three or more benchmarks · 5 each figure found again by
somebody outside.

The verdict is the engine's grade of the settings (engine/harness/comparability.py), which the steps can only lower:
    not comparable  benchmark, version or number of questions differs: not one exam. Or one score comes from a vote or
                    the best of several replies, the other from single ones: not one measurement
    definitive      all five steps are met and every setting is the same
    indicative      anything else: a difference, a setting not stated, a step unmet or unknown. A gap within the noise
                    is among these, and then no winner is named; that is not the same as equal
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from engine import CallerMistake
from engine.harness import Grade, Match, Setting, SettingCheck, grade_of
from labs.intervals import Gap, separate_gap

Met = Literal["met", "not met", "not known"]
Prompt = Literal["plain", "chain of thought"]

PROMPTS: tuple[Prompt, ...] = ("plain", "chain of thought")
SCALE_FACTOR = 2.0  # beyond this ratio of parameters two models are of two classes: a convention, not a measurement

_MET: dict[Match, Met] = {"same": "met", "differs": "not met", "not stated": "not known"}
_NOTHING = {"", "?", "-", "–", "—", "n/a", "na", "unknown", "unstated", "not stated", "not given", "not known"}
# Words that say who ran it and name nobody: the same words on both sides may stand for two parties.
_OWN = re.compile(r"\b(?:own|self|report(?:ed|s)?|makers?|vendors?|developers?|authors?)\b")
_OUTSIDE = re.compile(r"\b(?:third|party|independent|outside|external)\b")
_SMALL_WORDS = re.compile(r"\b(?:an?|the|its?|s|their|each|by|from|evaluators?|lab(?:oratory)?|team|model|company)\b")
# Words that a description of the decoding can do without.
_FILLER = re.compile(
    r"\b(?:an?|the|at|with|of|over|from|using|one|single|decoding|search|sampl(?:e|es|ed|ing)|repl(?:y|ies)|answers?"
    r"|runs?|text)\b"
)
_TRIES = re.compile(
    r"\b(?:(?:pass|maj|cons) ?@ ?(\d+)|best of (\w+)|majority|maj|vot(?:e|es|ed|ing)|self consistency|consensus"
    r"|most (?:frequent|common))"
)
_NO_TRIES = re.compile(
    r"\b(?:no|not|without)(?: an?y?)? (?:majority )?(?:vot\w+|majority|best of \w+|self consistency)"
)
_TEMPERATURE = re.compile(r"\b(?:temperature|temp|t)(?: of| is| ?[=:.])? ?(\d+(?:\.\d+)?|\.\d+)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One published score with what is said about how it came about. None, or an empty text, means not stated.

    evaluator   who ran it, by name. “Own report” on both sides counts as two evaluators
    shots       worked examples in the prompt
    decoding    in words: “greedy”, “temperature 0.8”, “majority vote of 8”
    extraction  the rule that reads an answer off a reply, in words
    score       percent of the questions, n of them
    parameters  in billions
    reproduced  whether somebody outside ran it again and found about the same

    Raises:
        CallerMistake: a number that cannot be, an unknown prompt style, or no name; the message names the field.
    """

    name: str
    benchmark: str | None = None
    evaluator: str | None = None
    version: str | None = None
    shots: int | None = None
    prompt: Prompt | None = None
    decoding: str | None = None
    extraction: str | None = None
    score: float | None = None
    n: int | None = None
    parameters: float | None = None
    reproduced: bool | None = None

    def __post_init__(self) -> None:
        def check(field: str, fine: bool, way_out: str) -> None:
            value = getattr(self, field)
            if value is not None and not fine:
                raise CallerMistake(f"`{field}` of “{self.name}” is {value!r}: {way_out}, or leave it out.")

        if not self.name.strip():
            raise CallerMistake(f"`name` of a claim is {self.name!r}: give the name of the model.")
        check("shots", self.shots is None or (_is_int(self.shots) and self.shots >= 0), "give a whole number from 0 on")
        check("prompt", self.prompt in PROMPTS, f"give “{PROMPTS[0]}” or “{PROMPTS[1]}”")
        check("score", self.score is None or 0 <= self.score <= 100, "give a percentage from 0 to 100")
        check("n", self.n is None or (_is_int(self.n) and self.n >= 2), "give a whole number of questions, at least 2")
        check("parameters", self.parameters is None or 0 < self.parameters < float("inf"), "give billions, above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCheck:
    """One step of the protocol. `id` is that of the row in the form of lab 3; `reason` shows the numbers."""

    id: str
    title: str
    outcome: Met
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimComparison:
    """What two claims allow one to say.

    settings  side by side; `steps` of the protocol, in their order
    gap       a − b in points with its intervals, unpaired; None where a score or n is missing or the exams differ
    level     of the intervals, a fraction
    cautions  sentences that do not change the verdict but belong beside it
    sentence  the verdict in words, with what limits it
    """

    a: Claim
    b: Claim
    verdict: Grade
    settings: tuple[SettingCheck, ...]
    steps: tuple[StepCheck, ...]
    gap: Gap | None
    level: float
    cautions: tuple[str, ...]
    sentence: str

    @property
    def names(self) -> tuple[str, str]:
        """What to call the two, which may bear one name."""
        return _distinct_names(self.a, self.b)


_WHY = {  # what a difference in a setting does, by the attribute of `Claim`
    "evaluator": "two pipelines differ in ways that nobody writes down",
    "benchmark": "other questions are another exam",
    "version": "a revised set has other questions and is another exam",
    "n": "another number of questions is another exam",
    "shots": "worked examples show a model how to answer",
    "prompt": "writing out the reasoning can move a score by itself",
    "decoding": "how text is generated moves the score of the same weights",
    "extraction": "a stricter rule finds fewer right answers",
}
_N = "number of questions"  # the setting `n` of a claim; all others go by the names of their attributes
_EXAM = ("benchmark", "version", _N)
_IN_STEPS = ("evaluator", "shots", "prompt")  # steps 1 and 2 speak of these


def compare_claims(a: Claim, b: Claim, consistent: bool | None = None, level: float = 0.95) -> ClaimComparison:
    """Put two claims through the five steps; the rules of the verdict stand at the top of this module.

    A ratio of parameters beyond `SCALE_FACTOR` is a caution and no step: whether it matters depends on the reader.

    a, b        the claims
    consistent  whether the lead holds on three or more benchmarks; None when nothing is known of others
    level       of the interval of the difference, a fraction

    Raises:
        CallerMistake: a level outside 0.5 to 1.
    """
    if not 0.5 < level < 1:
        raise CallerMistake(f"`level` is {level!r}: give a fraction between 0.5 and 1, such as 0.95.")
    names = _distinct_names(a, b)
    checks = {check.setting: check for check in (_check(attribute, a, b, names) for attribute in _WHY)}
    one_exam = all(checks[name].outcome != "differs" for name in _EXAM)
    gap = None
    if one_exam and a.score is not None and b.score is not None and a.n and b.n:
        gap = separate_gap(a.score, b.score, a.n, b.n, level)
    evaluator = checks["evaluator"]
    steps = (
        StepCheck(id="evaluator", title="one evaluator", outcome=_MET[evaluator.outcome], reason=evaluator.reason),
        _prompt_step(checks["shots"], checks["prompt"]),
        _noise_step((a, b), names, gap, level, one_exam=one_exam),
        _breadth_step(consistent),
        _reproduction_step((a, b), names),
    )
    exam = (*_EXAM, "decoding") if _two_measurements(a, b) else _EXAM
    verdict = grade_of(checks.values(), exam=exam)
    if verdict == "definitive" and any(step.outcome != "met" for step in steps):
        verdict = "indicative"
    if verdict == "not comparable":
        reasons = " ".join(checks[name].reason for name in exam if checks[name].outcome == "differs")
        sentence = f"Not comparable. {reasons} These two scores name no winner."
    else:
        sentence = f"{verdict.capitalize()}: {_gap_sentence(names, gap, level)}.{_limits(steps, checks)}"
    return ClaimComparison(
        a=a,
        b=b,
        verdict=verdict,
        settings=tuple(checks.values()),
        steps=steps,
        gap=gap,
        level=level,
        cautions=_cautions((a, b), names),
        sentence=sentence,
    )


def _distinct_names(a: Claim, b: Claim) -> tuple[str, str]:
    return (a.name, b.name) if a.name != b.name else (f"{a.name} (A)", f"{b.name} (B)")


def _check(attribute: str, a: Claim, b: Claim, names: tuple[str, str]) -> SettingCheck:
    """One setting of two claims, read as people write it: other words may say the same, and the same words nothing."""
    x, y = _stated(getattr(a, attribute)), _stated(getattr(b, attribute))
    why, outcome = _WHY[attribute], None
    if x is not None and y is not None:
        outcome = _match(attribute, x, y)
        if outcome == "not stated":
            why = "this does not say whether they are the same"
        elif attribute == "decoding" and _several(x) != _several(y):
            why = "several tries a question and one reply a question are two measurements"
    return Setting(name=_N if attribute == "n" else attribute, a=x, b=y, why=why).check(names, outcome)


def _match(attribute: str, x: str, y: str) -> Match:
    if attribute == "evaluator":
        return _same_party(_plain(x), _plain(y))
    if attribute == "decoding":
        return _same_decoding(x, y)
    return "same" if _plain(x) == _plain(y) else "differs"


def _same_party(x: str, y: str) -> Match:
    """Whether two texts name one evaluator. “Own report” is another party each time; “third party” may be."""

    def describes(text: str, words: re.Pattern[str]) -> bool:
        return bool(words.search(text)) and not _SMALL_WORDS.sub("", words.sub("", text)).strip()

    if describes(x, _OWN) or describes(y, _OWN):
        return "differs"
    if describes(x, _OUTSIDE) or describes(y, _OUTSIDE):
        return "not stated"
    return "same" if x == y else "differs"


def _same_decoding(x: str, y: str) -> Match:
    """Compare what two descriptions fix, whatever their manner of speaking; one that fixes less leaves it open."""

    def fixed(decoding: str) -> frozenset[str]:
        text = _TEMPERATURE.sub(lambda at: f" t={float(at[1]):g} " if float(at[1]) else " greedy ", _plain(decoding))
        return frozenset(re.findall(r"[\w@=.]*\w", _FILLER.sub(" ", text)))

    if _several(x) != _several(y):
        return "differs"
    of_a, of_b = fixed(x), fixed(y)
    if of_a == of_b:
        return "same"
    return "not stated" if of_a < of_b or of_b < of_a else "differs"


def _several(decoding: str) -> bool:
    """Whether more than one reply a question went into the score: a vote, the best of several, pass@k."""
    text = _NO_TRIES.sub(" ", _plain(decoding))
    return any((tries[1] or tries[2]) not in ("1", "one") for tries in _TRIES.finditer(text))


def _two_measurements(a: Claim, b: Claim) -> bool:
    x, y = _stated(a.decoding), _stated(b.decoding)
    return x is not None and y is not None and _several(x) != _several(y)


def _prompt_step(shots: SettingCheck, prompt: SettingCheck) -> StepCheck:
    outcomes = {shots.outcome, prompt.outcome}
    outcome: Met = "not met" if "differs" in outcomes else "met" if outcomes == {"same"} else "not known"
    reason = f"{shots.reason} {prompt.reason}"
    return StepCheck(id="shots", title="the same shots and prompt", outcome=outcome, reason=reason)


def _noise_step(
    claims: tuple[Claim, Claim], names: tuple[str, str], gap: Gap | None, level: float, *, one_exam: bool
) -> StepCheck:
    outcome: Met = "not known"
    if not one_exam:
        reason = "The scores are not from one exam, so their difference measures nothing."
    elif gap is None:
        lacking = [
            f"{what} of {name}"
            for name, claim in zip(names, claims, strict=True)
            for what, value in (("the score", claim.score), ("the number of questions", claim.n))
            if value is None
        ]
        reason = f"Not stated: {', '.join(lacking)}. Without it the noise cannot be worked out."
    else:
        outcome = "met" if gap.newcombe.excludes_zero else "not met"
        chance = f"p = {gap.p_value:.2g}" if gap.p_value >= 0.0001 else "p < 0.0001"
        judgement = "It leaves 0 out."
        if outcome == "not met":
            judgement = "It takes in 0: within the noise, which is not “equal”."
        reason = (
            f"{_lead(names, gap)} on {claims[0].n:,} questions; {_interval(gap, level)} "
            f"(z = {abs(gap.z):.2f}, {chance}). {judgement} It is unpaired: "
            "with results question by question a paired comparison could decide otherwise."
        )
    return StepCheck(id="noise", title="a gap beyond its noise", outcome=outcome, reason=reason)


def _breadth_step(consistent: bool | None) -> StepCheck:
    outcome: Met = "not known"
    reason = "1 benchmark is compared here and nothing is known of others; the step asks for 3."
    if consistent is not None:
        outcome = "met" if consistent else "not met"
        reason = f"The lead is said {'' if consistent else 'not '}to hold on 3 or more benchmarks."
    return StepCheck(id="breadth", title="a lead on three benchmarks", outcome=outcome, reason=reason)


def _reproduction_step(claims: tuple[Claim, Claim], names: tuple[str, str]) -> StepCheck:
    words = {True: "found again by somebody outside", False: "not found again outside", None: "not stated"}
    reproduced = [claim.reproduced for claim in claims]
    outcome: Met = "not met" if False in reproduced else "not known" if None in reproduced else "met"
    of_each = "; ".join(f"{name}: {words[is_so]}" for name, is_so in zip(names, reproduced, strict=True))
    reason = f"{of_each}. That makes {reproduced.count(True)} of 2."
    return StepCheck(id="reproduction", title="an outside reproduction of each", outcome=outcome, reason=reason)


def _lead(names: tuple[str, str], gap: Gap) -> str:
    if not gap.points:
        return f"{names[0]} and {names[1]} have the same score"
    first, second = names if gap.points > 0 else names[::-1]
    return f"{first} is {_points(abs(gap.points))} points above {second}"


def _interval(gap: Gap, level: float) -> str:
    """The interval of the difference, seen from whoever is ahead."""
    low, high = gap.newcombe.low, gap.newcombe.high
    if gap.points < 0:
        low, high = -high, -low
    return f"{100 * level:g}% interval of the difference {_points(low)} to {_points(high)}"


def _gap_sentence(names: tuple[str, str], gap: Gap | None, level: float) -> str:
    if gap is None:
        return "no winner can be named, because the noise of the gap is not known"
    lead = f"{_lead(names, gap)} ({_interval(gap, level)}, unpaired)"
    if gap.newcombe.excludes_zero:
        return f"{lead}, which is beyond the noise"
    return f"no winner can be named. {lead}, which is within the noise and does not mean equal"


def _limits(steps: tuple[StepCheck, ...], checks: dict[str, SettingCheck]) -> str:
    """What keeps the verdict from being definitive, each in its own words."""
    unmet = [(number, step) for number, step in enumerate(steps, 1) if step.outcome != "met"]
    limits = [f"step {number} ({step.title}) is {step.outcome}" for number, step in unmet]
    limits += [
        f"the {name} {'differs' if check.outcome == 'differs' else 'is not known to be the same'}"
        for name, check in checks.items()
        if check.outcome != "same" and name not in _IN_STEPS
    ]
    if not limits:
        return " All five steps are met and every setting is the same."
    return f" What limits it: {'; '.join(limits)}."


def _cautions(claims: tuple[Claim, Claim], names: tuple[str, str]) -> tuple[str, ...]:
    x, y = claims[0].parameters, claims[1].parameters
    if x is None or y is None or max(x, y) <= SCALE_FACTOR * min(x, y):
        return ()
    factor = max(x, y) / min(x, y)
    return (
        f"{names[0]} has {x:g} and {names[1]} {y:g} billion parameters, a factor of {factor:.1f}: they are of two "
        "scale classes. Look at score and cost together, or compare within a class.",
    )


def _plain(text: str) -> str:
    """Text for comparing: no capitals, one space for each gap, hyphen or quotation mark; “v2” is “2”."""
    spaced = re.sub(r"[-_'’“”\"(),;\s]+", " ", text.casefold()).strip()
    return re.sub(r"\bv(?:ersion)?[ .]?(?=\d)", "", spaced)


def _stated(value: str | int | None) -> str | None:
    """A field of a claim as a text, or None where it says nothing."""
    if value is None or isinstance(value, str):
        text = " ".join((value or "").split())
        return None if text.casefold() in _NOTHING else text
    return f"{value:,}"


def _points(value: float) -> str:
    """One decimal, or the first digit that is not 0: a small number is not told as none."""
    digits = f"{value:.1f}" if abs(value) >= 0.05 or not value else f"{value:.1g}"
    return digits.replace("-", "−")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
