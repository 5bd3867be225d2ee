"""The model that runs here, as a voice asks it: by the toy that takes the place of weights in tests/engine/serving."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from engine import CallerMistake
from engine.serving import process
from tests.loading import loaded
from tests.tutor.dialogue.test_model_voice import SHOTS, spoken
from tests.tutor.judge.test_assessment import Toy
from tutor import configuration, journal, local_model
from tutor import judge as judging
from tutor.configuration import (
    configured_tutor,
    local_model_speaks,
    local_model_speed,
    switch_local_model_off,
    switch_local_model_on,
)
from tutor.dialogue import talk
from tutor.errors import EndpointFailure
from tutor.local_model import LocalChatModel, Speed, measure

SPEED = Speed(opening=5.0, first=2.0, reply=20.0, pieces_per_second=5.0, memory=3_500_000_000, precision="bfloat16")


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalChatModel]:
    toy = (sys.executable, "-m", "tests.engine.serving.toy_child")
    monkeypatch.setattr(process, "command", lambda address: (*toy, "toy"))
    made = LocalChatModel()
    monkeypatch.setattr(configuration, "_here", lambda: made)
    yield made
    made.close()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the weights had been brought."""
    monkeypatch.delenv("TUTOR_MODEL", raising=False)
    monkeypatch.setattr(judging, "local_judge", Toy)
    local_model.path().parent.mkdir(parents=True)
    local_model.path().write_bytes(b"GGUF")


def said(words: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": words}]


def test_it_streams_like_any_other_chat_model(model: LocalChatModel) -> None:
    assert list(model.stream(said("Who ran it?"))) == ["Who ", "ran ", "it? "]
    assert model.endpoint.model == local_model.TITLE


def test_a_voice_takes_its_words(model: LocalChatModel, monkeypatch: pytest.MonkeyPatch) -> None:
    words = (
        "You bring up where the two figures come from, and you leave open how far that goes for the two models here. "
        + SHOTS.ask
    )
    real = model.stream
    monkeypatch.setattr(model, "stream", lambda messages: real(said(words)))
    assert spoken(model) == [words]  # type: ignore[arg-type]


@pytest.mark.parametrize("words", ["now die", "now fail"])
def test_what_gives_out_is_a_failure_of_an_endpoint(model: LocalChatModel, words: str) -> None:
    with pytest.raises(EndpointFailure) as told:
        list(model.stream(said(words)))
    assert told.value.step == "stream"


def test_the_authored_words_stand_in(model: LocalChatModel, here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    real = model.stream
    monkeypatch.setattr(model, "stream", lambda messages: real(said("One sentence of it. now die")))
    monkeypatch.setenv("TUTOR_MODEL", "local")
    now = talk.add_message(
        talk.resume("ada", "lab1"), "Nobody says who prompted Aster-2, so its lead may be the prompt."
    )
    pieces = list(talk.respond(now, configured_tutor()))
    (turn,) = journal.read(now.id).exchanges
    assert [turn.reply] == pieces and "One sentence of it." not in turn.reply
    assert turn.voice == f"authored (stream of {local_model.TITLE} failed)"


def test_an_empty_reply_is_none(model: LocalChatModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model._served, "stream", lambda *given, **named: (piece for piece in (" ",)))
    with pytest.raises(EndpointFailure, match="empty reply"):
        list(model.stream(said("hello")))


# ------------------------------------------------------------------- switched on


def test_that_it_is_here_switches_nothing_on(here: None) -> None:
    assert local_model.present() and not local_model_speaks()
    assert configured_tutor().voice is None


def test_switched_on_it_is_measured_and_speaks_until_it_is_switched_off(
    model: LocalChatModel, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_model, "measure", lambda given: SPEED)
    switch_local_model_on()
    assert local_model_speed() == SPEED
    tutor = configured_tutor()
    assert tutor.voice and (tutor.voice.name, tutor.reply_seconds) == (local_model.TITLE, 20.0)
    assert tutor.judge.name == Toy().name
    switch_local_model_off()
    assert configured_tutor().voice is None and local_model_speed() == SPEED


def test_what_cannot_be_measured_is_not_switched_on(
    model: LocalChatModel, here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gives_out(given: Any) -> Speed:
        raise EndpointFailure("model", "It cannot be opened.")

    monkeypatch.setattr(local_model, "measure", gives_out)
    with pytest.raises(EndpointFailure):
        switch_local_model_on()
    assert not local_model_speaks()


def test_the_environment_switches_it_on_and_an_endpoint_goes_before_it(
    here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUTOR_MODEL", "local")
    tutor = configured_tutor()
    assert tutor.voice and tutor.voice.name == local_model.TITLE and tutor.reply_seconds is None
    journal.save_note(configuration.SWITCH, "on")
    monkeypatch.setenv("TUTOR_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    tutor = configured_tutor()
    assert tutor.voice and tutor.voice.name == "m"


def test_named_and_not_here_is_a_mistake_with_its_way_out(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    local_model.path().unlink()
    monkeypatch.setenv("TUTOR_MODEL", "local")
    with pytest.raises(CallerMistake, match=r"not on this machine. Run `make tutor`, or unset it"):
        configured_tutor()
    monkeypatch.delenv("TUTOR_MODEL")
    journal.save_note(configuration.SWITCH, "on")
    assert configured_tutor().voice is None


def test_a_reply_is_measured_as_a_learner_meets_it(model: LocalChatModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_model.weights, "CONVERTING", 0)
    speed = measure(model)
    assert speed.precision == "float32" and speed.memory > 1 << 20
    assert 0 < speed.first <= speed.reply < 30 and speed.opening < 60
    assert Speed(**json.loads(json.dumps(speed.as_dict()))) == speed


def test_who_serves_pages_holds_no_torch() -> None:
    asks = (
        "from tutor import configuration, local_model; from engine.serving import process; import sys;"
        "process.command = lambda a: (sys.executable, '-m', 'tests.engine.serving.toy_child', 'toy');"
        "configuration.configured_tutor();"
        "assert list(configuration._here().stream([{'role': 'user', 'content': 'hello'}]))"
    )
    assert loaded({"torch", "transformers"}, asks) == [set()]
