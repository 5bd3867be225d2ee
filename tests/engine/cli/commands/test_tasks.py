"""`python -m engine tasks`."""

from __future__ import annotations

import pytest

from engine import TASKS
from engine.cli import main


def test_the_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in TASKS)
    assert "14,042 items" in out and "25.0%" in out
    musr = next(line for line in out.splitlines() if line.startswith("leaderboard_musr "))
    assert "missing; set NOISEFLOOR_DATA" in musr
