"""What is unpacked and decoded stays within bounds, whatever the file's own size."""

from __future__ import annotations

import gzip

import pytest

from engine import CallerMistake
from engine.logs import contents, files


def test_a_small_file_that_becomes_very_many_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_VALUES", 1_000)
    packed = gzip.compress(b"[" + b",".join([b"{}"] * 600) + b"]")
    assert len(packed) < 100
    with pytest.raises(CallerMistake, match="more than 1,000 JSON values"):
        contents("many.json.gz", packed)
