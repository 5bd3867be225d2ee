"""Which labs there are: ours, and those of the packs that NOISEFLOOR_LABS names."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine import CallerMistake
from labs import case_of, fresh_case, load_lab, slugs
from tests.labs.conftest import EXAMPLES

OURS = ("lab1", "lab2", "lab3", "lab4")


@pytest.fixture(autouse=True)
def no_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have packs of their own."""
    monkeypatch.delenv("NOISEFLOOR_LABS", raising=False)


def test_ours_come_in_order() -> None:
    assert slugs() == OURS
    assert [load_lab(slug).slug for slug in OURS] == list(OURS)


def test_a_lab_is_read_once() -> None:
    assert load_lab("lab1") is load_lab("lab1")


def test_an_unknown_lab_is_answered_with_the_list() -> None:
    with pytest.raises(CallerMistake, match=r"There is no lab “lab9”\. There are lab1, lab2, lab3, lab4\."):
        load_lab("lab9")


def test_the_example_pack_stands_after_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "weather" not in slugs()
    monkeypatch.setenv("NOISEFLOOR_LABS", str(EXAMPLES))
    assert slugs() == (*OURS, "weather")
    assert load_lab("weather").title == "Who forecasts rain better?"
    monkeypatch.delenv("NOISEFLOOR_LABS")
    assert slugs() == OURS


def test_every_fresh_case_of_the_example_pack(pack: Path) -> None:
    lab = load_lab("weather")
    cases = [fresh_case(lab, seed) for seed in range(200)]
    assert len({case.text for case in cases}) == 200
    assert all(case_of(lab, case.id) == case and len(case.questions) == 3 for case in cases)


def test_several_packs(pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    for name in ("snow", "fog"):
        shutil.copytree(pack / "weather", other / name)
    monkeypatch.setenv("NOISEFLOOR_LABS", os.pathsep.join([str(other), "", str(pack)]))
    assert slugs() == (*OURS, "fog", "snow", "weather")
    assert load_lab("fog").slug == "fog"


def test_a_pack_cannot_replace_one_of_ours(pack: Path) -> None:
    (pack / "weather").rename(pack / "lab1")
    assert slugs() == OURS
    assert load_lab("lab1").title == "Critique a benchmark claim"


def test_folders_without_a_lab_are_passed_over(pack: Path) -> None:
    (pack / "drafts").mkdir()
    (pack / "notes.txt").write_text("later", encoding="utf-8")
    assert slugs() == (*OURS, "weather")


def test_a_pack_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_LABS", str(tmp_path / "gone"))
    with pytest.raises(CallerMistake, match=r"NOISEFLOOR_LABS names .*gone, which is not a folder"):
        slugs()


def test_a_mistake_in_a_pack_names_the_file(pack: Path) -> None:
    (pack / "weather" / "lesson.md").unlink()
    with pytest.raises(CallerMistake, match=r"weather/lesson\.md cannot be read"):
        load_lab("weather")
