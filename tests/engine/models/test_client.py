"""The client, against a real server on this machine that answers whatever a test tells it to."""

from __future__ import annotations

import functools
import logging
import traceback
from itertools import pairwise
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from engine.errors import CallerMistake, EngineError, Unreachable
from engine.models.client import LONGEST, STRUCTURED_MODES, Endpoint, OpenAIClient, RequestFailure
from tests.loading import loaded
from tests.stub_server import KEY, Answer, Said, StubServer, Told, chat, fills, mode_of, refusal, talkative

HI = [{"role": "user", "content": "Hi"}]
each_mode = pytest.mark.parametrize("mode", STRUCTURED_MODES)


class Colour(BaseModel):
    name: Literal["red", "blue"]


def client(stub: StubServer, **options: Any) -> OpenAIClient:
    return OpenAIClient(stub.endpoint, **({"retries": 0, "timeout": 5.0} | options))


def failure_of(ask: Any) -> RequestFailure:
    with pytest.raises(RequestFailure) as caught:
        ask()
    return caught.value


@pytest.mark.parametrize("key", ["sk-zwölf", "sk-a\nb", "sk-\x00"])
def test_a_key_that_cannot_be_one_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(Unreachable, match="OPENAI_API_KEY") as caught:
        Endpoint("http://h/v1", "m", key)
    assert key not in str(caught.value)


# ---- streaming


def test_pieces_arrive_as_they_are_written_and_make_the_reply(stub: StubServer) -> None:
    assert list(client(stub).stream(HI)) == ["Hel", "lo ", "you."]
    assert stub.asked == [
        {"model": "m", "messages": HI, "stream": True, "max_tokens": 400, "temperature": 0.3},
    ]
    assert stub.authorization == f"Bearer {KEY}"


def test_the_first_piece_does_not_wait_for_the_last(stub: StubServer) -> None:
    stub.says = lambda body: Told(pieces=("one", "two"), wait=5.0)
    pieces = client(stub, timeout=0.2).stream(HI)
    assert next(pieces) == "one"
    failure = failure_of(lambda: next(pieces))
    assert failure.step == "stream"


def test_pieces_without_text_are_left_out_and_half_letters_replaced(stub: StubServer) -> None:
    stub.says = lambda body: Told(pieces=("", None, "7 \ud83d", "!"))
    assert list(client(stub).stream(HI)) == ["7 ?", "!"]


@pytest.mark.parametrize("cut", [True, False])
def test_a_reply_cut_off_is_a_failure_after_what_had_come(stub: StubServer, cut: bool) -> None:
    stub.says = lambda body: Told(pieces=("Hel", "lo"), ending=None, cut=cut)
    pieces = client(stub).stream(HI)
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
    failure = failure_of(lambda: list(client(stub).stream(HI)))
    assert failure.step == "stream"
    assert says in str(failure)
    assert isinstance(failure, EngineError)


@pytest.mark.parametrize(
    ("answer", "says", "status"),
    [
        (refusal(401), "refuses the key in OPENAI_API_KEY (401). Set OPENAI_API_KEY", 401),
        (refusal(403, "not in your country"), "answered 403: not in your country", 403),
        (refusal(404, "no such model"), "does not serve 'm' (404)", 404),
        (refusal(429, "slow\ndown"), "answered 429: slow down", 429),
        (Said(status=500, body="<html>oops"), "answered 500", 500),
        (Said(status=400, body={"detail": "Server is pinned to 'n'."}), "answered 400: Server is pinned to 'n'.", 400),
    ],
)
def test_a_refusal_has_its_status(stub: StubServer, answer: Said, says: str, status: int) -> None:
    stub.says = lambda body: answer
    failure = failure_of(lambda: list(client(stub).stream(HI)))
    assert (failure.step, failure.status) == ("chat", status)
    assert stub.host in str(failure)
    assert says in str(failure)


def test_where_no_answer_came_the_status_is_0(stub: StubServer) -> None:
    stub.says = lambda body: Said(body="late", wait=0.5)
    late = failure_of(lambda: client(stub, timeout=0.1).chat(HI))
    assert (late.step, late.status) == ("chat", 0)
    assert "timed out" in str(late)
    stub.stop()
    silent = failure_of(lambda: client(stub).chat(HI))
    assert (silent.step, silent.status) == ("chat", 0)
    assert "refused" in str(silent)


def test_too_many_requests_are_asked_again_but_not_for_ever(stub: StubServer) -> None:
    stub.says = lambda body: refusal(429) if len(stub.asked) == 1 else talkative()(body)
    assert "".join(client(stub, retries=2).stream(HI)) == "Hello you."
    stub.says = lambda body: refusal(429)
    stub.asked.clear()
    assert "429" in str(failure_of(lambda: list(client(stub, retries=2).stream(HI))))
    assert len(stub.asked) == 3


