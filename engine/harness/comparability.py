"""Whether two measurements may be compared: their settings side by side, and the grade that follows from them.

    not comparable  a setting that makes another exam differs: the verdict is arithmetic on two exams
    definitive      every setting is stated and the same, apart from what is being compared
    indicative      anything else: settings that differ besides, or that are not stated

A setting that one side states and the other leaves out is not stated, and never taken to be the same. Settings are
texts here, whoever brings them: logs and battles by the names below, published claims by names of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

Grade = Literal["definitive", "indicative", "not comparable"]
Match = Literal["same", "differs", "not stated"]

_WHY = {  # what a difference does
    "task": "other tasks are other exams",
    "task version": "a revised task has other questions or other answers",
    "metric": "two metrics are two measurements",
    "prompts": "what the model is shown moves its score",
    "shots": "worked examples show a model how to answer",
    "template": "the template can move a score by points",
    "system prompt": "instructions move how a model answers",
    "wording": "the wording of the same question moves the score",
    "decoding": "how text is generated moves the score of the same weights",
    "extraction": "a stricter rule finds fewer right answers",
    "harness": "two harnesses differ in ways that nobody writes down",
    "harness version": "prompts and rules change between versions",
}
_EXAM = ("task", "task version", "metric")
_IN_PROMPTS = ("shots", "template", "system prompt", "wording")
_EXPECTED = ("model", *_EXAM, *_IN_PROMPTS, "decoding", "extraction", "harness", "harness version")
# Every setting the harness was asked for is in these, so that two equal ones settle what is not told one by one.
_SETTLES = {
    "prompts": (*_IN_PROMPTS, "solver"),
    "fingerprint": (*_IN_PROMPTS, "decoding", "extraction", "normalisation"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting as two sides state it.

    a, b  None where nothing is stated
    why   what a difference does to a score, as a clause; empty where that is not known
    """

    name: str
    a: str | None
    b: str | None
    why: str = ""

    @property
    def outcome(self) -> Match:
        """By the two texts alone, to the letter."""
        return "not stated" if self.a is None or self.b is None else "same" if self.a == self.b else "differs"

    def check(self, names: tuple[str, str], outcome: Match | None = None) -> SettingCheck:
        """The setting judged, with the reason in words.

        names    what to call the two sides
        outcome  of whoever can read more in the two texts than that they are the same to the letter
        """
        outcome = outcome or self.outcome
        a, b = self.a or "not stated", self.b or "not stated"
        alike = outcome == "same" or (self.a is None and self.b is None)
        reason = f"{a} for both" if alike else f"{a} for {names[0]}, {b} for {names[1]}"
        if outcome != "same" and self.why:
            reason += f"; {self.why}"
        return SettingCheck(
            setting=self.name, a=self.a, b=self.b, outcome=outcome, reason=f"{self.name.capitalize()}: {reason}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingCheck:
    """One setting side by side, judged. `a` and `b` are None where nothing is stated; `reason` is a sentence."""

    setting: str
    a: str | None
    b: str | None
    outcome: Match
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparability:
    """What the settings of two measurements allow one to say.

    compared  the setting whose effect the gap shows; None where several differ or nothing does
    sentence  the grade in words, with what limits it
    """

    grade: Grade
    checks: tuple[SettingCheck, ...]
    compared: str | None
    sentence: str


def grade_of(
    checks: Collection[SettingCheck], *, exam: Collection[str], compared: Collection[str | None] = ()
) -> Grade:
    """The grade that settings side by side allow.

    checks    all settings that count
    exam      names of those that make another exam where they differ
    compared  names of those that may differ, because their effect is what the comparison is about
    """
    differing = {check.setting for check in checks if check.outcome == "differs"}
    if not differing.isdisjoint(exam):
        return "not comparable"
    settled = all(check.outcome != "not stated" for check in checks) and differing <= set(compared)
    return "definitive" if settled else "indicative"


def compare_settings(a: Mapping[str, str], b: Mapping[str, str], names: tuple[str, str], *, kind: str) -> Comparability:
    """Judge two measurements by what they state of themselves.

    What is being compared is the model; or, where the model is the same and one setting differs, that setting.

    a, b   the settings that each side states, by name: "model", "task", "shots" and so on
    names  what to call the two sides
    kind   what they are, in the plural, for the sentence: "logs"
    """
    stated = (*_EXPECTED, *(name for name in {**a, **b} if name not in _EXPECTED))
    settings = (Setting(name=name, a=a.get(name), b=b.get(name), why=_WHY.get(name, "")) for name in stated)
    checks = {setting.name: setting.check(names) for setting in settings}
    _settle(checks)
    differing = [name for name, check in checks.items() if check.outcome == "differs"]
    compared = differing[0] if len(differing) == 1 and differing[0] not in _EXAM else None
    if compared not in (None, "model") and checks["model"].outcome != "same":
        compared = None
    grade = grade_of(checks.values(), exam=_EXAM, compared=("model", compared))
    return Comparability(
        grade=grade,
        checks=tuple(checks.values()),
        compared=compared,
        sentence=_sentence(grade, compared, checks, kind),
    )


def _settle(checks: dict[str, SettingCheck]) -> None:
    """Drops what follows from another setting: same prompts mean the same shots, other shots mean other prompts."""
    for name, parts in _SETTLES.items():
        whole = checks.get(name)
        if whole is None:
            continue
        outcomes = {part: checks[part].outcome for part in parts if part in checks}
        follows: list[str] = []
        if whole.outcome == "same":
            follows = [part for part, outcome in outcomes.items() if outcome == "not stated"]
        elif whole.outcome == "not stated" or "differs" in outcomes.values():
            follows = [name]
        for each in follows:
            del checks[each]


def _sentence(grade: Grade, compared: str | None, checks: Mapping[str, SettingCheck], kind: str) -> str:
    differing = [name for name, check in checks.items() if check.outcome == "differs"]
    if grade == "not comparable":
        reasons = " ".join(checks[name].reason for name in differing if name in _EXAM)
        return f"The two {kind} are not comparable. {reasons} The verdict is arithmetic on two different measurements."
    besides = [name for name in differing if name not in (compared, "model")]
    not_stated = [name for name, check in checks.items() if check.outcome == "not stated"]
    parts = [f"The two {kind} are comparable" + (":" if grade == "definitive" else " only as an indication.")]
    if grade == "definitive":
        parts.append("all settings are stated, and the same for both but for what is compared.")
    if compared not in (None, "model"):
        parts.append(f"The model is the same and the {compared} is what is compared. {checks[compared].reason}")
    elif compared is None and not besides and checks["model"].outcome == "same":
        parts.append("They are two runs of one model, and nothing that is stated differs.")
    parts += [checks[name].reason for name in besides]
    if not_stated:
        parts.append(f"Not stated for both: {', '.join(not_stated)}.")
    return " ".join(parts)
