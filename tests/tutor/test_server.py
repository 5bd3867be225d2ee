"""The seam to a server, against a real one on this machine that answers whatever a test tells it to."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from engine import CallerMistake
from tests.tutor.stub_server import (
    KEY,
    Answer,
    Said,
    StubServer,
    Told,
    balls,
    chat,
    fills,
    mode_of,
    refusal,
    running,
    talkative,
)
from tutor.errors import EndpointFailure, TutorError
from tutor.server import LONGEST, MODES, OPENAI, Endpoint, Server, Step, check

HI = [{"role": "user", "content": "Hi"}]
each_mode = pytest.mark.parametrize("mode", MODES)


class Colour(BaseModel):
    name: Literal["red", "blue"]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "TUTOR_MODEL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with running() as server:
        yield server


def server(stub: StubServer, **options: Any) -> Server:
    return Server(stub.endpoint, **({"retries": 0, "timeout": 5.0} | options))


def failure_of(ask: Any) -> EndpointFailure:
    with pytest.raises(EndpointFailure) as caught:
        ask()
    return caught.value


# ---- settings


def test_without_a_model_nothing_is_configured_whatever_key_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Endpoint.configured() is None
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert Endpoint.configured({}) is None


def test_a_model_is_asked_for_at_openais_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL", " big ")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert Endpoint.configured() == Endpoint(OPENAI, "big", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1")
    found = Endpoint.configured()
    assert found is not None
    assert (found.url, found.host) == ("http://127.0.0.1:8000/v1", "127.0.0.1:8000")


def test_secrets_stand_in_for_the_environment_and_never_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"TUTOR_MODEL": "small", "OPENAI_BASE_URL": "https://example.org/v1", "OPENAI_API_KEY": KEY}
    assert Endpoint.configured(secrets) == Endpoint("https://example.org/v1", "small", KEY)
    monkeypatch.setenv("TUTOR_MODEL", "big")
    assert Endpoint.configured(secrets) == Endpoint("https://example.org/v1", "big", KEY)


def test_a_secrets_file_that_is_not_there_holds_nothing() -> None:
    class NoFile(dict[str, object]):
        def get(self, *args: Any) -> Any:
            raise FileNotFoundError("No secrets found")

    assert Endpoint.configured(NoFile()) is None


def test_a_secret_that_is_no_text_is_named_and_not_shown() -> None:
    with pytest.raises(CallerMistake, match=r"OPENAI_API_KEY is of type int .*as a text") as caught:
        Endpoint.configured({"TUTOR_MODEL": "m", "OPENAI_API_KEY": 31337})
    assert "31337" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8000/v1", "ftp://host/v1", "http://", "http:///v1", "http://ho st/v1", "http://h:99999", "http://["],
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(CallerMistake, match="OPENAI_BASE_URL") as caught:
        Endpoint(url, "m")
    assert repr(url) in str(caught.value)


@pytest.mark.parametrize("url", ["http://me:hunter2@host/v1", "http://host/v1?key=hunter2", "http://host/v1#hunter2"])
def test_an_address_with_a_secret_in_it_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(CallerMistake, match="OPENAI_BASE_URL") as caught:
        Endpoint(url, "m")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://host", "http://localhost:1234/v1/", "http://[::1]:80/v1", "HTTPS://h-1.x/a_b/v1"]
)
def test_addresses_that_are_ones(url: str) -> None:
    assert Server(Endpoint(url, "m")).endpoint.url == url


@pytest.mark.parametrize("key", ["sk-zwölf", "sk-a\nb", "sk-\x00"])
def test_a_key_that_cannot_be_one_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(CallerMistake, match="OPENAI_API_KEY") as caught:
        Endpoint("http://h/v1", "m", key)
    assert key not in str(caught.value)


def test_a_model_without_a_name() -> None:
    with pytest.raises(CallerMistake, match="TUTOR_MODEL is ' '"):
        Endpoint("http://h/v1", " ")


# ---- streaming


def test_pieces_arrive_as_they_are_written_and_make_the_reply(stub: StubServer) -> None:
    assert list(server(stub).stream(HI)) == ["Hel", "lo ", "you."]
    assert stub.asked == [
        {"model": "m", "messages": HI, "stream": True, "max_tokens": 400, "temperature": 0.3},
    ]
    assert stub.authorization == f"Bearer {KEY}"


def test_the_first_piece_does_not_wait_for_the_last(stub: StubServer) -> None:
    stub.says = lambda body: Told(pieces=("one", "two"), wait=5.0)
    pieces = server(stub, timeout=0.2).stream(HI)
    assert next(pieces) == "one"
    failure = failure_of(lambda: next(pieces))
    assert failure.step == "stream"


def test_pieces_without_text_are_left_out_and_half_letters_replaced(stub: StubServer) -> None:
    stub.says = lambda body: Told(pieces=("", None, "7 \ud83d", "!"))
    assert list(server(stub).stream(HI)) == ["7 ?", "!"]


@pytest.mark.parametrize("cut", [True, False])
def test_a_reply_cut_off_is_a_failure_after_what_had_come(stub: StubServer, cut: bool) -> None:
    stub.says = lambda body: Told(pieces=("Hel", "lo"), ending=None, cut=cut)
    pieces = server(stub).stream(HI)
    assert [next(pieces), next(pieces)] == ["Hel", "lo"]
    failure = failure_of(lambda: next(pieces))
    assert failure.step == "stream"
    assert f"m at {stub.host} broke off" in str(failure)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Told(pieces=()), "empty reply. Send"),
        (Told(pieces=(" ", "\n")), "empty reply. Send"),
        (Told(pieces=(), ending="length"), "all its tokens spent before the first word"),
        (Told(pieces=("I wi",), ending="content_filter"), "content filter"),
        (Told(pieces=("Hello", {"type": "text"})), "broke off in its reply"),
        (Told(pieces=("x" * (LONGEST + 1),)), "does not stop"),
        (chat("all at once"), "broke off"),  # no events at all: a server that cannot stream
    ],
)
def test_a_reply_that_is_none_is_a_failure(stub: StubServer, answer: Answer, says: str) -> None:
    stub.says = lambda body: answer
    failure = failure_of(lambda: list(server(stub).stream(HI)))
    assert failure.step == "stream"
    assert says in str(failure)
    assert isinstance(failure, TutorError)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (refusal(401), "refuses the key in OPENAI_API_KEY (401). Set OPENAI_API_KEY"),
        (refusal(403, "not in your country"), "403: not in your country"),
        (refusal(404, "no such model"), "does not serve m (404: no such model). Set TUTOR_MODEL"),
        (refusal(429, "slow\ndown"), "too many requests (429: slow down). Wait"),
        (Said(status=500, body="<html>oops"), "answered 500"),
        (Said(status=400, body={"detail": "Server is pinned to 'n'."}), "answered 400: Server is pinned to 'n'. Try"),
    ],
)
def test_a_refusal_says_what_to_do_about_it(stub: StubServer, answer: Said, says: str) -> None:
    stub.says = lambda body: answer
    failure = failure_of(lambda: list(server(stub).stream(HI)))
    assert failure.step == "chat"
    assert stub.host in str(failure)
    assert says in str(failure)


def test_a_server_that_wants_a_key_where_none_is_set(stub: StubServer) -> None:
    stub.says = lambda body: refusal(401)
    failure = failure_of(lambda: list(Server(Endpoint(stub.endpoint.url, "m"), retries=0).stream(HI)))
    assert str(failure) == f"{stub.host} wants a key (401). Set OPENAI_API_KEY to one it takes."
    assert stub.authorization == "Bearer none"


def test_a_server_that_takes_too_long(stub: StubServer) -> None:
    stub.says = lambda body: Said(body="late", wait=0.5)
    failure = failure_of(lambda: list(server(stub, timeout=0.1).stream(HI)))
    assert (failure.step, str(failure)[:60]) == (
        "chat",
        f"{stub.host} did not answer within 0.1 s. Check that it runs"[:60],
    )


def test_nobody_listens(stub: StubServer) -> None:
    stub.stop()
    failure = failure_of(lambda: list(server(stub).stream(HI)))
    assert failure.step == "chat"
    assert f"http://{stub.host}/v1 does not answer (" in str(failure)
    assert "refused" in str(failure)


def test_too_many_requests_are_asked_again_but_not_for_ever(stub: StubServer) -> None:
    stub.says = lambda body: refusal(429) if len(stub.asked) == 1 else talkative()(body)
    assert "".join(server(stub, retries=2).stream(HI)) == "Hello you."
    stub.says = lambda body: refusal(429)
    stub.asked.clear()
    assert "429" in str(failure_of(lambda: list(server(stub, retries=2).stream(HI))))
    assert len(stub.asked) == 3


def test_limits_that_a_model_refuses_by_name_are_left_out_and_that_is_remembered(stub: StubServer) -> None:
    def reasons(body: dict[str, Any]) -> Answer:
        for name in ("max_tokens", "temperature"):
            if name in body:
                return Said(status=400, body={"error": {"message": f"Unsupported: {name}", "param": name}})
        return talkative()(body)

    stub.says = reasons
    one = server(stub)
    assert "".join(one.stream(HI)) == "Hello you."
    assert len(stub.asked) == 3
    assert one.reply(HI, max_tokens=9) == "Hello you."
    assert stub.asked[3] == {"model": "m", "messages": HI, "max_completion_tokens": 9}


def test_another_bad_request_is_not_asked_again(stub: StubServer) -> None:
    stub.says = lambda body: Said(status=400, body={"error": {"message": "too long", "param": "messages"}})
    assert "400: too long" in str(failure_of(lambda: server(stub).reply(HI)))
    assert len(stub.asked) == 1


# ---- whole replies


@pytest.mark.parametrize(
    "answer", [chat(None), chat(" "), chat([{"text": "hi"}]), chat("No.", "content_filter"), Said(body={"choices": []})]
)
def test_a_whole_reply_that_is_none(stub: StubServer, answer: Said) -> None:
    stub.says = lambda body: answer
    assert failure_of(lambda: server(stub).reply(HI)).step == "chat"


@pytest.mark.parametrize("body", ["<html>It works!</html>", '{"choices": [{"mess', [1, 2], {"error": "overloaded"}])
def test_what_is_not_this_api(stub: StubServer, body: Any) -> None:
    stub.says = lambda asked: Said(body=body)
    failure = failure_of(lambda: server(stub).reply(HI))
    assert "not as this API does" in str(failure)
    assert "most end in /v1" in str(failure)


# ---- forms


@each_mode
def test_a_form_is_filled_in_as_the_mode_asks(stub: StubServer, mode: str) -> None:
    stub.says = fills((mode,), lambda body: {"name": "blue"})
    assert server(stub).structured(Colour, HI, mode).name == "blue"
    (body,) = stub.asked
    assert mode_of(body) == mode
    assert (body["temperature"], body["max_tokens"]) == (0.0, 800)


@each_mode
@pytest.mark.parametrize("wrong", [{"name": "green"}, '{"name": "bl', {}])
def test_a_wrong_form_is_asked_for_again_once(stub: StubServer, mode: str, wrong: Any) -> None:
    stub.says = fills((mode,), lambda body: wrong if len(stub.asked) == 1 else {"name": "red"})
    assert server(stub).structured(Colour, HI, mode).name == "red"
    assert len(stub.asked) == 2
    stub.says = fills((mode,), lambda body: wrong)
    stub.asked.clear()
    failure = failure_of(lambda: server(stub).structured(Colour, HI, mode))
    assert failure.step == "schema"
    assert f"m at {stub.host} did not fill in the form" in str(failure)
    assert len(stub.asked) == 2


def test_a_wrong_form_is_told_by_its_rule_and_not_by_its_words(stub: StubServer) -> None:
    stub.says = fills(MODES, lambda body: {"name": "what the learner said"})
    failure = failure_of(lambda: server(stub).structured(Colour, HI, "JSON"))
    assert "name: Input should be 'red' or 'blue'" in str(failure)
    assert "learner" not in str(failure)


@each_mode
@pytest.mark.parametrize(
    "answer", [talkative(), lambda body: chat("", "length"), lambda body: chat(None, refusal="I will not")]
)
def test_no_form_at_all_is_the_schemas_failure(stub: StubServer, mode: str, answer: Any) -> None:
    stub.says = answer
    assert failure_of(lambda: server(stub).structured(Colour, HI, mode)).step == "schema"


@each_mode
@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_status_is_the_chats_failure_even_when_a_form_was_asked_for(stub: StubServer, mode: str, status: int) -> None:
    stub.says = lambda body: refusal(status)
    failure = failure_of(lambda: server(stub).structured(Colour, HI, mode))
    assert failure.step == "chat"
    assert f"{status}" in str(failure)
    assert len(stub.asked) == 1


def test_silence_is_the_chats_failure_too(stub: StubServer) -> None:
    stub.says = lambda body: Said(body="late", wait=0.5)
    assert failure_of(lambda: server(stub, timeout=0.1).structured(Colour, HI, "JSON")).step == "chat"
    stub.stop()
    assert failure_of(lambda: server(stub).structured(Colour, HI, "JSON")).step == "chat"


def test_a_mode_nobody_knows(stub: StubServer) -> None:
    with pytest.raises(CallerMistake, match=r"no mode 'XML'\. There are JSON_SCHEMA, TOOLS"):
        server(stub).structured(Colour, HI, "XML")


def test_limits_are_fitted_for_forms_as_well(stub: StubServer) -> None:
    def reasons(body: dict[str, Any]) -> Answer:
        if "max_tokens" in body:
            return Said(status=400, body={"error": {"message": "Unsupported", "param": "max_tokens"}})
        return fills(MODES, lambda body: {"name": "red"})(body)

    stub.says = reasons
    assert server(stub).structured(Colour, HI, "JSON_SCHEMA").name == "red"
    assert [body.get("max_completion_tokens") for body in stub.asked] == [None, 800]


# ---- which mode


@each_mode
@pytest.mark.parametrize("otherwise", [talkative(), lambda body: refusal(404), lambda body: refusal(500)])
def test_the_first_mode_that_works_is_found(stub: StubServer, mode: str, otherwise: Any) -> None:
    stub.says = fills((mode,), balls, otherwise)
    assert server(stub).mode() == mode
    assert [mode_of(body) for body in stub.asked] == list(MODES[: MODES.index(mode) + 1])


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
    stub.says = fills(MODES, lambda body: form)
    assert server(stub).mode() is None
    assert len(stub.asked) == 4


def test_a_server_that_ignores_schemas_has_no_mode_and_that_is_remembered(stub: StubServer) -> None:
    remember: dict[str, str] = {}
    assert server(stub).mode(remember) is None
    assert [mode_of(body) for body in stub.asked] == list(MODES)
    assert server(stub).mode(remember) is None
    assert len(stub.asked) == 4


def test_a_mode_found_before_is_not_looked_for_again(stub: StubServer) -> None:
    remember: dict[str, str] = {}
    stub.says = fills(("TOOLS",), balls)
    assert server(stub).mode(remember) == "TOOLS"
    assert remember == {f"m@http://{stub.host}/v1": "TOOLS"}
    stub.asked.clear()
    assert server(stub).mode(remember) == "TOOLS"
    assert stub.asked == []
    assert Server(Endpoint(stub.endpoint.url, "other"), retries=0).mode(remember) == "TOOLS"
    assert len(stub.asked) == 2


def test_a_look_is_short_since_a_server_that_ignores_the_form_may_ramble(stub: StubServer) -> None:
    stub.says = lambda body: chat("Once upon", "length")
    assert server(stub).mode() is None
    assert [body["max_tokens"] for body in stub.asked] == [300] * 4


def test_a_memory_of_a_mode_nobody_knows_is_not_trusted(stub: StubServer) -> None:
    remember = {f"m@http://{stub.host}/v1": "XML"}
    stub.says = fills(("JSON",), balls)
    assert server(stub).mode(remember) == "JSON"


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_an_outage_while_looking_is_no_answer(stub: StubServer, status: int) -> None:
    remember: dict[str, str] = {}
    stub.says = fills(("JSON",), balls, lambda body: talkative()(body) if len(stub.asked) == 1 else refusal(status))
    assert failure_of(lambda: server(stub).mode(remember)).step == "chat"
    assert remember == {}
    assert len(stub.asked) == 2


@pytest.mark.parametrize("status", [404, 500])
def test_a_server_that_refuses_even_a_plain_chat_is_out(stub: StubServer, status: int) -> None:
    stub.says = lambda body: refusal(status)
    assert str(status) in str(failure_of(lambda: server(stub).mode()))


def test_a_server_that_is_gone_is_out(stub: StubServer) -> None:
    stub.stop()
    assert "does not answer" in str(failure_of(lambda: server(stub).mode()))


# ---- the check


def steps(stub: StubServer, endpoint: Endpoint | None = None) -> list[Step]:
    return list(check(endpoint or stub.endpoint))


def test_all_is_well(stub: StubServer) -> None:
    stub.says = fills(("TOOLS",), balls)
    remember = {f"m@http://{stub.host}/v1": "JSON", "another": "JSON"}
    seen = list(check(stub.endpoint, remember))
    assert [step.name for step in seen] == ["address", "key", "model", "chat", "stream", "schema"]
    assert all(step.passed for step in seen)
    assert [step.said for step in seen[:4]] == [
        f"{stub.host} answers.",
        "The key is not refused.",
        "m is listed.",
        "It wrote “Hello you.”.",
    ]
    assert seen[4].said.startswith("The first of 3 pieces came after 0.")
    assert seen[5].said == "It fills in forms, asked by TOOLS."
    assert all(0 <= step.seconds < 5 for step in seen)
    assert remember == {f"m@http://{stub.host}/v1": "TOOLS", "another": "JSON"}


def test_no_forms_cost_only_the_judge(stub: StubServer) -> None:
    seen = steps(stub)
    assert [step.passed for step in seen] == [True] * 5 + [False]
    assert "JSON_SCHEMA, TOOLS, JSON, MD_JSON. The judge stays local." in seen[-1].said


def test_an_outage_at_the_last_step_is_told_as_one_and_nothing_is_forgotten(stub: StubServer) -> None:
    stub.says = fills((), balls, lambda body: refusal(429))
    remember = {f"m@http://{stub.host}/v1": "JSON"}
    last = list(check(stub.endpoint, remember))[-1]
    assert (last.name, last.passed) == ("schema", False)
    assert "429" in last.said and last.said.endswith("the judge stays local.")
    assert remember == {f"m@http://{stub.host}/v1": "JSON"}


def test_the_address_fails_when_nobody_listens(stub: StubServer) -> None:
    stub.stop()
    (step,) = steps(stub)
    assert (step.name, step.passed) == ("address", False)
    assert f"http://{stub.host}/v1 does not answer" in step.said


def test_a_name_nobody_has(no_network: list[str]) -> None:
    (step,) = check(Endpoint("http://nowhere.invalid/v1", "m"))
    assert (step.name, step.passed) == ("address", False)
    assert "nowhere.invalid" in no_network


def test_the_key_fails_when_it_is_refused(stub: StubServer) -> None:
    stub.models, stub.says = refusal(401), lambda body: refusal(401)
    assert [(step.name, step.passed) for step in steps(stub)] == [("address", True), ("key", False)]


def test_a_list_open_to_everyone_proves_no_key(stub: StubServer) -> None:
    stub.says = lambda body: refusal(401)
    assert steps(stub)[-1].name == "key"


def test_no_key_where_none_is_wanted(stub: StubServer) -> None:
    key = steps(stub, Endpoint(stub.endpoint.url, "m"))[1]
    assert (key.passed, key.said) == (True, "No key is set, and none is asked for.")


def test_the_model_fails_when_it_is_not_served(stub: StubServer) -> None:
    stub.models = Said(body={"data": [{"id": "n"}, {"id": "o\x1b[31m"}]})
    stub.says = lambda body: refusal(404, "no such model")
    *before, last = steps(stub)
    assert [(step.name, step.passed) for step in before] == [("address", True), ("key", True)]
    assert (last.name, last.passed) == ("model", False)
    assert "does not serve m" in last.said and last.said.endswith("It lists n, o [31m.")


@pytest.mark.parametrize(
    "models", [refusal(404), refusal(503), Said(body="<html>"), Said(body={"data": [{"id": "n"}]})]
)
def test_a_list_of_models_is_optional(stub: StubServer, models: Said) -> None:
    stub.models = models
    assert steps(stub)[2].said == "m answers, though the server does not list it."


def test_the_chat_fails_when_a_listed_model_does_not_chat(stub: StubServer) -> None:
    stub.says = lambda body: refusal(500, "out of memory")
    last = steps(stub)[-1]
    assert (last.name, last.passed) == ("chat", False)
    assert "500: out of memory" in last.said


def test_the_stream_fails_alone(stub: StubServer) -> None:
    stub.says = lambda body: Told(pieces=("Hel",), ending=None) if body.get("stream") else chat("Hello.")
    seen = steps(stub)
    assert [(step.name, step.passed) for step in seen[3:]] == [("chat", True), ("stream", False)]


# ---- the key


def test_the_key_is_sent_and_never_told(stub: StubServer, caplog: pytest.LogCaptureFixture) -> None:
    """Not even by a server that repeats it in every refusal, nor by instructor, which logs those."""
    told: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for status in (200, 400, 401, 403, 404, 429, 500):
            words = f"you sent {KEY}"
            stub.models = refusal(status, words)
            stub.says = lambda body, status=status, words=words: (
                refusal(status, words) if status != 200 else Said(body=words)
            )
            one = server(stub)
            asks = [lambda s=one: list(s.stream(HI)), lambda s=one: s.reply(HI)]
            asks += [lambda s=one, m=mode: s.structured(Colour, HI, m) for mode in MODES]
            for ask in asks:
                told += traceback.format_exception(failure_of(ask))
            told += [step.said for step in check(stub.endpoint)]
            told += [repr(one), str(one.endpoint)]
    assert stub.authorization == f"Bearer {KEY}"
    assert any("you sent [key]" in text for text in told)
    assert KEY not in "".join(told)
    assert KEY not in caplog.text


def test_an_error_in_mid_stream_does_not_tell_it_either(stub: StubServer) -> None:
    stub.says = lambda body: Told(pieces=("Hel", {"error": {"message": f"out of memory for {KEY}"}}))
    failure = failure_of(lambda: list(server(stub).stream(HI)))
    assert failure.step == "stream"
    assert "broke off in its reply (out of memory for [key])" in str(failure)
    assert KEY not in "".join(traceback.format_exception(failure))


def test_a_chat_that_repeats_the_key_does_not_show_it_in_the_check(stub: StubServer) -> None:
    stub.says = talkative((f"Hello {KEY}",))
    assert steps(stub)[3].said == "It wrote “Hello [key]”."


# ---- what is loaded when


@pytest.mark.parametrize("module", ["tutor.exchange", "tutor.server", "tutor.judge.llm"])
def test_openai_is_loaded_by_the_first_server_and_not_before(module: str) -> None:
    code = (
        f"import {module}, sys, json; from tutor.server import Endpoint, Server; heavy = ['openai', 'instructor'];"
        "before = [name for name in heavy if name in sys.modules]; Server(Endpoint('http://h/v1', 'm'));"
        "print(json.dumps([before, [name for name in heavy if name in sys.modules]]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], ["openai"]]


def test_the_port_of_a_stopped_server_is_free(stub: StubServer) -> None:
    """Else the tests above that stop it would meet a server after all."""
    stub.stop()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", stub.http.server_port)) != 0
