"""Statistics of paired scores: intervals, tests, power, verdicts, several comparisons at once.

The formulas of shares that are known by their totals alone are a module: `from engine.stats import shares`.
"""

from engine.stats import shares
from engine.stats.decomposition import GapDecomposition, Remeasurement, SourceEffect
from engine.stats.interval import Interval, newcombe_interval, score_interval, wald_interval
from engine.stats.multiplicity import AdjustedVerdicts, holm
from engine.stats.paired import DiscordantCounts, Winner
from engine.stats.power import POWER, DiscordanceEstimate, detectable_gap, items_for, pilot_discordance
from engine.stats.sequential import SequentialGap, compare_anytime
from engine.stats.verdict import Verdict, compare

__all__ = [
    "POWER",
    "AdjustedVerdicts",
    "DiscordanceEstimate",
    "DiscordantCounts",
    "GapDecomposition",
    "Interval",
    "Remeasurement",
    "SequentialGap",
    "SourceEffect",
    "Verdict",
    "Winner",
    "compare",
    "compare_anytime",
    "detectable_gap",
    "holm",
    "items_for",
    "newcombe_interval",
    "pilot_discordance",
    "score_interval",
    "shares",
    "wald_interval",
]
