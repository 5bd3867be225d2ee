"""Your work: how it is carried to another browser, brought back and deleted."""

from __future__ import annotations

import pytest

from pages.shared import person
from tests.pages.driving import labelled, open_lab, open_page, press, say, texts
from tutor import journal

WORK = "pages/learn/your_work.py"
COUNTS = "Borealis had five worked examples, so part of the gap may be the prompt."


@pytest.fixture(autouse=True)
def no_tries_yet() -> None:
    person.wrong_codes._made.clear()


def type_code(app, code: str):
    app.text_input[0].set_value(code)
    return press(app, "Bring my work here")


def test_a_code_carries_the_work_to_another_browser() -> None:
    app = open_page(WORK)
    assert labelled(app.button, "Make a resume code").disabled  # nothing to carry yet
    say(open_lab(), COUNTS)
    app = press(open_page(WORK), "Make a resume code")
    (code,) = [block.value for block in app.code]
    other = type_code(open_page(WORK, learner="phone"), code.lower())
    assert not other.exception
    assert journal.learner_of("phone") == "ann"
    assert "1 of 3 counted" in texts(open_page("pages/learn/labs.py", learner="phone"))
    assert code not in texts(open_page(WORK))  # it was shown once


def test_a_code_is_not_told_after_the_browser_was_handed_over() -> None:
    say(open_lab(), COUNTS)
    say(open_lab(learner="eve"), COUNTS)
    code = journal.new_resume_code("eve")
    app = press(open_page(WORK), "Make a resume code")
    assert app.code
    type_code(app, code)
    app.switch_page(WORK.removeprefix("pages/")).run()
    assert not app.code


def test_wrong_codes_are_said_and_counted() -> None:
    app = open_page(WORK, learner="phone")
    for _ in range(10):
        type_code(app, "ABCDE-FGHJK-MNPQR-STVWX")
        assert "Nobody has this code" in app.error[0].value
    say(open_lab(), COUNTS)
    type_code(app, journal.new_resume_code("ann"))
    assert "Too many wrong codes" in app.error[0].value
    assert journal.learner_of("phone") == "phone"


def test_a_browser_that_wrote_something_is_told_to_take_its_own_code_first() -> None:
    assert "only its own code leads back" not in texts(open_page(WORK))
    say(open_lab(), COUNTS)
    assert "only its own code leads back" in texts(open_page(WORK))


def test_a_second_code_says_that_the_first_is_void() -> None:
    say(open_lab(), COUNTS)
    assert "makes it void" not in texts(open_page(WORK))
    app = press(open_page(WORK), "Make a resume code")
    assert "makes it void" in texts(app.run())


def test_without_a_cookie_the_page_says_how_to_come_back() -> None:
    assert "keeps no cookie" in open_page(WORK).warning[0].value


def test_everything_can_be_deleted_and_the_next_page_is_a_new_learners() -> None:
    say(open_lab(), COUNTS)
    journal.new_resume_code("ann")
    app = press(open_page(WORK), "Delete it all")
    assert not app.exception
    assert journal.talks("ann") == () and not journal.has_code("ann")
    assert journal.learner_of("ann") != "ann"
    assert "1 of 3 counted" not in texts(open_page("pages/learn/labs.py"))
