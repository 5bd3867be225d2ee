"""What battles show beyond a verdict, a module a question; `analyse` puts together what a battle's report shows.

calibration    is a model as often right as it is sure?
decomposition  where does a gap come from?
forecasts      did what was expected come true?
recordings     battles that are kept with the product
repeats        the same weights run again under other settings
robustness     how far do they move?
suite_results  what do the battles of a suite come to?
suites         many benchmarks at once
"""

from engine.analysis import (
    calibration,
    decomposition,
    forecasts,
    recordings,
    repeats,
    robustness,
    suite_results,
    suites,
)
from engine.analysis.battle_analysis import BattleAnalysis, analyse
from engine.analysis.repeats import Repeat, repeats_of

__all__ = [
    "BattleAnalysis",
    "Repeat",
    "analyse",
    "calibration",
    "decomposition",
    "forecasts",
    "recordings",
    "repeats",
    "repeats_of",
    "robustness",
    "suite_results",
    "suites",
]
