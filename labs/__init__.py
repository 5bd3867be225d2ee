"""What is taught: the labs as data, and the calculations their exercises rest on.

Knows the engine's face and nothing of tutors or screens.
"""

from labs.curriculum import load_lab, slugs
from labs.fresh import case_of, fresh_case
from labs.lab import Case, Concept, Facts, Lab, Misconception, Question, read_lab

__all__ = [
    "Case",
    "Concept",
    "Facts",
    "Lab",
    "Misconception",
    "Question",
    "case_of",
    "fresh_case",
    "load_lab",
    "read_lab",
    "slugs",
]
