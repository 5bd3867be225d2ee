"""What is taught: the labs as data, and the calculations their exercises rest on.

Knows the engine's face and nothing of tutors or screens. The labs are names of this package. Each calculation is a
module of it, which loads when it is asked for: `from labs import intervals`.

    intervals      the calculator: one score, and a gap between two
    comparability  two published claims in five steps
    sample_sizes   a three-stage evaluation
    measurement    one number of a real battle, for a claim of a lab
    worksheet      the filled form that a learner keeps
"""

from labs.curriculum import load_lab, slugs
from labs.fresh import case_of, fresh_case
from labs.lab import Case, Concept, Facts, Lab, Measurement, Misconception, Question, read_lab

__all__ = [
    "Case",
    "Concept",
    "Facts",
    "Lab",
    "Measurement",
    "Misconception",
    "Question",
    "case_of",
    "comparability",
    "fresh_case",
    "intervals",
    "load_lab",
    "measurement",
    "read_lab",
    "sample_sizes",
    "slugs",
    "worksheet",
]
