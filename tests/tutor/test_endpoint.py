"""The tutor's settings, and the sentences in which its server's failures are told."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from engine import CallerMistake
from engine.models import OpenAIClient
from tests.loading import loaded
from tests.stub_server import KEY, Said, StubServer, Told, refusal
from tutor.endpoint import OPENAI, TutorEndpoint
from tutor.errors import EndpointFailure, TutorError

HI = [{"role": "user", "content": "Hi"}]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "TUTOR_MODEL"):
        monkeypatch.delenv(name, raising=False)


def client(stub: StubServer, **options: Any) -> OpenAIClient:
    return OpenAIClient(TutorEndpoint(stub.endpoint.url, "m", KEY), **({"retries": 0, "timeout": 5.0} | options))


def failure_of(ask: Any) -> EndpointFailure:
    with pytest.raises(EndpointFailure) as caught:
        ask()
    return caught.value


# ---- settings


def test_without_a_model_nothing_is_configured_whatever_key_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert TutorEndpoint.configured() is None
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert TutorEndpoint.configured({}) is None


def test_a_model_is_asked_for_at_openais_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL", " big ")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert TutorEndpoint.configured() == TutorEndpoint(OPENAI, "big", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1")
    found = TutorEndpoint.configured()
    assert found is not None
    assert (found.url, found.host) == ("http://127.0.0.1:8000/v1", "127.0.0.1:8000")


def test_secrets_stand_in_for_the_environment_and_never_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"TUTOR_MODEL": "small", "OPENAI_BASE_URL": "https://example.org/v1", "OPENAI_API_KEY": KEY}
    assert TutorEndpoint.configured(secrets) == TutorEndpoint("https://example.org/v1", "small", KEY)
    monkeypatch.setenv("TUTOR_MODEL", "big")
    assert TutorEndpoint.configured(secrets) == TutorEndpoint("https://example.org/v1", "big", KEY)


def test_a_secrets_file_that_is_not_there_holds_nothing() -> None:
    class NoFile(dict[str, object]):
        def get(self, *args: Any) -> Any:
            raise FileNotFoundError("No secrets found")

    assert TutorEndpoint.configured(NoFile()) is None


def test_a_secret_that_is_no_text_is_named_and_not_shown() -> None:
    with pytest.raises(CallerMistake, match=r"OPENAI_API_KEY is of type int .*as a text") as caught:
        TutorEndpoint.configured({"TUTOR_MODEL": "m", "OPENAI_API_KEY": 31337})
    assert "31337" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8000/v1", "ftp://host/v1", "http://", "http:///v1", "http://ho st/v1", "http://h:99999", "http://["],
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(CallerMistake, match="OPENAI_BASE_URL") as caught:
        TutorEndpoint(url, "m")
    assert repr(url) in str(caught.value)


@pytest.mark.parametrize("url", ["http://me:hunter2@host/v1", "http://host/v1?key=hunter2", "http://host/v1#hunter2"])
def test_an_address_with_a_secret_in_it_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(CallerMistake, match="OPENAI_BASE_URL") as caught:
        TutorEndpoint(url, "m")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://host", "http://localhost:1234/v1/", "http://[::1]:80/v1", "HTTPS://h-1.x/a_b/v1"]
)
def test_addresses_that_are_ones(url: str) -> None:
    assert OpenAIClient(TutorEndpoint(url, "m")).endpoint.url == url


@pytest.mark.parametrize("key", ["sk-zwölf", "sk-a\nb", "sk-\x00"])
def test_a_key_that_cannot_be_one_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(CallerMistake, match="OPENAI_API_KEY") as caught:
        TutorEndpoint("http://h/v1", "m", key)
    assert key not in str(caught.value)


def test_a_model_without_a_name() -> None:
    with pytest.raises(CallerMistake, match="TUTOR_MODEL is ' '"):
        TutorEndpoint("http://h/v1", " ")


# ---- failures


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (refusal(401), "refuses the key in OPENAI_API_KEY (401). Set OPENAI_API_KEY"),
        (refusal(403, "not in your country"), "403: not in your country"),
        (refusal(404, "no such model"), "does not serve m (404: no such model). Set TUTOR_MODEL"),
        (refusal(429, "slow\ndown"), "too many requests (429: slow down). Wait"),
        (Said(status=500, body="<html>oops"), "answered 500"),
        (
            Said(status=400, body={"detail": "OpenAIClient is pinned to 'n'."}),
            "answered 400: OpenAIClient is pinned to 'n'. Try",
        ),
    ],
)
def test_a_refusal_says_what_to_do_about_it(stub: StubServer, answer: Said, says: str) -> None:
    stub.says = lambda body: answer
    failure = failure_of(lambda: list(client(stub).stream(HI)))
    assert failure.step == "chat"
    assert stub.host in str(failure)
    assert says in str(failure)


def test_a_server_that_wants_a_key_where_none_is_set(stub: StubServer) -> None:
    stub.says = lambda body: refusal(401)
    failure = failure_of(lambda: list(OpenAIClient(TutorEndpoint(stub.endpoint.url, "m"), retries=0).stream(HI)))
    assert str(failure) == f"{stub.host} wants a key (401). Set OPENAI_API_KEY to one it takes."
    assert stub.authorization is None


def test_a_server_that_takes_too_long(stub: StubServer) -> None:
    stub.says = lambda body: Said(body="late", wait=0.5)
    failure = failure_of(lambda: list(client(stub, timeout=0.1).stream(HI)))
    assert (failure.step, str(failure)[:60]) == (
        "chat",
        f"{stub.host} did not answer within 0.1 s. Check that it runs"[:60],
    )


def test_nobody_listens(stub: StubServer) -> None:
    stub.stop()
    failure = failure_of(lambda: list(client(stub).stream(HI)))
    assert failure.step == "chat"
    assert f"http://{stub.host}/v1 does not answer (" in str(failure)
    assert "refused" in str(failure)


@pytest.mark.parametrize("body", ["<html>It works!</html>", '{"choices": [{"mess', [1, 2], {"error": "overloaded"}])
def test_what_is_not_this_api(stub: StubServer, body: Any) -> None:
    stub.says = lambda asked: Said(body=body)
    failure = failure_of(lambda: client(stub).chat(HI))
    assert "not as this API does" in str(failure)
    assert "most end in /v1" in str(failure)


def test_a_reply_that_breaks_off_is_the_tutors_error(stub: StubServer) -> None:
    stub.says = lambda body: Told(pieces=("Hel", "lo"), ending=None, cut=True)
    failure = failure_of(lambda: list(client(stub).stream(HI)))
    assert failure.step == "stream"
    assert f"m at {stub.host} broke off in its reply (" in str(failure)
    assert isinstance(failure, TutorError)


# ---- what is loaded when


MODULES = ("tutor.exchange", "tutor.endpoint", "tutor.diagnosis", "tutor.configuration", "tutor.judge.llm")


@functools.cache
def held() -> list[set[str]]:
    """One process for all modules: what it holds after each, and after the first client."""
    first_client = (
        "from engine.models import OpenAIClient; OpenAIClient(tutor.endpoint.TutorEndpoint('http://h/v1', 'm'))"
    )
    return loaded({"openai", "instructor"}, *(f"import {module}" for module in MODULES), first_client)


@pytest.mark.parametrize("module", MODULES)
def test_openai_is_loaded_by_the_first_client_and_not_before(module: str) -> None:
    assert held()[MODULES.index(module)] == set()
    assert held()[-1] == {"openai"}
