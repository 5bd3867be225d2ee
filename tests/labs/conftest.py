"""A lab of one's own to write in: a copy of the example in docs/example_labs, and a way to spoil it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "example_labs"


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course pack with one lab, `weather`; NOISEFLOOR_LABS names it."""
    shutil.copytree(EXAMPLES, tmp_path / "pack")
    monkeypatch.setenv("NOISEFLOOR_LABS", str(tmp_path / "pack"))
    return tmp_path / "pack"


@pytest.fixture
def weather(pack: Path) -> Path:
    return pack / "weather"


@pytest.fixture
def rewrite(weather: Path) -> Callable[[str, str, str], None]:
    """Replaces a passage of a file of the lab, once, and insists that it was there."""

    def replace(name: str, old: str, new: str) -> None:
        text = (weather / name).read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{name} has no {old!r}"
        (weather / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace
