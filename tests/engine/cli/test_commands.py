"""The command line: what it prints where, and that a mistake costs one line and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import TASKS, Task, runs
from engine.__main__ import main
from engine.models.registry import PACKAGED
from engine.runs.lock import device_lock
from tests.conftest import ToyModel

Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).resolve().parents[3]
PAIR = ("--a", "smollm2-135m-instruct", "--b", "gemma-3-270m")


@pytest.fixture
def stored(tmp_path: Path) -> list[str]:
    """Ten items: both right on 2, A alone on 6, B alone on none."""
    a, b = [1] * 8 + [0] * 2, [1] * 2 + [0] * 8
    files = []
    for name, scores in (("ruby", a), ("jade", b)):
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(json.dumps({"id": i, "correct": bool(s)}) + "\n" for i, s in enumerate(scores)))
        files.append(str(file))
    return files


def test_a_verdict_from_files(stored: list[str], capsys: Capture) -> None:
    assert main(["verdict", *stored]) == 0
    out, err = capsys.readouterr()
    assert "ruby" in out and "jade" in out and "only ruby was right on 6, only jade on 0" in out
    assert err == ""


def test_the_verdict_as_json(stored: list[str], tmp_path: Path) -> None:
    """McNemar, exact, 6 against 0: 2 · 0.5**6 = 0.03125."""
    assert main(["verdict", *stored, "--margin", "0.1", "--level", "0.9", "--json", str(tmp_path / "v.json")]) == 0
    told = json.loads((tmp_path / "v.json").read_text())
    assert (told["n"], told["gap"], told["margin"], told["winner"]) == (10, pytest.approx(0.6), 0.1, "a")
    assert told["a"] == {"name": "ruby", "score": 0.8} and told["b"] == {"name": "jade", "score": 0.2}
    assert told["p_value"] == pytest.approx(0.03125)
    assert told["discordant"] == {"a_only": 6, "b_only": 0}
    assert told["interval"]["level"] == 0.9 and told["interval"]["low"] < 0.6 < told["interval"]["high"]


def test_the_models(capsys: Capture) -> None:
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in PACKAGED)
    assert "Gemma Terms of Use" in out and "Apache-2.0" in out
    assert "OPENAI_API_KEY" in out and "hf:org/name" in out


def test_the_tasks(capsys: Capture) -> None:
    assert main(["tasks"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in TASKS)
    assert "14,042 items" in out and "25.0%" in out
    musr = next(line for line in out.splitlines() if line.startswith("leaderboard_musr "))
    assert "missing; set NOISEFLOOR_DATA" in musr


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


@pytest.fixture
def nobody_fights() -> object:
    """The device is taken, so a mistake that gets through starts no worker; it would wait for ever instead."""
    with device_lock("cpu") as mine:
        assert mine
        yield


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_costs_one_line_and_exit_code_2(
    name: str, capsys: Capture, nobody_fights: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def got_through(battle_id: str) -> None:
        raise AssertionError("the battle was started")

    if name != "unknown battle":  # which is found out on the way there
        monkeypatch.setattr("engine.__main__._follow", got_through)
    arguments, words = MISTAKES[name]
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and err.endswith("\n"), err
    assert words in err


def test_mistakes_in_stored_results_cost_one_line_too(stored: list[str], capsys: Capture) -> None:
    with Path(stored[1]).open("a") as file:
        file.write('{"id": 10, "correct": null}\n')
    assert main(["verdict", *stored]) == 2
    assert "jade.jsonl, line 11: None is no score" in capsys.readouterr().err
    for option in ("--margin", "--level"):
        assert main(["verdict", stored[0], stored[0], option, "7"]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_result_that_cannot_be_written(stored: list[str], tmp_path: Path, capsys: Capture) -> None:
    assert main(["verdict", *stored, "--json", str(tmp_path / "no" / "v.json")]) == 2
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


def test_a_process_of_its_own(tmp_path: Path) -> None:
    """As a person runs it: no traceback, nothing on standard output, the code in `$?`."""
    told = subprocess.run(
        [sys.executable, "-m", "engine", "battle", *PAIR, "--task", "piqa", "--limit", "0"],
        cwd=ROOT, env=os.environ | {"NOISEFLOOR_HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "--limit 0 is too few: a gap and its noise need at least 2 items.\n"


# ---- a battle to the end


@pytest.fixture
def in_process(in_process: None, opened: list[ToyModel]) -> None:
    """With toys in place of weights."""


def battle(toy: Task, contenders: tuple[str, str], *more: str) -> int:
    a, b = contenders
    return main(["battle", "--a", a, "--b", b, "--task", toy.name, "--device", "cpu", *more])


def test_a_battle(toy: Task, contenders: tuple[str, str], in_process: None, tmp_path: Path, capsys: Capture) -> None:
    assert battle(toy, contenders, "--limit", "12", "--json", str(tmp_path / "r.json")) == 0
    out, err = capsys.readouterr()
    assert "ruby" in out and "jade" in out and "12 items" in out
    assert err.startswith("12 items find a gap of 65.4 points") and "\nbattle " in err  # (z.975 + z.8)^2 / 12
    told = json.loads((tmp_path / "r.json").read_text())
    assert (told["n"], told["planned"], told["state"], len(told["items"])) == (12, 12, "done", 12)
    assert out.count("Gap split: ") == 3
    assert [part["source"] for part in told["split"]["parts"]] == ["item luck", "instrument", "protocol", "rerun"]


def test_a_battle_that_failed_says_why_and_ends_with_1(
    toy: Task, contenders: tuple[str, str], in_process: None, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(address: str, device: str, dtype: str) -> ToyModel:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("engine.runs.worker.open_model", broken)
    assert battle(toy, contenders) == 1
    assert "an error nobody foresaw (ZeroDivisionError: a bug)" in capsys.readouterr().err


def test_too_few_pairs_for_a_verdict(
    toy: Task, contenders: tuple[str, str], in_process: None, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = [f"{group}/{i}" for group in ("sky", "sea") for i in range(30)]
    monkeypatch.setattr("engine.runs.worker.open_model", lambda *_: ToyModel("ruby", fails=everything))
    assert battle(toy, contenders, "--limit", "6") == 1
    assert "0 complete pairs of 6: too few for a verdict. First failure: told to fail." in capsys.readouterr().err


def test_an_interrupt_stops_the_battle_and_says_how_to_go_on(
    toy: Task, contenders: tuple[str, str], capsys: Capture, nobody_fights: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    with pytest.raises(SystemExit) as ended:
        battle(toy, contenders)
    assert ended.value.code == 130
    (battle_id,) = [entry.battle.id for entry, _ in runs.history()]
    assert runs.watch(battle_id).state == "stopped"
    assert f"--resume {battle_id}" in capsys.readouterr().err
