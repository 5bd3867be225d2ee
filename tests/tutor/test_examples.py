"""The examples in docstrings run and are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import tutor

EXAMPLES = {
    name: tests
    for _, name, _ in pkgutil.walk_packages(tutor.__path__, "tutor.")
    if (tests := [test for test in doctest.DocTestFinder().find(importlib.import_module(name)) if test.examples])
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_true(name: str) -> None:
    for test in EXAMPLES[name]:
        assert doctest.DocTestRunner().run(test).failed == 0


def test_there_are_some() -> None:
    assert len(EXAMPLES) >= 8
