"""`python -m labs check`: a line a sound lab, the mistake of another, and the exit code for scripts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labs.__main__ import main
from labs.curriculum import OURS
from tests.labs.conftest import EXAMPLES

Capture = pytest.CaptureFixture[str]
Rewrite = Callable[[str, str, str], None]
ROOT = Path(__file__).resolve().parents[2]
SOUND = "weather: sound; concepts: 3, misconceptions: 1, cases: 1, questions: 3, templates: 1, "


def test_a_pack_and_a_lab_of_it(pack: Path, capsys: Capture) -> None:
    for folder in (pack, pack / "weather"):
        assert main(["check", str(folder)]) == 0
        assert capsys.readouterr() == (SOUND + "different fresh cases of 100: 100\n", "")


def test_the_labs_of_the_product(capsys: Capture) -> None:
    """A line each: they need no note."""
    assert main(["check", str(OURS)]) == 0
    out, err = capsys.readouterr()
    assert [line.split(":")[0] for line in out.splitlines()] == ["lab1", "lab2", "lab3", "lab4"] and err == ""


def test_a_question_with_few_expectations_is_named_and_no_mistake(weather: Path, capsys: Capture) -> None:
    text = (weather / "cases.toml").read_text(encoding="utf-8")
    start, end = text.index('[[cases.questions]]\nid = "a1"'), text.index('[[cases.questions]]\nid = "a2"')
    bare = text[start:end].partition("[[cases.questions.expect]]")[0]
    (weather / "cases.toml").write_text(text[:start] + bare + text[end:], encoding="utf-8")
    text = (weather / "lab.toml").read_text(encoding="utf-8")
    (weather / "lab.toml").write_text(re.sub(r"denied = \[\n.*?\n\]\n", "", text, flags=re.S), encoding="utf-8")
    assert main(["check", str(weather)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "weather: note: weather-a.a1 has 0 of 3 expectations; they show the tutor what an answer states.",
        "weather: note: misconceptions.high_rate_is_skill has no `denied` forms; whoever denies it may seem to hold it.",
    ]


def test_a_lab_without_templates(weather: Path, capsys: Capture) -> None:
    text = (weather / "cases.toml").read_text(encoding="utf-8")
    (weather / "cases.toml").write_text(text[: text.index("[[templates]]")], encoding="utf-8")
    assert main(["check", str(weather)]) == 0
    assert capsys.readouterr().out.endswith("questions: 3, templates: 0\n")


def test_a_case_without_a_sheet_of_its_own_is_a_note(weather: Path, rewrite: Rewrite, capsys: Capture) -> None:
    text = (weather / "cases.toml").read_text(encoding="utf-8")
    (weather / "cases.toml").write_text(text[: text.index("[templates.sheet]")], encoding="utf-8")
    rewrite("cases.toml", "same_days = {", "# same_days = {")
    assert main(["check", str(weather)]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[1:] == [
        "weather: note: the case weather-a says nothing under `sheet` of same_days, so the exercise does not answer there.",
        "weather: note: the case same-town says nothing under `sheet` of any row, so the exercise does not answer there.",
    ]
    assert err == ""


def test_few_different_cases_are_counted(weather: Path, rewrite: Rewrite, capsys: Capture) -> None:
    text = (weather / "cases.toml").read_text(encoding="utf-8")
    start = text.index("text = “Parish") if "text = “Parish" in text else text.index('text = "Parish')
    end = text.index("\n", start)
    text = text[:start] + 'text = "A note on {town}."' + text[end : text.index("[templates.sheet]")]
    (weather / "cases.toml").write_text(text, encoding="utf-8")
    assert main(["check", str(weather)]) == 0
    assert "different fresh cases of 100: 4\n" in capsys.readouterr().out  # four towns


def test_every_lab_is_checked_whatever_the_first_is_like(pack: Path, rewrite: Rewrite, capsys: Capture) -> None:
    shutil.copytree(pack / "weather", pack / "air")
    (pack / "air" / "lab.toml").write_text("title = ", encoding="utf-8")
    assert main(["check", str(pack)]) == 2
    out, err = capsys.readouterr()
    assert out.startswith(SOUND)
    assert err.startswith(f"air: {pack / 'air' / 'lab.toml'} is not valid TOML") and err.count("\n") == 1


def test_a_folder_meant_as_a_lab_is_not_passed_over(pack: Path, capsys: Capture) -> None:
    """The app passes over a folder without lab.toml; its author should hear of it."""
    (pack / "weather" / "lab.toml").unlink()
    assert main(["check", str(pack)]) == 2
    assert "weather/lab.toml cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("days in {town}. {a}", "days in {place}. {a}", "'place'"),
        ("days in {town}. {a}", "days in {town.name}. {a}", "name"),
        ("high = 12 }", 'high = 12, plus = "dew" }', "from dew"),
        ('plus = "score_b", of = "n"', 'plus = "score_b", of = "m"', "from m"),
        ('high = 86, step = 0.1, of = "n"', "high = 186, step = 0.1", "score_b"),
    ],
)
def test_a_case_that_cannot_be_made(
    weather: Path, rewrite: Rewrite, capsys: Capture, old: str, new: str, words: str
) -> None:
    """A slot that is not there, or a number that no score can have: found before a learner finds it."""
    rewrite("cases.toml", old, new)
    assert main(["check", str(weather)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert "cases.toml" in err and "same-town" in err and words in err


def test_a_name_that_ours_have(pack: Path, capsys: Capture) -> None:
    (pack / "weather").rename(pack / "lab2")
    assert main(["check", str(pack)]) == 2
    assert (
        "lab2: a lab of the product has this name and would hide yours. Rename the folder." in capsys.readouterr().err
    )


def test_a_name_that_is_not_the_folders(weather: Path, rewrite: Rewrite, capsys: Capture) -> None:
    rewrite("lab.toml", "minutes = 10", 'minutes = 10\nslug = "rain"')
    assert main(["check", str(weather)]) == 2
    assert "field slug: a lab goes by its folder's name (it is 'rain')" in capsys.readouterr().err


def test_a_folder_that_holds_nothing(tmp_path: Path, capsys: Capture) -> None:
    assert main(["check", str(tmp_path)]) == 2
    assert "holds no lab. A lab is a folder with lab.toml, cases.toml, lesson.md." in capsys.readouterr().err
    assert main(["check", str(tmp_path / "gone")]) == 2
    assert "gone is not a folder" in capsys.readouterr().err


def test_the_line_in_the_guide_is_what_is_printed(capsys: Capture) -> None:
    main(["check", str(EXAMPLES)])
    assert capsys.readouterr().out in (ROOT / "docs" / "write-a-lab.md").read_text(encoding="utf-8")


def test_as_a_command(weather: Path) -> None:
    command = [sys.executable, "-m", "labs", "check", "."]
    done = subprocess.run(
        command, cwd=weather, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith(SOUND)
    (weather / "lesson.md").unlink()
    done = subprocess.run(
        command, cwd=weather, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and done.stdout == "" and "lesson.md cannot be read" in done.stderr
