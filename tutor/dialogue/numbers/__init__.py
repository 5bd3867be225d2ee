"""The numbers of a learner's message, each held against the case and the calculator in the role it is stated in."""

from tutor.dialogue.numbers.checks import NumberCheck, Role, Verdict, check_numbers, figure

__all__ = ["NumberCheck", "Role", "Verdict", "check_numbers", "figure"]
