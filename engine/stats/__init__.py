"""Statistics of paired scores: intervals, tests, power, verdicts, several comparisons at once."""

from engine.stats.interval import Interval, newcombe_interval, score_interval, wald_interval
from engine.stats.multiplicity import AdjustedVerdicts
from engine.stats.paired import Discordant, Winner
from engine.stats.power import POWER, Discordance, detectable_gap, items_for
from engine.stats.sequential import SequentialGap, compare_anytime
from engine.stats.shares import (
    correlation_limits,
    paired_error,
    pooled_z,
    standard_error,
    two_sided_p,
    unpaired_error,
    z_score,
)
from engine.stats.verdict import Verdict, compare

__all__ = [
    "POWER",
    "AdjustedVerdicts",
    "Discordance",
    "Discordant",
    "Interval",
    "SequentialGap",
    "Verdict",
    "Winner",
    "compare",
    "compare_anytime",
    "correlation_limits",
    "detectable_gap",
    "items_for",
    "newcombe_interval",
    "paired_error",
    "pooled_z",
    "score_interval",
    "standard_error",
    "two_sided_p",
    "unpaired_error",
    "wald_interval",
    "z_score",
]
