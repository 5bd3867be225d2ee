"""The operator's page: what goes on, counted from ledger and journal, and stopping it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import pages
from engine import BattleRequest, access, battles, runs
from engine.access import Person
from engine.runs import service
from pages.shared import person
from tests.conftest import Idle
from tests.pages.driving import open_page, press, shown
from tutor import dialogue, journal

ROOT = Path(pages.__file__).resolve().parents[1]
OPERATE = "pages/operate/operator.py"
OPERATOR = Person(id="f1:op", operator=True)
REQUEST = BattleRequest(a="smollm2-135m-instruct", b="gemma-3-270m", task="arc_easy", limit=20)


def become(me: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "current", lambda: me)
    monkeypatch.setattr(person, "is_operator", lambda: me.operator)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "executor", Idle())
    become(OPERATOR, monkeypatch)


def visitor(name: str) -> Person:
    return Person(id=battles.author(name), operator=False)


def figures(app: object) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}  # type: ignore[attr-defined]


def test_nothing_yet() -> None:
    app = open_page(OPERATE)
    assert not app.exception
    assert set(figures(app).values()) == {"0"}
    assert [element.value for element in app.markdown].count("None.") == 1


def test_what_goes_on_is_counted_from_what_is_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    access.start(visitor("ann"), REQUEST), access.start(visitor("bob"), REQUEST), runs.start(runs.plan(REQUEST))
    for learner, said in (("ann", 2), ("eve", 1)):
        for _ in range(said):
            now = dialogue.add_message(dialogue.resume(learner, "lab1"), "because")
            journal.record_reply(now.id, len(now.exchanges), "why?", "m", (now.case, now.point, "why?"))
            journal.count_model_turn(access.today().date())
    tomorrow = access.today() + datetime.timedelta(days=1)
    assert journal.messages_since(tomorrow) == {} and journal.model_turns(tomorrow.date()) == 0
    app = open_page(OPERATE)
    assert not app.exception
    assert figures(app) == {
        "Persons": "3", "Battles": "3", "Messages": "3", "Model's replies": "3", "Running": "0", "Waiting": "3",
    }  # fmt: skip
    open_battles, by_person, limits = (table.value for table in app.dataframe)
    assert "command line" in open_battles["who"].tolist()
    assert sorted(zip(by_person["battles"], by_person["messages"], strict=True)) == [(0, 1), (1, 0), (1, 0), (1, 2)]
    assert limits["set by"].tolist()[0] == "NOISEFLOOR_VISITOR_ITEMS"
    assert "ann" not in shown(app.get("markdown")) and "ann" not in open_battles["who"].str.cat()


def test_all_are_stopped_at_a_click() -> None:
    access.start(visitor("ann"), REQUEST), access.start(OPERATOR, REQUEST)
    app = press(open_page(OPERATE), "Stop 2 open battles")
    assert not app.exception
    assert {entry.state for entry, _ in runs.history()} == {"stopped"}
    assert figures(app)["Waiting"] == "0"


def test_a_model_that_is_gone_does_not_take_the_page_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.models.registry import PACKAGED

    access.start(OPERATOR, REQUEST)
    monkeypatch.delitem(PACKAGED, "gemma-3-270m")
    app = open_page(OPERATE)
    assert not app.exception and not app.error
    assert app.dataframe[0].value["contenders"].tolist() == ["SmolLM2 135M Instruct or gemma-3-270m"]


def test_a_visitor_has_no_such_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not in the navigation, so there is nothing at its address."""
    assert "Operator" in shown(open_page(OPERATE).title)
    become(visitor("ann"), monkeypatch)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(OPERATE)


def test_the_page_itself_refuses_a_visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the navigation ever offer it: the check is not there but in `engine.access`."""
    become(visitor("ann"), monkeypatch)
    app = AppTest.from_file(str(ROOT / OPERATE), default_timeout=20).run()
    assert len(app.exception) == 1
    assert not app.metric and not app.dataframe
