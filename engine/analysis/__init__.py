"""What battles show beyond a verdict, a module a question.

calibration    is a model as often right as it is sure?
decomposition  where does a gap come from?
forecasts      did what was expected come true?
recordings     battles that are kept with the product
robustness     how far do the same weights move under other settings?
suite_results  what do the battles of a suite come to?
suites         many benchmarks at once
"""

from engine.analysis import (
    calibration,
    decomposition,
    forecasts,
    recordings,
    robustness,
    suite_results,
    suites,
)

__all__ = [
    "calibration",
    "decomposition",
    "forecasts",
    "recordings",
    "robustness",
    "suite_results",
    "suites",
]
