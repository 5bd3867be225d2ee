"""The command line: what it prints where, and that a mistake costs one line and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import main

Capture = pytest.CaptureFixture[str]
COMMANDS = {
    "models": "the models that are here, and the forms of address for others",
    "tasks": "the benchmarks: items, chance level, and whether their data are here",
    "battle": "fight a battle and say what may be concluded",
    "battery": "fight over a preset of benchmarks and judge them together",
    "readings": "a battle's stored answers read by every rule, and how sure they were",
    "noise": "how far the score of one model moves when only the settings change",
    "forecasts": "how the forecasts made here did, one by one and together",
    "export": "write a battle as the files lm-eval writes, a run a side",
    "verdict": "the verdict between stored logs of per-item results",
}
ROOT = Path(__file__).resolve().parents[3]
PAIR = ("--a", "smollm2-135m-instruct", "--b", "gemma-3-270m")


def test_the_help_has_every_command_and_what_it_does(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    out = " ".join(capsys.readouterr().out.split())
    assert [name for name, about in COMMANDS.items() if f" {name} {about}" not in out] == []


# ---- mistakes

BATTLE = ("battle", *PAIR, "--device", "cpu")
MISTAKES = {
    "unknown model": (("battle", "--a", "gemma", "--b", PAIR[1], "--task", "piqa"), "Did you mean 'gemma-3-270m'"),
    "unknown task": ((*BATTLE, "--task", "arc"), "Did you mean 'arc_challenge'"),
    "limit 0": ((*BATTLE, "--task", "piqa", "--limit", "0"), "--limit 0 is too few"),
    "limit 1": ((*BATTLE, "--task", "piqa", "--limit", "1"), "--limit 1 is too few"),
    "limit beyond": ((*BATTLE, "--task", "piqa", "--limit", "1839"), "more than the 1,838 items"),
    "limit no number": ((*BATTLE, "--task", "piqa", "--limit", "many"), "'many'"),
    "missing data": ((*BATTLE, "--task", "gsm8k"), "set NOISEFLOOR_DATA"),
    "margin": ((*BATTLE, "--task", "piqa", "--margin", "2"), "margin 2.0 is not between 0 and 1"),
    "level": ((*BATTLE, "--task", "piqa", "--level", "95"), "level 95.0"),
    "negative shots": ((*BATTLE, "--task", "piqa", "--shots", "-1"), "--shots -1 is negative"),
    "unknown device": ((*BATTLE, "--task", "piqa", "--device", "tpu"), "'tpu'"),
    "unknown precision": ((*BATTLE, "--task", "piqa", "--limit", "4", "--dtype", "int7"), "int7"),
    "unknown extraction": ((*BATTLE, "--task", "piqa", "--limit", "4", "--extraction", "psychic"), "psychic"),
    "unknown option": ((*BATTLE, "--task", "piqa", "--colour", "red"), "--colour"),
    "no task": (BATTLE, "--task"),
    "no contenders": (("battle", "--task", "piqa"), "--a and --b"),
    "same contender": (("battle", "--a", PAIR[1], "--b", PAIR[1], "--task", "piqa"), "the same contender"),
    "unknown command": (("fight",), "fight"),
    "no command": ((), "COMMAND"),
    "unknown battle": (("battle", "--resume", "0000"), "no battle '0000'"),
    "missing file": (("verdict", "nowhere.jsonl", "nowhere.jsonl"), "nowhere.jsonl cannot be read"),
    "missing argument": (("verdict", "one.jsonl"), "B.jsonl"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_costs_one_line_and_exit_code_2(
    name: str, capsys: Capture, taken: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def got_through(battle_id: str) -> None:
        raise AssertionError("the battle was started")

    if name != "unknown battle":  # which is found out on the way there
        monkeypatch.setattr("engine.cli.commands.battle.follow", got_through)
    arguments, words = MISTAKES[name]
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and err.endswith("\n"), err
    assert words in err


def test_a_process_of_its_own(tmp_path: Path) -> None:
    """As a person runs it: no traceback, nothing on standard output, the code in `$?`."""
    told = subprocess.run(
        [sys.executable, "-m", "engine", "battle", *PAIR, "--task", "piqa", "--limit", "0"],
        cwd=ROOT, env=os.environ | {"NOISEFLOOR_HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "--limit 0 is too few: a gap and its noise need at least 2 items.\n"
