"""The steps of the check and the search for a mode, against a server that answers whatever a test tells it to."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from engine.models import STRUCTURED_MODES, OpenAIClient
from tests.raw_server import HEAD, endless, serving
from tests.stub_server import KEY, Said, StubServer, Told, balls, chat, fills, mode_of, refusal, talkative
from tutor import diagnosis, journal
from tutor.diagnosis import Step, check, structured_mode
from tutor.endpoint import TutorEndpoint
from tutor.errors import EndpointFailure


def drip_forever(asked: bytes) -> Iterator[bytes]:
    yield HEAD + b"\r\n"
    yield from endless(b" ", 0.05)


def pour_forever(asked: bytes) -> Iterator[bytes]:
    yield HEAD + b"\r\n"
    yield from endless(b" " * 4096)


def silent(asked: bytes) -> Iterator[bytes]:
    time.sleep(30)
    yield b""


each_mode = pytest.mark.parametrize("mode", STRUCTURED_MODES)


def client(stub: StubServer, model: str = "m") -> OpenAIClient:
    return OpenAIClient(TutorEndpoint(stub.endpoint.url, model, KEY), retries=0, timeout=5.0)


def failure_of(ask: Any) -> EndpointFailure:
    with pytest.raises(EndpointFailure) as caught:
        ask()
    return caught.value


def noted(stub: StubServer, model: str = "m") -> str | None:
    return journal.read_note(f"{model}@http://{stub.host}/v1")


# ---- which mode


@each_mode
@pytest.mark.parametrize("otherwise", [talkative(), lambda body: refusal(404), lambda body: refusal(500)])
def test_the_first_mode_that_works_is_found(stub: StubServer, mode: str, otherwise: Any) -> None:
    stub.says = fills((mode,), balls, otherwise)
    assert structured_mode(client(stub)) == mode
    assert [mode_of(body) for body in stub.asked] == list(STRUCTURED_MODES[: STRUCTURED_MODES.index(mode) + 1])


@pytest.mark.parametrize(
    "form",
    [
        {"ticket": "k7-cobalt", "balls": 12},  # read the form, not the question
        {"ticket": "any", "balls": 7},  # read the question, not the form
        {"balls": 7},
        "7 balls",
    ],
)
def test_an_answer_that_proves_nothing_is_no_mode(stub: StubServer, form: Any) -> None:
    stub.says = fills(STRUCTURED_MODES, lambda body: form)
    assert structured_mode(client(stub)) is None
    assert len(stub.asked) == 4


def test_a_server_that_ignores_schemas_has_no_mode_and_that_is_remembered(stub: StubServer) -> None:
    assert structured_mode(client(stub)) is None
    assert [mode_of(body) for body in stub.asked] == list(STRUCTURED_MODES)
    assert structured_mode(client(stub)) is None
    assert len(stub.asked) == 4


def test_a_mode_found_before_is_not_looked_for_again(stub: StubServer) -> None:
    stub.says = fills(("TOOLS",), balls)
    assert structured_mode(client(stub)) == "TOOLS"
    assert noted(stub) == "TOOLS"
    stub.asked.clear()
    assert structured_mode(client(stub)) == "TOOLS"
    assert stub.asked == []
    assert structured_mode(client(stub, "other")) == "TOOLS"
    assert len(stub.asked) == 2


def test_a_look_is_short_since_a_server_that_ignores_the_form_may_ramble(stub: StubServer) -> None:
    stub.says = lambda body: chat("Once upon", "length")
    assert structured_mode(client(stub)) is None
    assert [body["max_tokens"] for body in stub.asked] == [300] * 4


def test_a_memory_of_a_mode_nobody_knows_is_not_trusted(stub: StubServer) -> None:
    journal.save_note(f"m@http://{stub.host}/v1", "XML")
    stub.says = fills(("JSON",), balls)
    assert structured_mode(client(stub)) == "JSON"


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_an_outage_while_looking_is_no_answer(stub: StubServer, status: int) -> None:
    stub.says = fills(("JSON",), balls, lambda body: talkative()(body) if len(stub.asked) == 1 else refusal(status))
    assert failure_of(lambda: structured_mode(client(stub))).step == "chat"
    assert noted(stub) is None
    assert len(stub.asked) == 2


@pytest.mark.parametrize("status", [404, 500])
def test_a_server_that_refuses_even_a_plain_chat_is_out(stub: StubServer, status: int) -> None:
    stub.says = lambda body: refusal(status)
    assert str(status) in str(failure_of(lambda: structured_mode(client(stub))))


def test_a_server_that_is_gone_is_out(stub: StubServer) -> None:
    stub.stop()
    assert "does not answer" in str(failure_of(lambda: structured_mode(client(stub))))


# ---- the check


def steps(stub: StubServer, key: str = KEY) -> list[Step]:
    return list(check(TutorEndpoint(stub.endpoint.url, "m", key)))


def test_all_is_well(stub: StubServer) -> None:
    stub.says = fills(("TOOLS",), balls)
    journal.save_note(f"m@http://{stub.host}/v1", "JSON")
    seen = steps(stub)
    assert [step.name for step in seen] == ["address", "key", "model", "chat", "stream", "schema"]
    assert all(step.passed for step in seen)
    assert [step.message for step in seen[:4]] == [
        f"{stub.host} answers.",
        "The key is not refused.",
        "m is listed.",
        "It wrote “Hello you.”.",
    ]
    assert seen[4].message.startswith("The first of 3 pieces came after 0.")
    assert seen[5].message == "It fills in forms, asked by TOOLS."
    assert all(0 <= step.seconds < 5 for step in seen)
    assert noted(stub) == "TOOLS"


def test_no_forms_cost_only_the_judge(stub: StubServer) -> None:
    seen = steps(stub)
    assert [step.passed for step in seen] == [True] * 5 + [False]
    assert "JSON_SCHEMA, TOOLS, JSON, MD_JSON. The judge stays local." in seen[-1].message


def test_an_outage_at_the_last_step_is_told_as_one_and_nothing_is_forgotten(stub: StubServer) -> None:
    stub.says = fills((), balls, lambda body: refusal(429))
    journal.save_note(f"m@http://{stub.host}/v1", "JSON")
    last = steps(stub)[-1]
    assert (last.name, last.passed) == ("schema", False)
    assert "429" in last.message and last.message.endswith("the judge stays local.")
    assert noted(stub) == "JSON"


def test_the_address_fails_when_nobody_listens(stub: StubServer) -> None:
    stub.stop()
    (step,) = steps(stub)
    assert (step.name, step.passed) == ("address", False)
    assert f"http://{stub.host}/v1 does not answer" in step.message


def test_a_name_nobody_has(no_network: list[str]) -> None:
    (step,) = check(TutorEndpoint("http://nowhere.invalid/v1", "m"))
    assert (step.name, step.passed) == ("address", False)
    assert "nowhere.invalid" in no_network


def test_the_key_fails_when_it_is_refused(stub: StubServer) -> None:
    stub.models, stub.says = refusal(401), lambda body: refusal(401)
    assert [(step.name, step.passed) for step in steps(stub)] == [("address", True), ("key", False)]


def test_a_list_open_to_everyone_proves_no_key(stub: StubServer) -> None:
    stub.says = lambda body: refusal(401)
    assert steps(stub)[-1].name == "key"


def test_no_key_where_none_is_wanted(stub: StubServer) -> None:
    key = steps(stub, key="")[1]
    assert (key.passed, key.message) == (True, "No key is set, and none is asked for.")


def test_the_model_fails_when_it_is_not_served(stub: StubServer) -> None:
    stub.models = Said(body={"data": [{"id": "n"}, {"id": "o\x1b[31m"}]})
    stub.says = lambda body: refusal(404, "no such model")
    *before, last = steps(stub)
    assert [(step.name, step.passed) for step in before] == [("address", True), ("key", True)]
    assert (last.name, last.passed) == ("model", False)
    assert "does not serve m" in last.message and last.message.endswith("It lists n, o [31m.")


@pytest.mark.parametrize(
    "models", [refusal(404), refusal(503), Said(body="<html>"), Said(body={"data": [{"id": "n"}]})]
)
def test_a_list_of_models_is_optional(stub: StubServer, models: Said) -> None:
    stub.models = models
    assert steps(stub)[2].message == "m answers, though the server does not list it."


def test_the_chat_fails_when_a_listed_model_does_not_chat(stub: StubServer) -> None:
    stub.says = lambda body: refusal(500, "out of memory")
    last = steps(stub)[-1]
    assert (last.name, last.passed) == ("chat", False)
    assert "500: out of memory" in last.message


@pytest.mark.parametrize(
    "answer", [chat(None), chat(" "), chat([{"text": "hi"}]), chat("No.", "content_filter"), Said(body={"choices": []})]
)
def test_the_chat_fails_when_its_reply_is_none(stub: StubServer, answer: Said) -> None:
    stub.says = lambda body: answer
    last = steps(stub)[-1]
    assert (last.name, last.passed) == ("chat", False)


def test_the_stream_fails_alone(stub: StubServer) -> None:
    stub.says = lambda body: Told(pieces=("Hel",), ending=None) if body.get("stream") else chat("Hello.")
    seen = steps(stub)
    assert [(step.name, step.passed) for step in seen[3:]] == [("chat", True), ("stream", False)]


# ---- the key


def test_the_key_is_told_in_no_step(stub: StubServer, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for status in (200, 400, 401, 403, 404, 429, 500):
            answer = refusal(status, f"you sent {KEY}") if status != 200 else Said(body=f"you sent {KEY}")
            stub.models, stub.says = answer, lambda body, answer=answer: answer
            told += [step.message for step in steps(stub)]
    assert any("you sent [key]" in text for text in told)
    assert KEY not in "".join(told)
    assert KEY not in caplog.text


def test_a_chat_that_repeats_the_key_does_not_show_it_in_the_check(stub: StubServer) -> None:
    stub.says = talkative((f"Hello {KEY}",))
    assert steps(stub)[3].message == "It wrote “Hello [key]”."


def test_the_port_of_a_stopped_server_is_free(stub: StubServer) -> None:
    """Else the tests above that stop it would meet a server after all."""
    stub.stop()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", stub.http.server_port)) != 0


# ---- servers that misbehave


@pytest.mark.parametrize("script", [drip_forever, pour_forever, silent], ids=["drips", "endless", "silent"])
def test_a_check_ends_at_a_server_that_does_not(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "OpenAIClient", partial(OpenAIClient, deadline=1.0))
    started = time.monotonic()
    with serving(script) as server:
        seen = list(check(TutorEndpoint(server.url, "m", KEY)))
    assert time.monotonic() - started < 15.0
    assert (seen[-1].name, seen[-1].passed) == ("address", False)
    assert KEY not in seen[-1].message


def test_a_check_follows_no_redirect(stub: StubServer) -> None:
    answer = f"HTTP/1.1 302 Over there\r\nLocation: http://{stub.host}/v1/models\r\nContent-Length: 0\r\n\r\n".encode()
    with serving(lambda asked: [answer]) as server:
        seen = list(check(TutorEndpoint(server.url, "m", KEY)))
    assert not seen[-1].passed
    assert "is not followed" in seen[-1].message
    assert stub.asked == [] and stub.authorization == ""
