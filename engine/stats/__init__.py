"""Statistics of paired scores: intervals, tests, power, verdicts, several comparisons at once."""

from engine.stats.decomposition import GapDecomposition, Remeasurement, SourceEffect
from engine.stats.interval import Interval, score_interval
from engine.stats.multiplicity import AdjustedVerdicts
from engine.stats.paired import Discordant, Winner
from engine.stats.power import Discordance, detectable_gap, items_for
from engine.stats.sequential import SequentialGap, compare_anytime
from engine.stats.verdict import Verdict, compare

__all__ = [
    "AdjustedVerdicts",
    "Discordance",
    "Discordant",
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
    "items_for",
    "score_interval",
]
