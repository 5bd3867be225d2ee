"""`python -m engine models`."""

from __future__ import annotations

import pytest

from engine.cli import main
from engine.models import PACKAGED


def test_the_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in PACKAGED)
    assert "Gemma Terms of Use" in out and "Apache-2.0" in out
    assert "OPENAI_API_KEY" in out and "hf:org/name" in out
