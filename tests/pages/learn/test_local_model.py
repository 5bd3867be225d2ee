"""The model that can speak on this machine, on the page: the operator's to bring and to switch, told to learners."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine import battles
from engine.access import Person
from engine.errors import DiskFull
from pages.shared import person
from tests.pages.driving import open_lab, open_page, press, raw, shown, texts
from tutor import configuration, journal, local_model
from tutor.dialogue import model_voice
from tutor.errors import EndpointFailure, FetchFailure
from tutor.local_model import Speed, weights

TUTOR = "pages/learn/tutor_settings.py"
SPEED = Speed(opening=6.0, first=7.1, reply=23.4, pieces_per_second=4.8, memory=3_700_000_000, precision="bfloat16")


class ToyChatModel:
    """Nothing that has to be opened."""

    endpoint = local_model.chat.Here()

    def stream(self, messages: object) -> Iterator[str]:
        yield "You name the prompt. Who chose it?"

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "_here", ToyChatModel)
    monkeypatch.setattr(local_model, "measure", lambda model: SPEED)


@pytest.fixture
def here() -> None:
    """As if the weights had been brought."""
    local_model.path().parent.mkdir(parents=True)
    local_model.path().write_bytes(b"GGUF")


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "current", lambda: Person(id=battles.author("ann"), operator=False))


def labels(app: object) -> list[str]:
    return [button.label for button in app.button]  # type: ignore[attr-defined]


def test_it_is_brought_with_its_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch() -> Iterator[tuple[int, int]]:
        yield from ((0, 2), (1, 2), (2, 2))
        local_model.path().parent.mkdir(parents=True)
        local_model.path().write_bytes(b"GGUF")

    monkeypatch.setattr(local_model, "fetch", fetch)
    app = open_page(TUTOR)
    assert labels(app) == ["Bring it (1.1 GB)"] and "Apache-2.0" in texts(app)
    app = press(app, "Bring it (1.1 GB)")
    assert not app.exception
    assert labels(app) == ["Switch it on"]
    assert "No model is set up" in app.info[0].value  # that it is here switches nothing on


@pytest.mark.parametrize("error", [FetchFailure("part1 could not be brought."), DiskFull("0.1 GB are free.")])
def test_what_stands_against_it_is_a_sentence(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch() -> Iterator[tuple[int, int]]:
        yield 0, 2
        raise error

    monkeypatch.setattr(local_model, "fetch", fetch)
    app = press(open_page(TUTOR), "Bring it (1.1 GB)")
    assert not app.exception
    assert str(error) in shown(app.warning)


def test_switched_on_it_speaks_and_how_long_a_reply_takes_is_told_before_anybody_writes(here: None) -> None:
    app = press(open_page(TUTOR), "Switch it on")
    assert not app.exception
    assert f"Asked to judge: toy; asked to speak: {local_model.TITLE}." in texts(app)
    assert "A reply takes about 23 s here." in texts(app) and "3.7 GB of memory" in texts(app)
    assert (
        "runs on this machine: nothing that learners write leaves it. A reply takes about 23 s here."
        in app.info[0].value
    )
    lab = open_lab()
    assert "one takes about 23 s here" in texts(lab)
    app = press(app, "Switch it off")
    assert labels(app) == ["Switch it on"] and "the authored tutor speaks" in texts(app)
    assert "takes about" not in texts(open_lab())


def test_it_answers_in_the_lab(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_voice, "check_reply", lambda reply, brief: None)  # what it says is not the point here
    journal.save_note(configuration.SWITCH, "on")
    app = open_lab()
    app.chat_input[0].set_value("Nobody says who chose the prompt, so the lead may be the prompt.").run()
    assert not app.exception
    assert "You name the prompt. Who chose it?" in texts(app)


def test_what_cannot_be_opened_stays_off(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(model: object) -> Speed:
        raise EndpointFailure("model", "It cannot be opened. Its log is /home/me/logs/served-model.log.")

    monkeypatch.setattr(local_model, "measure", measure)
    app = press(open_page(TUTOR), "Switch it on")
    assert not app.exception
    assert "It cannot be opened." in shown(app.warning) and "Switch it on" in labels(app)


def test_the_environment_has_no_button_to_switch_it_off(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL", "local")
    app = open_page(TUTOR)
    assert labels(app) == ["Measure a reply"]
    assert "was not measured yet" in texts(app) and "TUTOR_MODEL is local" in texts(app).replace("`", "")
    app = press(app, "Measure a reply")
    assert "A reply takes about 23 s here." in texts(app)


def test_named_and_not_here_it_can_still_be_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL", "local")
    app = open_page(TUTOR)
    assert not app.exception
    assert "Run `make tutor`" in shown(app.warning) and labels(app) == ["Bring it (1.1 GB)"]


def test_a_visitor_is_told_and_switches_nothing(here: None, visitor: None) -> None:
    app = open_page(TUTOR)
    assert app.button == [] and local_model.TITLE not in raw(app)
    configuration.switch_local_model_on()
    app = open_page(TUTOR)
    assert app.button == [] and "A reply takes about 23 s here." in app.info[0].value
    assert "one takes about 23 s here" in texts(open_lab())


def test_a_visitor_goes_on_where_what_is_named_is_not_here(visitor: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL", "local")
    app = open_lab()
    assert "is not set up rightly" in texts(app) and str(weights.path()) not in raw(app)