def test_limits_that_a_model_refuses_by_name_are_left_out_and_that_is_remembered(stub: StubServer) -> None:
    def reasons(body: dict[str, Any]) -> Answer:
        for name in ("max_tokens", "temperature"):
            if name in body:
                return Said(status=400, body={"error": {"message": f"Unsupported: {name}", "param": name}})
        return talkative()(body)

    stub.says = reasons
    one = client(stub)
    assert "".join(one.stream(HI)) == "Hello you."
    assert len(stub.asked) == 3
    assert one.chat(HI, {"max_tokens": 9, "temperature": 0.3}).text == "Hello you."
    assert stub.asked[3] == {"model": "m", "messages": HI, "max_completion_tokens": 9}


def test_another_bad_request_is_not_asked_again(stub: StubServer) -> None:
    stub.says = lambda body: Said(status=400, body={"error": {"message": "too long", "param": "messages"}})
    assert "400: too long" in str(failure_of(lambda: client(stub).chat(HI, {"max_tokens": 9})))
    assert len(stub.asked) == 1


def test_settings_that_are_no_limits_are_sent_as_they_stand(stub: StubServer) -> None:
    stub.says = lambda body: Said(status=400, body={"error": {"message": "Unsupported", "param": "temperature"}})
    assert failure_of(lambda: client(stub).chat(HI, temperature=0.0)).status == 400
    assert stub.asked == [{"model": "m", "messages": HI, "temperature": 0.0}]


def test_the_same_client_with_other_retries_knows_what_it_knew(stub: StubServer) -> None:
    once = client(stub)
    once.list_models()
    again = once.with_retries(1)
    assert again.listed == ["m"]
    stub.says = lambda body: refusal(429) if len(stub.asked) == 1 else talkative()(body)
    assert again.chat(HI).text == "Hello you."


# ---- whole replies


@pytest.mark.parametrize("answer", [chat(None), chat([{"text": "hi"}]), chat("No.", "content_filter")])
def test_a_reply_without_a_text(stub: StubServer, answer: Said) -> None:
    stub.says = lambda body: answer
    reply = client(stub).chat(HI)
    assert reply.text is None
    assert reply.refused == (reply.finish_reason == "content_filter")


def test_the_model_itself_may_refuse(stub: StubServer) -> None:
    stub.says = lambda body: chat(None, refusal="I will not")
    assert client(stub).chat(HI).refused


@pytest.mark.parametrize(
    "body",
    ["<html>It works!</html>", '{"choices": [{"mess', [1, 2], {"error": "overloaded"}, {"choices": []}],
)
def test_what_is_not_this_api(stub: StubServer, body: Any) -> None:
    stub.says = lambda asked: Said(body=body)
    failure = failure_of(lambda: client(stub).chat(HI))
    assert (failure.step, failure.status) == ("chat", 200)
    assert "not as this API does" in str(failure)


# ---- forms


@each_mode
def test_a_form_is_filled_in_as_the_mode_asks(stub: StubServer, mode: str) -> None:
    stub.says = fills((mode,), lambda body: {"name": "blue"})
    assert client(stub).structured(Colour, HI, mode).name == "blue"
    (body,) = stub.asked
    assert mode_of(body) == mode
    assert (body["temperature"], body["max_tokens"]) == (0.0, 800)


@each_mode
@pytest.mark.parametrize("wrong", [{"name": "green"}, '{"name": "bl', {}])
def test_a_wrong_form_is_asked_for_again_once(stub: StubServer, mode: str, wrong: Any) -> None:
    stub.says = fills((mode,), lambda body: wrong if len(stub.asked) == 1 else {"name": "red"})
    assert client(stub).structured(Colour, HI, mode).name == "red"
    assert len(stub.asked) == 2
    stub.says = fills((mode,), lambda body: wrong)
    stub.asked.clear()
    failure = failure_of(lambda: client(stub).structured(Colour, HI, mode))
    assert failure.step == "schema"
    assert f"m at {stub.host} did not fill in the form" in str(failure)
    assert len(stub.asked) == 2


def test_a_wrong_form_is_told_by_its_rule_and_not_by_its_words(stub: StubServer) -> None:
    stub.says = fills(STRUCTURED_MODES, lambda body: {"name": "what the learner said"})
    failure = failure_of(lambda: client(stub).structured(Colour, HI, "JSON"))
    assert "name: Input should be 'red' or 'blue'" in str(failure)
    assert "learner" not in str(failure)


