"""Limits from the environment."""

from __future__ import annotations

from dataclasses import fields

import pytest

from engine.access import Limits
from engine.errors import CallerMistake


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_each_is_set_by_a_variable_of_its_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Limits.configured()
    assert usual == Limits()
    monkeypatch.setenv(f"NOISEFLOOR_VISITOR_{name.upper()}", " 7 ")
    changed = Limits.configured()
    assert getattr(changed, name) == 7
    assert [f.name for f in fields(Limits) if getattr(changed, f.name) != getattr(usual, f.name)] == [name]


@pytest.mark.parametrize("value", ["many", "-1", "1.5", "1e3", "٣", "9" * 40, "0x10"])
def test_what_is_no_number_is_named_with_its_variable(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_VISITOR_ITEMS", value)
    with pytest.raises(CallerMistake, match=r"NOISEFLOOR_VISITOR_ITEMS is .* whole number from 0, or unset it for 200"):
        Limits.configured()


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_VISITOR_QUEUE", "")
    assert Limits.configured().queue == Limits().queue
