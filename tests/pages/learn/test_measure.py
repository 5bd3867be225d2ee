"""Measure: predicted before anything is shown, run or opened, and brought into the talk; a reload keeps all of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import engine.runs.worker
from engine import access, battles, runs
from engine.access import Person
from engine.models.registry import PackagedWeights
from engine.runs import service
from engine.tasks.task import Task
from labs import load_lab
from pages.shared import person
from tests.conftest import Idle, ToyModel
from tests.labs.conftest import EXAMPLES
from tests.pages.driving import descriptions, open_lab, press, say, shown, texts
from tutor import dialogue, journal

ANN = Person(id=battles.author("ann"), operator=False)
MEASURED = """
[measurement]
title = "Which of the two names colours?"
why = "To see whether *it* runs."
run = "Two toys name colours."
number = "{number}"
concept = "base_rate"
{more}
near = "You said {{predicted}}, and {{value}} it is."
off = "You said {{predicted}}, and it is {{value}}."
question = "You said {{predicted}}, and {{value}} were measured: why?"
prompt = "Why?"

[measurement.prediction]
ask = "How far?"
unit = "points"
low = -100
high = 100
step = 0.5
"""
BATTLE = """
[[measurement.battles]]
a = "{a}"
b = "{b}"
task = "toy"
items = {items}
shots = {shots}
recording = "arc_easy"
"""


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "executor", Idle())
    monkeypatch.setattr(engine.runs.worker, "open_model", lambda address, device, dtype: ToyModel(address))


def measuring_lab(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    contenders: tuple[str, str],
    *,
    number: str = "pairing",
    more: str = "",
    shots: tuple[int, ...] = (0,),
    items: int = 40,
) -> str:
    """A lab of a course pack that measures toys; its name, a new one each time: labs are remembered."""
    shutil.copytree(EXAMPLES / "weather", folder / "pack" / "colours")
    a, b = contenders
    added = MEASURED.format(number=number, more=more) + "".join(
        BATTLE.format(a=a, b=b, items=items, shots=each) for each in shots
    )
    with (folder / "pack" / "colours" / "lab.toml").open("a", encoding="utf-8") as file:
        file.write(added)
    monkeypatch.setenv("NOISEFLOOR_LABS", str(folder / "pack"))
    return "colours"


def predict(app, value: float = 3.0):
    app.number_input[0].set_value(value).run()
    return press(app, "Keep my prediction")


def buttons(app) -> set[str]:
    return {button.label for button in app.button}


def sheet(slug: str = "lab1") -> dict[str, str]:
    return journal.read_sheet(dialogue.resume("ann", slug).id)


def test_nothing_is_shown_before_a_prediction_and_looking_leaves_nothing() -> None:
    app = open_lab(tab="Measure")
    assert buttons(app) == {"Keep my prediction"}
    press(app, "Keep my prediction")
    assert "Say what you expect first" in shown(app.warning)
    assert "A real battle" not in texts(app) and not app.metric
    assert journal.talks("ann") == ()


def test_predicted_opened_and_brought_into_the_talk() -> None:
    app = predict(open_lab(tab="Measure"))
    assert sheet() == {"measurement.prediction": "3"}
    assert "You expect **+3.0 points**" in texts(app) and "What came out" not in texts(app)
    press(app, "Open the recorded one")
    assert [metric.value for metric in app.metric] == ["+3.0 points", "+11.0 points"]
    assert "95% interval +6.6 to +15.5 points" in texts(app)
    assert "Source: recorded 2026-11-22 with the product, all 500 questions of OpenBookQA" in texts(app)
    assert "right answers, in percent" in descriptions(app)[0]
    press(app, "Bring it into the talk")
    assert "You expected +3.0 points from the change of rule" in texts(app)
    assert app.session_state["tabs-lab1"] == "Talk"
    say(app, "Because the rule decides what counts, the score is one of rule and model together.")
    assert "1 of 3 counted" in texts(app)
    assert str(dialogue.resume("ann", "lab1").exchanges[0].point) == "measured:claim"


def test_a_prediction_is_locked_once_the_measurement_began() -> None:
    app = predict(open_lab(tab="Measure"))
    press(app, "Change it")
    app = predict(app, -4.0)
    assert sheet()["measurement.prediction"] == "-4"
    stale = press(open_lab(tab="Measure"), "Change it")
    press(app, "Open the recorded one")
    assert "Change it" not in buttons(app) and not app.number_input
    stale.number_input[0].set_value(11.0)
    press(stale, "Keep my prediction")  # in a tab that still has the field
    assert not stale.exception and not stale.number_input
    assert sheet()["measurement.prediction"] == "-4"


def test_a_reload_keeps_all() -> None:
    predict(open_lab(tab="Measure"))
    assert "You expect **+3.0 points**" in texts(open_lab(tab="Measure"))
    press(open_lab(tab="Measure"), "Open the recorded one")
    app = open_lab(tab="Measure")
    assert [metric.value for metric in app.metric] == ["+3.0 points", "+11.0 points"]
    press(app, "Bring it into the talk")
    app = open_lab(tab="Measure")
    assert "Back to the talk" in buttons(app) and "Bring it into the talk" not in buttons(app)
    press(app, "Back to the talk")
    assert "You expected +3.0 points" in texts(app)
    assert not open_lab(tab="Measure", learner="bob").metric


@pytest.mark.parametrize("slug", ["lab1", "lab2", "lab3", "lab4"])
def test_every_lab_measures(slug: str) -> None:
    app = open_lab(slug, tab="Measure")
    if slug == "lab2":
        app.segmented_control[0].set_value(2).run()
        press(app, "Keep my prediction")
    else:
        predict(app, 50.0)
    press(app, "Open the recorded one")
    assert not app.exception and len(app.metric) == 2 and len(descriptions(app)) == 1


def test_a_battle_is_run_here_and_picked_up(
    toy: Task, contenders: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = measuring_lab(tmp_path, monkeypatch, contenders)
    app = predict(open_lab(slug, tab="Measure"))
    assert "40 questions, some minutes on this machine" in texts(app)
    press(app, "Run it here")
    assert not app.exception and "Change it" not in buttons(app) and not app.metric
    (battle_id,) = sheet(slug)["measurement.battle"].split()
    assert runs.watch(battle_id).battle.n == 40
    engine.runs.worker.work("cpu")
    app = open_lab(slug, tab="Measure")
    assert len(app.metric) == 2 and f"battle {battle_id}" in texts(app) and "measured here on" in texts(app)
    access.delete(Person(id=ANN.id, operator=True), battle_id)
    assert len(open_lab(slug, tab="Measure").metric) == 2  # the number was written down with its source


def test_several_runs_ask_the_same_questions_and_go_on_where_they_were_left(
    toy: Task, contenders: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = measuring_lab(tmp_path, monkeypatch, contenders, number="first_place", shots=(0, 0), items=30)
    app = predict(open_lab(slug, tab="Measure"))
    press(app, "Run it here")
    first, second = sheet(slug)["measurement.battle"].split()
    assert runs.watch(first).battle.item_ids == runs.watch(second).battle.item_ids
    now = dialogue.resume("ann", slug)
    dialogue.measured.keep_battles(now, first)  # as if the second had been refused
    app = press(open_lab(slug, tab="Measure"), "Start the next run")
    kept, third = sheet(slug)["measurement.battle"].split()
    assert kept == first and runs.watch(third).battle.item_ids == runs.watch(first).battle.item_ids


def test_a_battle_that_was_stopped_or_deleted_leaves_the_recorded_one(
    toy: Task, contenders: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = measuring_lab(tmp_path, monkeypatch, contenders)
    press(predict(open_lab(slug, tab="Measure")), "Run it here")
    (battle_id,) = sheet(slug)["measurement.battle"].split()
    me = Person(id=ANN.id, operator=True)
    access.stop(me, battle_id)
    app = open_lab(slug, tab="Measure")
    assert "stopped before its end" in shown(app.warning)
    assert {"Run it again", "Open the recorded one"} <= buttons(app) and "Change it" not in buttons(app)
    access.delete(me, battle_id)
    app = open_lab(slug, tab="Measure")
    assert battle_id in shown(app.warning) and not app.exception
    press(app, "Open the recorded one")
    assert len(app.metric) == 2


def test_who_may_not_run_is_told_and_opens_the_recorded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "current", lambda: ANN)
    app = predict(open_lab(tab="Measure"))
    assert {"Run it here", "Open the recorded one"} <= buttons(app)
    monkeypatch.setenv("NOISEFLOOR_VISITOR_ITEMS", "10")
    app = open_lab(tab="Measure")
    assert "Run it here" not in buttons(app) and "there is the recorded one" in texts(app)
    monkeypatch.setenv("NOISEFLOOR_VISITOR_ITEMS", "50")
    monkeypatch.setenv("NOISEFLOOR_VISITOR_OPEN_BATTLES", "0")
    press(open_lab(tab="Measure"), "Run it here")
    assert "measurement.battle" not in sheet()
    app = press(open_lab(tab="Measure"), "Open the recorded one")
    assert len(app.metric) == 2


def test_without_the_models_there_is_the_recorded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PackagedWeights, "files", lambda self: None)
    app = predict(open_lab(tab="Measure"))
    assert "Run it here" not in buttons(app) and "SmolLM2 135M Instruct is not installed. To get it" in texts(app)
    monkeypatch.setattr(person, "current", lambda: ANN)
    app = open_lab(tab="Measure")
    assert "This server does not have what the battle needs" in texts(app) and "not installed" not in texts(app)
    assert len(press(app, "Open the recorded one").metric) == 2


def test_a_visitor_may_not_run_a_model_of_ones_own(
    toy: Task, contenders: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = measuring_lab(tmp_path, monkeypatch, contenders)
    monkeypatch.setattr(person, "current", lambda: ANN)
    app = predict(open_lab(slug, tab="Measure"))
    assert "Run it here" not in buttons(app)
    assert "Visitors may not use a model of their own choosing" in texts(app)


def test_a_message_without_reply_comes_first() -> None:
    press(predict(open_lab(tab="Measure")), "Open the recorded one")
    app = open_lab(tab="Measure")
    dialogue.add_message(dialogue.resume("ann", "lab1"), "because I say so")
    press(app, "Bring it into the talk")
    assert "still waits for its reply" in shown(app.warning)


def test_a_lab_without_a_measurement_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_LABS", str(EXAMPLES))
    assert load_lab("weather").measurement is None
    app = open_lab("weather", tab="Measure")
    assert "measures nothing" in texts(app)
