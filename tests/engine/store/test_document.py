"""The schema of a battle's JSON against what is written and what has been written."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from engine.analysis import recordings
from engine.store.document import BattleDocument, sides
from tests.engine.report.test_battle import GOLDEN

WHOLE: TypeAdapter[BattleDocument] = TypeAdapter(BattleDocument)


@pytest.mark.parametrize("name", GOLDEN)
def test_every_key_that_is_written_stands_in_the_schema(name: str) -> None:
    """Keys that do not are dropped, so the document would come back smaller."""
    assert WHOLE.validate_python(GOLDEN[name], strict=True) == GOLDEN[name]


@pytest.mark.parametrize("name", recordings.names())
def test_recordings_are_of_this_schema(name: str) -> None:
    with gzip.open(recordings.FOLDER / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        stored: dict[str, Any] = json.load(file)
    assert WHOLE.validate_python(stored, strict=True).keys() == stored.keys()
    assert sides(stored)["items"] == stored["items"]
