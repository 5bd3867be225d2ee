"""The examples in docstrings, run: each prints what it says it does."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "engine" / "tasks" / "catalogue"  # quotes the questions of benchmarks, some of which are programs
MODULES = [
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for package in ("engine", "labs", "tutor")
    for file in sorted((ROOT / package).rglob("*.py"))
    if CATALOGUE not in file.parents and ">>> " in file.read_text(encoding="utf-8")
]


def test_every_package_has_some() -> None:
    assert {module.partition(".")[0] for module in MODULES} == {"engine", "labs", "tutor"}
    assert sum(module.startswith("tutor.") for module in MODULES) >= 8


@pytest.mark.parametrize("module", MODULES)
def test_examples_print_what_they_say(module: str) -> None:
    ran = doctest.testmod(importlib.import_module(module))
    assert ran.attempted and not ran.failed
