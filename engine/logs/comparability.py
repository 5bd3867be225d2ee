"""Whether two logs are of one measurement: which settings differ, which are the same, and which nobody states.

    not comparable  the task, its version or the metric differs: the verdict is arithmetic on two exams
    definitive      every setting is stated and the same, apart from the one thing that is being compared
    indicative      anything else: settings that differ besides, or that are not stated

What is being compared is the model; or, where the model is the same and one setting differs, that setting. A setting
that one log states and the other leaves out is not stated, and never taken to be the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.logs.pairing import Aligned

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
_STATED = ("model", *_EXAM, *_IN_PROMPTS, "decoding", "extraction", "harness", "harness version")
# Every setting the harness was asked for is in these, so that two equal ones settle what is not told one by one.
_SETTLES = {
    "prompts": (*_IN_PROMPTS, "solver"),
    "fingerprint": (*_IN_PROMPTS, "decoding", "extraction", "normalisation"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingCheck:
    """One setting of two logs side by side. `a` and `b` are None where nothing is stated."""

    setting: str
    a: str | None
    b: str | None
    outcome: Match
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparability:
    """What two logs allow one to say.

    compared  the setting whose effect the gap shows; None where several differ or nothing does
    sentence  the grade in words, with what limits it
    """

    grade: Grade
    checks: tuple[SettingCheck, ...]
    compared: str | None
    sentence: str


def comparability(aligned: Aligned) -> Comparability:
    """Judge two logs by what they state of themselves, and by the prompts of the paired items."""
    stated_a, stated_b = dict(aligned.a.settings), dict(aligned.b.settings)
    _add_prompts(aligned, stated_a, stated_b)
    names = [*_STATED, *(name for name in {**stated_a, **stated_b} if name not in _STATED)]
    checks = {name: _check(name, stated_a.get(name), stated_b.get(name), aligned.names) for name in names}
    _settle(checks)
    differing = [name for name, check in checks.items() if check.outcome == "differs"]
    compared = differing[0] if len(differing) == 1 and differing[0] not in _EXAM else None
    if compared not in (None, "model") and checks["model"].outcome != "same":
        compared = None
    open_ones = [name for name, check in checks.items() if check.outcome == "not stated"]
    besides = [name for name in differing if name not in (compared, "model")]
    broken = [name for name in differing if name in _EXAM]
    grade: Grade = "not comparable" if broken else "indicative" if besides or open_ones else "definitive"
    return Comparability(
        grade=grade,
        checks=tuple(checks.values()),
        compared=compared,
        sentence=_sentence(grade, compared, (broken, besides, open_ones), checks),
    )


def _add_prompts(aligned: Aligned, stated_a: dict[str, str], stated_b: dict[str, str]) -> None:
    """The prompts as one more setting, where both logs say what every item was asked with."""
    prompts = [(x.prompt, y.prompt) for x, y in aligned.pairs]
    if not prompts or not all(x and y and x.partition(":")[0] == y.partition(":")[0] for x, y in prompts):
        return
    same = sum(x == y for x, y in prompts)
    stated_a["prompts"] = f"{len(prompts):,} prompts"
    stated_b["prompts"] = stated_a["prompts"] if same == len(prompts) else f"{same:,} of them the same"


def _check(name: str, a: str | None, b: str | None, names: tuple[str, str]) -> SettingCheck:
    outcome: Match = "not stated" if a is None or b is None else "same" if a == b else "differs"
    told = f"{a or 'not stated'} for both"
    if a != b:
        told = f"{a or 'not stated'} for {names[0]}, {b or 'not stated'} for {names[1]}"
    why = f"; {_WHY[name]}" if name in _WHY and outcome != "same" else ""
    return SettingCheck(setting=name, a=a, b=b, outcome=outcome, reason=f"{name.capitalize()}: {told}{why}.")


def _settle(checks: dict[str, SettingCheck]) -> None:
    """Drops what follows from another setting: same prompts mean the same shots, other shots mean other prompts."""
    for name, parts in _SETTLES.items():
        whole = checks.get(name)
        if whole is None:
            continue
        if whole.outcome == "not stated":
            del checks[name]
            continue
        told_apart = any(part in checks and checks[part].outcome == "differs" for part in parts)
        if whole.outcome == "same":
            unknown = [part for part in parts if part in checks and checks[part].outcome == "not stated"]
        else:
            unknown = [name] if told_apart else []
        for part in unknown:
            del checks[part]


def _sentence(
    grade: Grade,
    compared: str | None,
    found: tuple[list[str], list[str], list[str]],
    checks: Mapping[str, SettingCheck],
) -> str:
    broken, besides, open_ones = found
    if grade == "not comparable":
        reasons = " ".join(checks[name].reason for name in broken)
        return f"The two logs are not comparable. {reasons} The verdict is arithmetic on two different measurements."
    told = ["The two logs are comparable" + (":" if grade == "definitive" else " only as an indication.")]
    if grade == "definitive":
        told.append("all settings are stated, and the same for both but for what is compared.")
    if compared not in (None, "model"):
        told.append(f"The model is the same and the {compared} is what is compared. {checks[compared].reason}")
    elif compared is None and not besides and checks["model"].outcome == "same":
        told.append("They are two runs of one model, and nothing that is stated differs.")
    told += [checks[name].reason for name in besides]
    if open_ones:
        told.append(f"Not stated for both: {', '.join(open_ones)}.")
    return " ".join(told)
