"""Your work: how it is carried to another browser, brought back and deleted."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from pages.shared import person
from tests.pages.driving import labelled, open_lab, open_page, press, say, texts
from tutor import journal
from tutor.errors import TutorError
from tutor.journal.connection import to_read

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


def test_an_old_tab_writes_nothing_for_a_learner_who_is_gone() -> None:
    """It would be nobody's: nobody could read it, and nobody delete it."""
    sheet, talk = open_lab(tab="Exercise"), open_lab()
    sheet.text_area[0].set_value("Mine.").run()
    say(talk, COUNTS)
    press(open_page(WORK), "Delete it all")
    sheet.text_area[0].set_value("Mine, again.").run()
    say(talk, COUNTS)
    refuses(sheet, talk)
    assert journal.talks("ann") == () and journal.talks(journal.learner_of("ann")) == ()
    assert rows("talks") == rows("turns") == rows("sheets") == 0
    assert not sheet.text_area[0].value  # the page is the new learner's now
    sheet.text_area[0].set_value("Anew.").run()
    say(talk, COUNTS)
    (now,) = journal.talks(journal.learner_of("ann"))
    assert journal.read_sheet(now.id)["verdict"] == "Anew." and len(now.exchanges) == 1


def test_an_old_tab_writes_nothing_for_whoever_was_here_before_a_code_was_entered() -> None:
    say(open_lab(learner="eve"), COUNTS)
    sheet, talk = open_lab(tab="Exercise"), open_lab()
    type_code(open_page(WORK), journal.new_resume_code("eve"))
    sheet.text_area[0].set_value("Whose?").run()
    say(talk, "Whose?")
    refuses(sheet, talk)
    assert journal.talks("ann") == () and rows("sheets") == 0
    assert [len(each.exchanges) for each in journal.talks("eve")] == [1]
    assert talk.chat_input[0].proto.value == "Whose?"  # in the box, to be sent if it still fits


def test_a_sheet_without_its_talk_is_a_sentence() -> None:
    with pytest.raises(TutorError, match="deleted meanwhile"):
        journal.save_sheet("of nobody", {"verdict": "x"})


def refuses(sheet, talk) -> None:
    assert not sheet.exception and not talk.exception
    assert "What you entered just now was not kept" in sheet.warning[0].value
    assert "What you entered just now was not kept" in talk.warning[0].value


def rows(table: str) -> int:
    with to_read() as connection:
        return connection.scalar(sa.text(f"select count(*) from {table}"))
