"""What battles show beyond a verdict: robustness, sources of a gap, calibration, forecasts, suites."""

from engine.analysis.battle_analysis import BattleAnalysis, analyse

__all__ = ["BattleAnalysis", "analyse"]
