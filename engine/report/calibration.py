"""A calibration in words and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.analysis.calibration import UNLIKELY, Calibration, Uncalibrated
from engine.report.figures import count, out_of_100, rounded_percent, rounded_points

TOO_FEW = "fewer than two items have one true choice and stored log-likelihoods."


def sentences(found: Calibration | Uncalibrated) -> tuple[str, ...]:
    """How sure and how right it is, how far off and whether by luck, its Brier score; or why none of that is known."""
    if isinstance(found, Uncalibrated):
        return (_uncalibrated(found),)
    surer = found.confidence - found.accuracy
    way = f"it is {rounded_points(surer)} {'surer than right' if surer > 0 else 'more often right than sure'}"
    seen = "no miscalibration is seen" if found.p_value >= UNLIKELY else f"that is more than luck; on average {way}"
    error = "" if found.brier_error is None else f" (standard error {found.brier_error:.3f})"
    return (
        f"{found.name} gives its choices {rounded_percent(found.confidence)} on average and is right on "
        f"{rounded_percent(found.accuracy)} of {found.n:,} items.",
        f"In {count(len(found.bins), 'bin')} of like confidence it is off by {rounded_points(found.ece)} (ECE); "
        f"perfectly calibrated it would be off by {out_of_100(found.if_calibrated)} through luck, and in 5 of 100 runs "
        f"by more than {out_of_100(found.limit)}: {seen}.",
        f"Brier score {found.brier:.3f}{error}; equal shares get {found.brier_guessing:.3f}, 0 is perfect.",
    )


def _uncalibrated(found: Uncalibrated) -> str:
    if found.reason == "wrote":
        return f"{found.name} wrote its answers: how sure it was of them is not known."
    return f"The calibration of {found.name} is not computed: {found.detail or TOO_FEW}"


def calibration_json(found: Calibration | Uncalibrated) -> dict[str, Any]:
    if isinstance(found, Uncalibrated):
        return {"not_computed": _uncalibrated(found)}
    return asdict(found) | {"sentences": list(sentences(found))}
