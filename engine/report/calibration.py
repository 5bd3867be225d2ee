"""A calibration in words and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from engine.analysis.calibration import UNLIKELY, Calibration, Uncalibrated
from engine.report.figures import count, out_of_100, rounded_percent, rounded_points
from engine.store.document import CalibrationDocument

TOO_FEW = "fewer than two items have one true choice and stored log-likelihoods."


def sentences(result: Calibration | Uncalibrated) -> tuple[str, ...]:
    """How sure and how right it is, how far off and whether by luck, its Brier score; or why none of that is known."""
    if isinstance(result, Uncalibrated):
        return (_uncalibrated(result),)
    surer = result.confidence - result.accuracy
    direction = f"it is {rounded_points(surer)} {'surer than right' if surer > 0 else 'more often right than sure'}"
    finding = (
        "no miscalibration is seen" if result.p_value >= UNLIKELY else f"that is more than luck; on average {direction}"
    )
    error = "" if result.brier_error is None else f" (standard error {result.brier_error:.3f})"
    return (
        f"{result.name} gives its choices {rounded_percent(result.confidence)} on average and is right on "
        f"{rounded_percent(result.accuracy)} of {result.n:,} items.",
        f"In {count(len(result.bins), 'bin')} of like confidence it is off by {rounded_points(result.ece)} (ECE); "
        f"perfectly calibrated it would be off by {out_of_100(result.if_calibrated)} through luck, and in 5 of 100 "
        f"runs by more than {out_of_100(result.limit)}: {finding}.",
        f"Brier score {result.brier:.3f}{error}; equal shares get {result.brier_guessing:.3f}, 0 is perfect.",
    )


def _uncalibrated(result: Uncalibrated) -> str:
    if result.reason == "wrote":
        return f"{result.name} wrote its answers: how sure it was of them is not known."
    return f"The calibration of {result.name} is not computed: {result.detail or TOO_FEW}"


def calibration_json(result: Calibration | Uncalibrated) -> CalibrationDocument:
    """Fractions; `not_computed` alone, with the reason, where nothing is said."""
    if isinstance(result, Uncalibrated):
        return {"not_computed": _uncalibrated(result)}
    return cast(CalibrationDocument, {**asdict(result), "sentences": list(sentences(result))})
