"""A small slice of the fuzzing; `measurements/fuzz.py` tries many more, and says what came of each kind."""

from __future__ import annotations

import pytest

from measurements.fuzz import TARGETS, fuzz

INPUTS = 300


@pytest.mark.parametrize("kind", TARGETS)
def test_it_ends_in_a_result_or_in_an_error_for_people(kind: str) -> None:
    counts = fuzz(TARGETS[kind], INPUTS // len(TARGETS), start=13)
    assert counts.examples == {}
    assert counts.results + counts.refused >= 10
