"""What is entered for the calculation of an exercise, by the name under which the sheet keeps it, with its label.

A row of the form has an id without a dot; these have one: the side of a claim, or the stage of a plan, before it.
"""

from __future__ import annotations

from collections.abc import Mapping

SETTINGS: Mapping[str, str] = {
    "name": "name of the model",
    "score": "score in percent",
    "n": "number of questions",
    "benchmark": "benchmark",
    "version": "version of the benchmark",
    "evaluator": "who ran it",
    "shots": "examples in the prompt",
    "prompt": "prompt",
    "decoding": "how text is generated",
    "extraction": "how the answer is read off",
    "parameters": "billions of parameters",
    "reproduced": "found again by somebody outside",
}
"""The settings of one claim, by the attributes of `comparability.Claim`."""
WORDED = ("name", "benchmark", "version", "evaluator", "decoding", "extraction")
"""Those in free words; the others are numbers, or one of few."""

LABELS: Mapping[str, Mapping[str, str]] = {
    "protocol": {f"{side}.{name}": f"{side.upper()}: {label}" for name, label in SETTINGS.items() for side in "ab"},
    "plan": {
        "stage1.score": "Published score, in percent",
        "stage1.n": "Questions behind it",
        "stage2.gap": "Gap that would change your choice, in points",
        "stage2.discordance": "Items on which the two differ, in percent (30 if empty)",
        "stage2.score": "Score you expect, in percent (50 if empty)",
        "stage2.n": "Items you can get (as many as needed if empty)",
        "stage3.baseline": "Rate as it is today, in percent",
        "stage3.difference": "Change you want to see, in points",
        "stage3.per_day": "Chats a day",
        "stage3.share": "Share that goes to the pilot, in percent",
        "stage3.harm": "Rate of harm to rule out, in percent (if any)",
    },
}
"""By the kind of exercise; the other kinds calculate nothing."""


def labels(kind: str) -> Mapping[str, str]:
    """Of this kind of exercise, by name, in the order of the form."""
    return LABELS.get(kind, {})
