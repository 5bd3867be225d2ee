"""What is taught: the labs as data, and the calculations their exercises rest on.

Knows the engine's face and nothing of tutors or screens. The labs are names of this package. Each calculation is a
module of it, which loads when it is asked for: `from labs import intervals`.

    intervals           the calculator: one score, and a gap between two
    comparability       two published claims in five steps
    sample_sizes        a three-stage evaluation
    measurement         one number of a real battle, for a claim of a lab
    calculation_fields  what is entered for these two
    worksheet           the filled form that a learner keeps, and what its case says of each line
    check_question      the question before the talk and after it
"""

from labs.check_question import CheckResult, check_result
from labs.curriculum import load_lab, slugs
from labs.fresh import case_of, fresh_case
from labs.lab import (
    Case,
    Concept,
    Expectation,
    Facts,
    Lab,
    Measurement,
    Misconception,
    Question,
    TransferQuestion,
    read_lab,
)

__all__ = [
    "Case",
    "CheckResult",
    "Concept",
    "Expectation",
    "Facts",
    "Lab",
    "Measurement",
    "Misconception",
    "Question",
    "TransferQuestion",
    "calculation_fields",
    "case_of",
    "check_question",
    "check_result",
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