@each_mode
@pytest.mark.parametrize(
    "answer", [talkative(), lambda body: chat("", "length"), lambda body: chat(None, refusal="I will not")]
)
def test_no_form_at_all_is_the_schemas_failure(stub: StubServer, mode: str, answer: Any) -> None:
    stub.says = answer
    assert failure_of(lambda: client(stub).structured(Colour, HI, mode)).step == "schema"


@each_mode
@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_status_is_the_chats_failure_even_when_a_form_was_asked_for(stub: StubServer, mode: str, status: int) -> None:
    stub.says = lambda body: refusal(status)
    failure = failure_of(lambda: client(stub).structured(Colour, HI, mode))
    assert failure.step == "chat"
    assert f"{status}" in str(failure)
    assert len(stub.asked) == 1


def test_silence_is_the_chats_failure_too(stub: StubServer) -> None:
    stub.says = lambda body: Said(body="late", wait=0.5)
    assert failure_of(lambda: client(stub, timeout=0.1).structured(Colour, HI, "JSON")).step == "chat"
    stub.stop()
    assert failure_of(lambda: client(stub).structured(Colour, HI, "JSON")).step == "chat"


def test_a_mode_nobody_knows(stub: StubServer) -> None:
    with pytest.raises(CallerMistake, match=r"no mode 'XML'\. There are JSON_SCHEMA, TOOLS"):
        client(stub).structured(Colour, HI, "XML")


def test_limits_are_fitted_for_forms_as_well(stub: StubServer) -> None:
    def reasons(body: dict[str, Any]) -> Answer:
        if "max_tokens" in body:
            return Said(status=400, body={"error": {"message": "Unsupported", "param": "max_tokens"}})
        return fills(STRUCTURED_MODES, lambda body: {"name": "red"})(body)

    stub.says = reasons
    assert client(stub).structured(Colour, HI, "JSON_SCHEMA").name == "red"
    assert [body.get("max_completion_tokens") for body in stub.asked] == [None, 800]


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
            one = client(stub)
            asks = [lambda s=one: list(s.stream(HI)), lambda s=one: s.chat(HI), lambda s=one: s.token_logprobs("Hi")]
            asks += [lambda s=one, m=mode: s.structured(Colour, HI, m) for mode in STRUCTURED_MODES]
            for ask in asks:
                told += traceback.format_exception(failure_of(ask))
            told += [repr(one), str(one.endpoint)]
    assert stub.authorization == f"Bearer {KEY}"
    assert any("you sent [key]" in text for text in told)
    assert KEY not in "".join(told)
    assert KEY not in caplog.text


def test_an_error_in_mid_stream_does_not_tell_it_either(stub: StubServer) -> None:
    stub.says = lambda body: Told(pieces=("Hel", {"error": {"message": f"out of memory for {KEY}"}}))
    failure = failure_of(lambda: list(client(stub).stream(HI)))
    assert failure.step == "stream"
    assert "broke off in its reply (out of memory for [key])" in str(failure)
    assert KEY not in "".join(traceback.format_exception(failure))


# ---- what is loaded when


MODULES = ("engine.models", "engine.models.endpoint", "engine.models.client")


@functools.cache
def held() -> list[set[str]]:
    """One process for all modules: what it holds after each, and after the first client."""
    first_client = "from engine.models import Endpoint, OpenAIClient; OpenAIClient(Endpoint('http://h/v1', 'm'))"
    return loaded({"openai", "instructor", "pydantic"}, *(f"import {module}" for module in MODULES), first_client)


@pytest.mark.parametrize("module", MODULES)
def test_openai_is_loaded_by_the_first_client_and_not_before(module: str) -> None:
    assert held()[MODULES.index(module)] == set()
    assert held()[-1] == {"openai", "pydantic"}


@pytest.mark.parametrize("cuts", [(3,), (5, 12), (1, 2, 20), ()])
def test_a_reply_that_repeats_the_key_comes_without_it(stub: StubServer, cuts: tuple[int, ...]) -> None:
    """Failed before: it stood on the learner's page, in the journal and in the transcript."""
    said = f"Your key is {KEY}, and sk-no is none."
    edges = [0, *(12 + cut for cut in cuts), len(said)]
    stub.says = lambda body: Told(pieces=tuple(said[a:b] for a, b in pairwise(edges)))
    assert "".join(client(stub).stream(HI)) == "Your key is [key], and sk-no is none."
    stub.says = lambda body: chat(said)
    assert client(stub).chat(HI).text == "Your key is [key], and sk-no is none."


def test_what_only_begins_like_the_key_is_not_lost(stub: StubServer) -> None:
    stub.says = lambda body: Told(pieces=("It begins with ", KEY[:6]))
    assert "".join(client(stub).stream(HI)) == f"It begins with {KEY[:6]}"
