"""The question before a talk and after it: asked once each time, skipped at will, its reasons told at the end."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from labs import load_lab
from labs.check_question import AFTER, BEFORE, in_order
from tests.pages.driving import open_lab, press, say, shown, texts
from tests.pages.learn.test_lab import GOOD
from tutor import dialogue, journal

LAB = load_lab("lab1")
assert LAB.check is not None
CHECK = LAB.check
WRONG = next(option for option in CHECK.options if not option.right)


def answer(app: AppTest, option: str) -> AppTest:
    app.radio[0].set_value(option)
    return press(app, "Keep my answer")


def kept() -> dict[str, str]:
    return journal.read_sheet(dialogue.resume("ann", "lab1").id)


def test_both_answers_and_the_reasons_stand_beside_each_other_at_the_end() -> None:
    app = open_lab()
    talk = dialogue.resume("ann", "lab1").id
    labels = [label.replace("\\", "") for label in app.radio[0].options]
    assert labels == [option.text for option in in_order(CHECK, talk, BEFORE)]
    answer(app, WRONG.id)
    assert not app.radio and WRONG.why not in texts(app)
    say(app, *GOOD)
    labels = [label.replace("\\", "") for label in app.radio[0].options]
    assert labels == [option.text for option in in_order(CHECK, talk, AFTER)]
    assert CHECK.best.why not in texts(app)
    answer(app, CHECK.best.id)
    assert kept() == {BEFORE: WRONG.id, AFTER: CHECK.best.id}
    assert not app.radio
    for words in (WRONG.text, WRONG.why, CHECK.best.why, f"check: {CHECK.best.text}"):
        assert words in texts(app).replace("]", "").replace(":material/check:", "check:")
    assert not open_lab().radio


def test_it_is_left_out_by_who_wants_to_talk() -> None:
    app = press(open_lab(), "Begin without it")
    assert not app.radio and kept() == {BEFORE: "-"}
    say(app, *GOOD)
    press(app, "Leave it out")
    assert texts(app).count("You left it out.") == 2 and CHECK.best.why in texts(app)


def test_who_writes_at_once_has_skipped_it() -> None:
    app = say(open_lab(), GOOD[0])
    assert not app.radio and kept() == {}


def test_no_choice_is_no_answer() -> None:
    app = press(open_lab(), "Keep my answer")
    assert "Choose one of the four answers first" in shown(app.warning)
    assert app.radio and journal.talks("ann") == ()


def test_an_answer_of_work_that_was_deleted_meanwhile_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_lab()
    monkeypatch.setattr(journal, "learner_of", lambda device: "somebody else")
    answer(app, WRONG.id)
    assert journal.talks("ann") == ()
