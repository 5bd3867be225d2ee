"""`python -m engine battery` on toys: fought once, gone on with, told in words that add no number."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import Task, runs
from engine.analysis.suites import SUITES, Suite, SuiteTask
from engine.cli import main
from engine.runs import service
from tests.conftest import Idle, Shelf, ToyModel, toy_rows, toy_task

AddTask = Callable[[Task], Task]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def pair(add_task: AddTask, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """Two toys that can be fought, and one whose items are elsewhere."""
    add_task(toy_task("large"))
    add_task(toy_task("little", rows=toy_rows({"sky": 12, "sea": 6})))
    add_task(toy_task("gone", items_from=(Shelf(here=False),)))
    exams = (
        SuiteTask(name="large", shots=0),
        SuiteTask(name="little", shots=0, averaged="groups"),
        SuiteTask(name="gone", shots=0),
    )
    preset = Suite(name="toys", about="toys and no more", tasks=exams, scale="raw")
    monkeypatch.setattr("engine.analysis.suites.SUITES", {"toys": preset})
    return preset


def run(contenders: tuple[str, str], *more: str) -> int:
    return main(["battery", "--preset", "toys", "--a", contenders[0], "--b", contenders[1], "--device", "cpu", *more])


def test_fought_and_told(
    pair: Suite, opened: list[ToyModel], contenders: tuple[str, str], tmp_path: Path, capsys: Capture
) -> None:
    assert run(contenders, "--limit", "30", "--json", str(tmp_path / "b.json")) == 0
    out, err = capsys.readouterr()
    told = json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))
    large, little = told["tasks"]
    assert (large["n"], little["n"], large["a"]) == (30, 18, pytest.approx(large["b"] + large["gap"]))
    assert told["mean_gap"]["gap"] == pytest.approx((large["gap"] + little["gap"]) / 2)
    assert "not on this machine" in told["skipped"]["gone"] and told["average"] is None
    lines = out.splitlines()
    assert lines[0] == "toys: toys and no more."
    row = next(line for line in lines if line.startswith("large ")).split()
    assert row[1:5] == ["0", "30", f"{100 * large['a']:.1f}", f"{100 * large['b']:.1f}"]
    assert any(line.startswith("The mean of the gaps is") and "same 2 tasks" in line for line in lines)
    assert "The preset's own average takes all 3 tasks: it is not told." in lines
    assert any(line.startswith("Not in it: gone. ") for line in lines)
    assert "gone: not fought." in err and err.count("large: battle") == 1
    assert {item for model in opened for item in model.asked}  # somebody was asked


def test_what_was_fought_is_not_fought_again(
    pair: Suite, opened: list[ToyModel], contenders: tuple[str, str], capsys: Capture
) -> None:
    assert run(contenders) == 0
    first = capsys.readouterr()
    before = len(opened)
    assert run(contenders) == 0
    again = capsys.readouterr()
    assert len(opened) == before and again.out == first.out
    assert again.err.count("planned alike: taken as it came out") == 2
    assert len(runs.history()) == 2


def test_a_battle_fought_by_itself_counts(
    pair: Suite, opened: list[ToyModel], contenders: tuple[str, str], capsys: Capture
) -> None:
    """The command line's battle and the preset's are one plan."""
    assert main(["battle", "--a", contenders[0], "--b", contenders[1], "--task", "large", "--device", "cpu"]) == 0
    (fought,) = [entry.battle.id for entry, _ in runs.history()]
    assert run(contenders) == 0
    assert f"large: battle {fought} of " in capsys.readouterr().err


def test_stopped_by_hand_and_gone_on_with(
    pair: Suite,
    opened: list[ToyModel],
    contenders: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as nobody:
        nobody.setattr(service, "executor", Idle())
        nobody.setattr("engine.cli.progress.follow", interrupt)
        with pytest.raises(SystemExit) as left:
            run(contenders)
    assert left.value.code == 130 and "The same command goes on where it was." in capsys.readouterr().err
    stopped = {entry.battle.id: entry.state for entry, _ in runs.history()}
    assert list(stopped.values()) == ["stopped", "stopped"]
    assert run(contenders) == 0
    assert capsys.readouterr().err.count("planned alike: stopped, goes on") == 2
    assert {entry.battle.id: entry.state for entry, _ in runs.history()} == dict.fromkeys(stopped, "done")


def test_a_battle_that_failed_costs_the_others_nothing(
    pair: Suite,
    contenders: tuple[str, str],
    opened: list[ToyModel],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    class Lost(ToyModel):
        def rank(self, items: Any, skip: Any = ()) -> Iterator[Any]:
            if len(items) in (18, 12, 6):
                raise RuntimeError("out of luck")
            yield from super().rank(items, skip)

    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: Lost(Path(address).name))
    assert run(contenders) == 0
    out = capsys.readouterr().out
    assert "Not in it: little. Battle " in out and "is failed after 0 of 18 items" in out
    assert "The mean of the gaps is" in out and "same 1 task," in out


def test_all_items_and_every_task_make_an_average(
    pair: Suite, opened: list[ToyModel], contenders: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    whole = {"toys": Suite(name="toys", about="toys", tasks=pair.tasks[:2], scale="raw")}
    monkeypatch.setattr("engine.analysis.suites.SUITES", whole)
    assert run(contenders) == 0
    assert "published" not in (full := capsys.readouterr().out)
    assert "Average as the preset takes it, of the scores raw: ruby " in full
    assert run(contenders, "--limit", "10") == 0
    assert "on part of the items: not to be put beside published ones." in capsys.readouterr().out


def test_mistakes_are_told(pair: Suite, opened: list[ToyModel], contenders: tuple[str, str], capsys: Capture) -> None:
    assert run(contenders, "--margin", "3") == 2
    assert "No task of the preset toys can be fought here" in capsys.readouterr().err
    assert main(["battery", "--preset", "v9", "--a", "x", "--b", "y"]) == 2
    assert main(["battery", "--preset", "toys", "--a", "nobody", "--b", contenders[1]]) == 2
    assert "nobody" in capsys.readouterr().err


def test_the_presets_are_told_in_the_help(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["battery", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert all(f"{preset.name}: {preset.about[:20]}" in out for preset in SUITES.values())
