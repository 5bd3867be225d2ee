"""Who judges and who speaks, an endpoint step by step, and its exam."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pages.learn import endpoint_report
from tests.pages.driving import open_page, press, raw, texts
from tests.stub_server import StubServer
from tutor import configuration
from tutor.judge import Exam

TUTOR = "pages/learn/tutor_settings.py"


def test_tutor_page_without_an_endpoint() -> None:
    app = open_page(TUTOR)
    assert not app.exception
    assert "No model is set up" in app.info[0].value
    assert "Judge: toy; the authored tutor speaks." in texts(app)
    assert [button.key for button in app.button] == ["local-fetch"]


def test_a_dead_endpoint_names_the_failing_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never-shown")
    app = press(open_page(TUTOR), "Test the endpoint")
    assert not app.exception
    assert "This step failed: address." in texts(app).replace("*", "")
    assert "Is the key taken? Not looked at." in texts(app)
    assert "Asked to judge: toy; asked to speak: m." in texts(app) and "the lab's own words stand in" in texts(app)
    assert "m speaks" not in texts(app) and "it judges" not in texts(app).replace("It judges only after", "")
    assert "sk-never-shown" not in raw(app)


def test_a_broken_address_is_a_sentence_and_the_help_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", "not an address")
    app = open_page(TUTOR)
    assert "OPENAI_BASE_URL" in app.warning[0].value.replace("\\", "")
    assert any("secrets.toml" in element.value for element in app.markdown)


def test_the_last_exam_is_shown_with_its_noise(endpoint: StubServer) -> None:
    exam = Exam(judge="llm m", mode="JSON", given=(1,) * 30 + (0,) * 9 + (None,), local=(1,) * 38 + (0,) * 2)
    configuration.save_exam(endpoint.endpoint, exam)
    app = open_page(TUTOR)
    assert not app.exception
    by_hand = ["76.9 ± 12.8", "95.0 ± 7.6"]  # Wilson's interval of 30 of 39 and of 38 of 40
    assert [metric.value for metric in app.metric] == by_hand
    assert "It does not take over" in texts(app)
    assert "the local judge" in texts(app)
    assert "Messages without a judgement: 1." in texts(app) and "too many for a judge" not in texts(app)


def test_a_model_that_was_right_and_mostly_silent_does_not_take_over_and_the_page_says_why(
    endpoint: StubServer,
) -> None:
    exam = Exam(judge="llm m", mode="JSON", given=(1,) * 30 + (None,) * 10, local=(0,) * 40)
    configuration.save_exam(endpoint.endpoint, exam)
    app = open_page(TUTOR)
    assert "Messages without a judgement: 10. That is too many for a judge." in texts(app)
    assert "It does not take over" in texts(app)


def test_an_exam_runs_from_the_page_and_is_kept(endpoint: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    better = Exam(judge="llm m", mode="JSON", given=(1,) * 40, local=(1,) * 20 + (0,) * 20)

    def take_exam(given: object) -> Iterator[tuple[int, int]]:
        yield from ((20, 40), (40, 40))
        configuration.save_exam(endpoint.endpoint, better)

    monkeypatch.setattr(endpoint_report, "take_exam", take_exam)
    app = press(open_page(TUTOR), "Examine it as a judge")
    assert not app.exception
    assert "m is better on this: 50.0 points ahead on 40 items." in texts(app)
    assert "so it is asked to judge" in texts(app)
    assert "Asked to judge: llm m; asked to speak: m." in texts(app)
