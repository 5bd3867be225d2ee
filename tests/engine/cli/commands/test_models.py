"""`python -m engine models`."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli import main
from engine.models import PACKAGED


def test_the_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in PACKAGED)
    assert "Gemma Terms of Use" in out and "Apache-2.0" in out
    assert "OPENAI_API_KEY" in out and "hf:org/name" in out


def test_configured_endpoints_are_listed_and_mistakes_told(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own_home.mkdir()
    lines = '[qwen]\nurl = "https://h.example/v1"\nmodel = "m"\nlicence = "MIT"\n[bad]\nmodel = "m"\n'
    (own_home / "endpoints.toml").write_text(lines, encoding="utf-8")
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert "endpoint:qwen" in out and "MIT" in out
    assert "Not listed: endpoints.toml, table [bad]: 'url' is missing" in out
