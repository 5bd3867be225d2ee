"""A visitor's limits with the tutor, and what of its model is told to them."""

from __future__ import annotations

import pytest

from engine import battles
from engine.access import Person
from pages.shared import person
from tests.pages.driving import open_lab, open_page, raw, say, shown, texts
from tests.stub_server import StubServer
from tutor import configuration, configured_tutor, dialogue, journal
from tutor.dialogue import model_voice
from tutor.judge import Exam

TUTOR = "pages/learn/tutor_settings.py"
GOOD = "Borealis had five worked examples, so part of the gap may be the prompt."
ANN = Person(id=battles.author("ann"), operator=False)


@pytest.fixture(autouse=True)
def visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "current", lambda: ANN)


def messages(learner: str = "ann") -> int:
    return len(dialogue.resume(learner, "lab1").exchanges)


def test_a_message_above_the_days_number_is_refused_and_stays_in_the_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_VISITOR_MESSAGES", "2")
    app = say(open_lab(), GOOD, "so what")
    assert messages() == 2
    app = say(app, "because **this** was the best I ever wrote")
    assert messages() == 2
    assert "You have sent the tutor 2 messages today, and a visitor may send 2" in shown(app.warning)
    (box,) = app.chat_input
    assert box.proto.value == "because **this** was the best I ever wrote" and box.proto.set_value
    assert not app.run().warning  # said once
    app = next(button for button in app.button if button.label == "Tell me").click().run()
    assert messages() == 2 and "You have sent" in shown(app.warning)


def test_messages_in_other_labs_and_in_talks_begun_anew_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_VISITOR_MESSAGES", "2")
    say(open_lab("lab2"), GOOD), say(open_lab(), GOOD)
    dialogue.start_over("ann", "lab1")
    assert "You have sent" in shown(say(open_lab(), GOOD).warning)
    assert messages() == 0
    assert "1 of 3 counted" in texts(say(open_lab(learner="bob"), GOOD))


def test_an_operator_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_VISITOR_MESSAGES", "0")
    monkeypatch.setattr(person, "current", lambda: Person(id=ANN.id, operator=True))
    say(open_lab(), GOOD)
    assert messages() == 1


def test_above_the_replies_of_a_day_the_labs_own_words_speak_and_the_page_says_so(
    endpoint: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOISEFLOOR_VISITOR_REPLIES", "1")
    monkeypatch.setattr(model_voice, "check_reply", lambda reply, brief: None)  # what it says is not the point here
    app = say(open_lab(), GOOD)
    assert [exchange.voice for exchange in dialogue.resume("ann", "lab1").exchanges] == ["m"]
    asked = len(endpoint.asked)
    assert "as often as it may today" in texts(app)
    say(app, "because it could be so")
    assert [exchange.voice for exchange in dialogue.resume("ann", "lab1").exchanges] == ["m", "authored"]
    assert len(endpoint.asked) == asked
    monkeypatch.setattr(person, "current", lambda: Person(id=ANN.id, operator=True))
    assert "as often as it may today" not in texts(open_lab())


def test_deleting_what_one_wrote_or_leaving_in_the_middle_gives_no_further_replies(
    endpoint: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOISEFLOOR_VISITOR_REPLIES", "2")
    say(open_lab(), GOOD)
    journal.delete("ann")
    now = dialogue.add_message(dialogue.resume("ann", "lab1"), GOOD)
    next(iter(dialogue.respond(now, configured_tutor())))  # a reload: nobody waits for the rest
    assert journal.read(now.id).exchanges[-1].reply is None
    assert "as often as it may today" in texts(open_lab())


def test_a_visitor_sees_what_is_set_up_and_how_it_did_and_cannot_ask_it(endpoint: StubServer) -> None:
    app = open_page(TUTOR)
    assert not app.exception and app.button == []
    assert "asked to speak: m" in texts(app) and "m has taken no exam yet, so it is not asked to judge" in texts(app)
    exam = Exam(judge="llm m", mode="JSON", given=(1,) * 30 + (0,) * 9 + (None,), local=(1,) * 38 + (0,) * 2)
    configuration.save_exam(endpoint.endpoint, exam)
    app = open_page(TUTOR)
    assert len(app.metric) == 2 and app.button == []
    for secret in ("127.0.0.1", "localhost", endpoint.endpoint.key, "TUTOR_MODEL"):
        assert secret not in raw(app) and secret not in shown(app.code)
    assert endpoint.asked == []


def test_settings_that_cannot_be_right_are_not_told_to_a_visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://secret host/v1")
    for app in (open_page(TUTOR), open_lab()):
        assert not app.exception and not app.error and not app.warning
        assert "secret host" not in raw(app) and "not set up rightly" in texts(app)
    say(open_lab(), GOOD)
    assert [exchange.voice for exchange in journal.latest("ann", "lab1").exchanges] == ["authored"]  # type: ignore[union-attr]
