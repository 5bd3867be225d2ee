"""An address of the app that somebody made up, and what is typed into it: a page stays, and says a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import person
from tests.pages.driving import HOSTILE, labelled, open_page, shown

BATTLE, LAB, LOGS = "pages/battle/battle.py", "pages/learn/lab.py", "pages/logs/logs.py"
ODD = (
    "../../etc/passwd",
    "~nosuchuser/x",
    "http://[bad",
    "\0",
    "\u202eevil",
    "x" * 100_000,
    HOSTILE,
    "",
)


@pytest.fixture(autouse=True)
def operator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks, unless a test says otherwise."""
    monkeypatch.setattr(person, "is_operator", lambda: True)


def id_of(value: str) -> str:
    return ascii(value[:16])


def sentence(app: AppTest) -> str:
    """The one thing such a page says."""
    assert not app.exception
    assert len(app.error) == 1
    said: str = app.error[0].value
    said.encode()
    assert len(said) < 2_000
    return said


@pytest.mark.parametrize("battle", ODD, ids=id_of)
def test_a_battle_that_is_none(battle: str) -> None:
    assert "There is no battle" in sentence(open_page(BATTLE, battle=battle))


@pytest.mark.parametrize("lab", ODD, ids=id_of)
def test_a_lab_that_is_none(lab: str) -> None:
    assert "There is no lab" in sentence(open_page(LAB, lab=lab))


@pytest.mark.parametrize("score", ODD, ids=id_of)
def test_scores_that_are_none(score: str) -> None:
    app = open_page(LOGS, a=score, b=score, n=score)
    assert not app.exception
    assert app.warning[0].value.encode()


@pytest.mark.parametrize("address", [odd for odd in ODD if odd], ids=id_of)
def test_a_model_that_is_none(address: str) -> None:
    app = open_page(BATTLE)
    app.selectbox(key="a").set_value("another model …").run()
    labelled(app.text_input, "Address of the model").set_value(address).run()
    assert "model" in sentence(app) or "looked at" in sentence(app)


def test_only_the_operator_is_told_where_things_lie(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(own_home) in shown(open_page(BATTLE, battle="none").error)
    monkeypatch.setattr(person, "is_operator", lambda: False)
    told = shown(open_page(BATTLE, battle="none").error)
    assert "There is no battle 'none' in …/ledger.db." in told
    assert str(own_home.parent) not in told
