"""The coverage benchmark runs, and what it computes for thousands of battles at once is what the engine does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from measurements.coverage import PARTS, _real, first_refuted, first_told_apart, main


def test_it_runs_on_a_small_scale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = main(["--quick", "--battles", "20", "--json", str(tmp_path / "found.json")])
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8")).keys() == found.keys()
    assert set(PARTS) <= set(found) and all(found[part] for part in PARTS)
    rates = [row["ours"] for part in ("binary", "continuous", "clustered") for row in found[part]]
    assert all(0.7 <= rate <= 1 for rate in rates)
    assert all(row["exactly"] >= 0.94 for row in found["binary"])
    assert all(row["same item"] == row["battles"] for row in found["agreement"])
    assert "| n | cell | exactly | ours |" in capsys.readouterr().out


def test_the_closed_form_is_the_bets_against_no_gap() -> None:
    gains = np.random.default_rng(1).choice([1, -1, 0], size=(50, 300), p=[0.25, 0.1, 0.65]).astype(np.int8)
    closed = first_told_apart(gains)
    assert (closed > 0).sum() > 25
    assert closed.tolist() == first_refuted(gains.astype(float), 0.0).tolist()


def test_the_real_scores_have_the_gap_they_are_given() -> None:
    gains = _real(np.random.default_rng(2), 100, 2000, 0.6, 0.05)
    assert abs(gains.mean() - 0.05) < 0.002 and -1 <= gains.min() <= gains.max() <= 1
