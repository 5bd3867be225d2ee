"""How a model is asked: settings, prompts, variants of a prompt, and whether two settings may be compared."""

from engine.harness.comparability import Comparability, Grade, Match, Setting, SettingCheck, grade_of

__all__ = ["Comparability", "Grade", "Match", "Setting", "SettingCheck", "grade_of"]
