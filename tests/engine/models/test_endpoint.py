"""Endpoints, against a real server on this machine that answers whatever a test tells it to."""

from __future__ import annotations

import json
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from engine.battles.battle import ItemFailure, ItemResult
from engine.battles.scoring import written_outcome
from engine.errors import CallerMistake, Unreachable, Unsupported
from engine.harness.config import Decoding
from engine.models.endpoint import PROBE, EndpointModel, open_endpoint
from engine.models.interface import Completion, Logliks, Prompt, Ranking, Trouble
from engine.models.registry import find
from engine.tasks.registry import load_task
from engine.tasks.task import Item

KEY = "sk-not-for-any-message"
RULE = Decoding(max_tokens=16, until=("Question:", "</s>"))
Reply = tuple[int, Any]
Says = Callable[[str, dict[str, Any]], Reply]


class Server:
    """Lists the model "m"; every other request is answered by `says(path, body)`: a status and JSON or raw text."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.authorization: str | None = ""
        self.models: Reply = (200, {"object": "list", "data": [{"id": "m"}]})
        self.says: Says = lambda path, body: chat("#### 7")
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send(*server.models)

            def do_POST(self) -> None:
                server.authorization = self.headers["Authorization"]
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.asked.append(body)
                self.send(*server.says(self.path, body))

            def send(self, status: int, said: Any) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Retry-After-Ms", "1")
                self.end_headers()
                with suppress(OSError):  # a client that has read enough
                    self.wfile.write((said if isinstance(said, str) else json.dumps(said)).encode())

            def log_message(self, *args: Any) -> None: ...

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"openai:m@http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def open(self, **options: Any) -> EndpointModel:
        return EndpointModel(find(self.address), **({"retries": 0, "timeout": 5.0} | options))

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    running = Server()
    monkeypatch.setenv("OPENAI_BASE_URL", running.address.partition("@")[2])
    yield running
    running.stop()


def chat(text: Any, ending: str = "stop", **message: Any) -> Reply:
    choice = {"index": 0, "message": {"role": "assistant", "content": text} | message, "finish_reason": ending}
    return 200, {"choices": [choice], "usage": {"prompt_tokens": 40, "completion_tokens": 2, "total_tokens": 42}}


def echo(body: dict[str, Any], tokens: list[str], logprobs: list[float | None], written: int = 1) -> Reply:
    """A prompt given back as tokens, with offsets as wrong as vLLM's are after a BOS token."""
    told = {"tokens": tokens, "token_logprobs": logprobs, "text_offset": [3 * i for i in range(len(tokens))]}
    choice = {"index": 0, "text": body["prompt"] + " and", "logprobs": told, "finish_reason": "length"}
    return 200, {"choices": [choice], "usage": {"completion_tokens": written, "prompt_tokens": len(tokens) - written}}


def words(path: str, body: dict[str, Any]) -> Reply:
    """A model whose tokens are words, each as likely as e to the minus its length; the first has no likelihood."""
    tokens = body["prompt"].split()
    return echo(body, ["<s>", *tokens, "and"], [None, *(-float(len(t)) for t in tokens), -99.0])


def prompts(n: int) -> list[Prompt]:
    return [Prompt(item_id=str(i), text=f"Question: {i}?\nAnswer:") for i in range(n)]


def write(model: EndpointModel, n: int = 1, rule: Decoding = RULE) -> list[Completion | Trouble]:
    return [outcome for batch in model.write(prompts(n), rule) for outcome in batch]


def only(outcomes: list[Any]) -> Any:
    (outcome,) = outcomes
    return outcome


# ---- writing


def test_a_text_is_asked_for_greedily_as_one_user_turn(server: Server) -> None:
    model = server.open()
    done = only(write(model))
    assert (done.text, done.truncated, done.tokens) == ("#### 7", False, 42)
    assert done.seconds > 0
    assert server.asked == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "Question: 0?\nAnswer:"}],
            "temperature": 0.0,
            "max_tokens": 16,
            "stop": ["Question:", "</s>"],
        }
    ]
    assert model.environment["weights"] == "served as m"
    assert model.environment["device"] == f"127.0.0.1:{server.http.server_port}"


def test_one_item_a_batch_in_order_and_none_that_is_skipped(server: Server) -> None:
    batches = list(server.open().write(prompts(4), RULE, skip={"1"}))
    assert [[done.item_id for done in batch] for batch in batches] == [["0"], ["2"], ["3"]]
    assert len(server.asked) == 3


def test_a_text_is_cut_at_the_earliest_stop_string_even_one_that_was_not_sent(server: Server) -> None:
    server.says = lambda path, body: chat("a 5 b 4 c", "length")
    done = only(write(server.open(), rule=Decoding(max_tokens=9, until=("1", "2", "3", "4", "5"))))
    assert (done.text, done.truncated) == ("a ", False)
    assert server.asked[0]["stop"] == ["1", "2", "3", "4"]


def test_half_a_surrogate_pair_does_not_get_in(server: Server) -> None:
    server.says = lambda path, body: chat("7 \ud83d")
    assert only(write(server.open())).text == "7 ?"


def test_a_text_cut_off_before_its_answer_is_a_failure_and_never_a_wrong_answer(server: Server) -> None:
    server.says = lambda path, body: chat("She has 3 * 4 = ", "length")
    written = only(write(server.open()))
    assert written.truncated
    item = Item(id="0", index=0, contexts=("Question: 0?\nAnswer:",), answer="#### 7")
    failed = written_outcome(load_task("gsm8k"), item, written, load_task("gsm8k").harness())
    assert isinstance(failed, ItemFailure)
    assert failed.reason == "truncated"
    server.says = lambda path, body: chat("#### 7 and so", "length")
    right = written_outcome(load_task("gsm8k"), item, only(write(server.open())), load_task("gsm8k").harness())
    assert isinstance(right, ItemResult)
    assert right.score == 1.0


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (chat(None), "without a text"),
        (chat([{"type": "text", "text": "7"}]), "without a text"),
        (chat("No.", "content_filter"), "content filter"),
        (chat("", refusal="I will not"), "content filter"),
        ((200, {"choices": []}), "not as this API does"),
        ((200, {"choices": None}), "not as this API does"),
        ((200, {"choices": [{"index": 0}]}), "not as this API does"),
        ((200, '{"choices": [{"mess'), "not as this API does"),
        ((200, "<html>It works!</html>"), "not as this API does"),
        ((200, [1, 2]), "not as this API does"),
        ((400, {"error": {"message": "maximum context\n length is 8"}}), "answered 400: maximum context length is 8"),
        ((500, "<html>oops</html>"), "answered 500"),
        ((200, {"error": {"message": "overloaded"}}), "not as this API does"),
    ],
)
def test_an_item_without_a_usable_text_is_trouble_and_the_battle_goes_on(
    server: Server, reply: Reply, message: str
) -> None:
    server.says = lambda path, body: reply if "0?" in body["messages"][0]["content"] else chat("fine")
    trouble, fine = write(server.open(), 2)
    assert isinstance(trouble, Trouble)
    assert (trouble.item_id, trouble.reason) == ("0", "endpoint")
    assert message in trouble.message
    assert isinstance(fine, Completion)


@pytest.mark.parametrize("limit", ["max_tokens", "temperature"])
def test_limits_are_those_of_the_plan_even_where_the_model_refuses_them(server: Server, limit: str) -> None:
    server.says = lambda path, body: (400, {"error": {"message": f"Unsupported: {limit}", "param": limit}})
    trouble = only(write(server.open()))
    assert f"answered 400: Unsupported: {limit}" in trouble.message
    assert [(body["max_tokens"], body["temperature"]) for body in server.asked] == [(16, 0.0)]


def test_too_many_requests_are_asked_again(server: Server) -> None:
    replies = iter([(429, {"error": {"message": "slow down"}}), chat("fine")])
    server.says = lambda path, body: next(replies)
    assert only(write(server.open(retries=1))).text == "fine"


def test_a_server_that_takes_too_long_is_trouble(server: Server) -> None:
    def slow(path: str, body: dict[str, Any]) -> Reply:
        time.sleep(0.3)
        return chat("late")

    server.says = slow
    trouble = only(write(server.open(timeout=0.1)))
    assert trouble.reason == "endpoint"
    assert "timed out" in trouble.message
    time.sleep(0.3)


# ---- outages


def test_three_items_in_a_row_without_a_server_leave_the_battle_for_later(server: Server) -> None:
    model = server.open()
    assert only(write(model)).text == "#### 7"
    server.stop()
    recorded = []
    with pytest.raises(Unreachable, match=r"does not answer \(.*refused.*\).* resumed"):
        for batch in model.write(prompts(9), RULE):
            recorded.append(batch)
    assert recorded == []  # what the outage took is asked again on resuming


@pytest.mark.parametrize("status", [402, 429, 503])
def test_an_outage_that_passes_costs_only_the_items_it_met(server: Server, status: int) -> None:
    server.says = lambda path, body: chat("fine") if len(server.asked) == 3 else (status, {"error": {"message": "no"}})
    batches = list(server.open().write(prompts(5), RULE))
    kinds = [[type(outcome) for outcome in batch] for batch in batches]
    assert kinds == [[Trouble, Trouble, Completion], [Trouble, Trouble]]


def test_a_key_taken_away_in_between_ends_the_battle(server: Server) -> None:
    server.says = lambda path, body: (401, {"error": {"message": f"bad key {KEY}"}})
    with pytest.raises(Unreachable, match="OPENAI_API_KEY") as caught:
        write(server.open(), 9)
    assert KEY not in str(caught.value)
    assert len(server.asked) == 1


# ---- opening


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match=rf"http://127.0.0.1:{port}/v1 gives no answer as this API does"):
        open_endpoint(find(f"openai:m@http://127.0.0.1:{port}/v1"))


def test_a_name_nobody_has() -> None:
    with pytest.raises(Unreachable, match=r"http://nowhere\.invalid/v1 gives no answer as this API does"):
        open_endpoint(find("openai:m@http://nowhere.invalid/v1"))


@pytest.mark.parametrize(("key", "says"), [("", "wants a key"), (KEY, "refuses the key")])
def test_a_refused_key(server: Server, monkeypatch: pytest.MonkeyPatch, key: str, says: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    server.models = (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}})
    with pytest.raises(Unreachable, match=rf"{says}.* \(401\)\. Set OPENAI_API_KEY") as caught:
        open_endpoint(find(server.address))
    assert KEY not in str(caught.value)


def test_a_key_that_cannot_be_one_is_not_even_sent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-zwölf\nzeilen")
    with pytest.raises(CallerMistake, match="no key has") as caught:
        open_endpoint(find(server.address))
    assert "zeilen" not in str(caught.value)


def test_an_unknown_model_is_told_with_the_known_ones(server: Server) -> None:
    server.models = (200, {"data": [{"id": "n"}, {"id": "o\x1b[31m"}]})
    server.says = lambda path, body: (404, {"error": {"message": "The model `m` does not exist"}})
    with pytest.raises(Unreachable, match=r"does not serve 'm', but n, o \[31m \(404\)\."):
        server.open()


@pytest.mark.parametrize("models", [(404, ""), (500, ""), (200, "<html>"), (200, {"data": [{"id": "alias"}]})])
def test_a_list_of_models_is_optional(server: Server, models: Reply) -> None:
    server.models = models
    assert only(write(server.open())).text == "#### 7"
    assert server.asked[0]["max_tokens"] == 1


def test_a_web_page_is_not_an_endpoint(server: Server) -> None:
    server.models = (200, "<html>")
    server.says = lambda path, body: (200, "<html>")
    with pytest.raises(Unreachable, match="not as this API does"):
        server.open()


# ---- the key


def test_the_key_is_sent_and_never_told(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.says = lambda path, body: (400, {"error": {"message": f"you sent {server.authorization}"}})
    with caplog.at_level("DEBUG"):
        model = server.open()
        trouble = only(write(model))
    assert server.authorization == f"Bearer {KEY}"
    assert "you sent Bearer [key]" in trouble.message
    assert KEY not in f"{model.environment} {model.notices} {trouble} {caplog.text}"


def test_a_local_server_needs_no_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert only(write(server.open())).text == "#### 7"
    assert server.authorization is None


# ---- ranking


def test_sums_are_those_of_the_tokens_after_the_context(server: Server) -> None:
    server.says = words
    item = Ranking(item_id="x", pairs=(("Q: sky? ", "is deep blue"), ("Q: sky? ", "is red")))
    batches = list(server.open().rank([item]))
    (outcome,) = (outcome for batch in batches for outcome in batch)
    assert isinstance(outcome, Logliks)
    assert outcome.sums == (-2.0 - 4.0 - 4.0, -2.0 - 3.0)
    assert outcome.tokens == 3 + 6 + 5  # the context is read once, with BOS
    asked = [body["prompt"] for body in server.asked[2:]]
    assert asked == ["Q: sky?", "Q: sky? is deep blue", "Q: sky? is red"]
    assert all((body["echo"], body["max_tokens"], body["temperature"]) == (True, 1, 0) for body in server.asked)


def test_an_end_that_is_written_but_not_listed_takes_no_token_away(server: Server) -> None:
    def ends(path: str, body: dict[str, Any]) -> Reply:
        tokens = body["prompt"].split()
        return echo(body, tokens, [None, *(-1 for _ in tokens[1:])], written=0)

    server.says = ends
    outcome = next(server.open().rank([Ranking(item_id="x", pairs=(("Q: sky?", " is blue"),))]))[0]
    assert isinstance(outcome, Logliks)
    assert outcome.sums == (-2.0,)


@pytest.mark.parametrize("unknown", [None, -math.inf, math.nan])
def test_a_choice_without_a_finite_number_is_trouble(server: Server, unknown: float | None) -> None:
    def patchy(path: str, body: dict[str, Any]) -> Reply:
        status, reply = words(path, body)
        if body["prompt"].endswith("lost"):
            reply["choices"][0]["logprobs"]["token_logprobs"][-2] = unknown
        return status, reply

    server.says = patchy
    pairs = (("Q: sky?", " found"), ("Q: sky?", " lost"))
    items = [Ranking(item_id="x", pairs=pairs), Ranking(item_id="y", pairs=pairs[:1])]
    (trouble,), (fine,) = server.open().rank(items)
    assert isinstance(trouble, Trouble)
    assert "no finite" in trouble.message
    assert isinstance(fine, Logliks)


def test_a_choice_that_melts_into_its_context_is_trouble(server: Server) -> None:
    server.says = words
    trouble = next(server.open().rank([Ranking(item_id="x", pairs=(("Q: ab", "cd"),))]))[0]
    assert isinstance(trouble, Trouble)


def generated_only(path: str, body: dict[str, Any]) -> Reply:
    """What llama.cpp's server does: the prompt is not echoed, and only the new token has a number."""
    reply = echo(body, [" and"], [-0.5])[1]
    reply["choices"][0]["text"] = " and"
    return 200, reply


def no_logprobs(path: str, body: dict[str, Any]) -> Reply:
    reply = words(path, body)[1]
    reply["choices"][0]["logprobs"] = None
    return 200, reply


@pytest.mark.parametrize(
    "says",
    [
        no_logprobs,
        generated_only,
        lambda path, body: echo(body, [" and"], [-0.5]),
        lambda path, body: (200, {"choices": []}),
        lambda path, body: (400, {"error": {"message": "echo is not supported"}}),
        lambda path, body: (404, {"error": {"message": "no such path"}}),
        lambda path, body: (500, "logits_all is False"),
    ],
)
def test_a_server_that_cannot_score_a_given_text_is_told_before_the_first_item(server: Server, says: Says) -> None:
    server.says = says
    with pytest.raises(Unsupported, match=r"m at 127\.0\.0\.1:\d+ cannot give the log-probability.*gsm8k"):
        list(server.open().rank([PROBE]))


def test_a_server_that_is_gone_before_ranking_is_not_called_unable(server: Server) -> None:
    model = server.open()
    server.stop()
    with pytest.raises(Unreachable):
        list(model.rank([PROBE]))


# ---- numbers that cannot be


def usage(**told: Any) -> Reply:
    status, body = chat("#### 7")
    return status, body | {"usage": told}


@pytest.mark.parametrize("tokens", [-1, -(10**30), 10**9, 1.5, 1e300, math.nan, math.inf, True, "42", [42], {"n": 1}])
def test_a_count_of_tokens_that_cannot_be_is_trouble_and_no_answer(server: Server, tokens: Any) -> None:
    server.says = lambda path, body: usage(total_tokens=tokens)
    trouble = only(write(server.open()))
    assert isinstance(trouble, Trouble)
    assert trouble.reason == "endpoint"
    assert "tokens, which cannot be" in trouble.message


@pytest.mark.parametrize("told", [{}, {"total_tokens": 0}, {"total_tokens": None}])
def test_an_untold_count_of_tokens_is_none(server: Server, told: dict[str, Any]) -> None:
    server.says = lambda path, body: usage(**told)
    assert only(write(server.open())).tokens == 0


@pytest.mark.parametrize("reason", [7, ["stop"], {"type": "stop"}, True])
def test_an_ending_that_is_no_word_is_trouble(server: Server, reason: Any) -> None:
    server.says = lambda path, body: chat("#### 7", reason)
    assert isinstance(only(write(server.open())), Trouble)


def test_a_text_longer_than_any_answer_is_trouble(server: Server) -> None:
    for length in (2_000_000, 30_000_000):
        server.says = lambda path, body, length=length: chat("7" * length)
        trouble = only(write(server.open()))
        assert isinstance(trouble, Trouble)
        assert "does not stop" in trouble.message or "more than an answer needs" in trouble.message


def test_a_list_of_models_of_30_megabytes_is_not_read(server: Server) -> None:
    server.models = (200, {"data": [{"id": f"model-{n}", "about": "x" * 1000} for n in range(30_000)]})
    model = server.open()
    assert only(write(model)).text == "#### 7"
    assert model._client.listed == []


@pytest.mark.parametrize("wrong", [0.1, 1e-5, 7, math.inf, -9999.0, -1e300, -(10**400), True, "-1", [-1.0], {"p": 1}])
def test_a_log_probability_that_cannot_be_is_trouble_and_never_a_score(server: Server, wrong: Any) -> None:
    def odd(path: str, body: dict[str, Any]) -> Reply:
        status, reply = words(path, body)
        if body["prompt"].endswith("odd"):
            reply["choices"][0]["logprobs"]["token_logprobs"][-2] = wrong
        return status, reply

    server.says = odd
    pairs = (("Q: sky?", " fine"), ("Q: sky?", " odd"))
    (trouble,), (fine,) = server.open().rank([Ranking(item_id="x", pairs=pairs), Ranking(item_id="y", pairs=pairs[:1])])
    assert isinstance(trouble, Trouble)
    assert trouble.reason == "endpoint"
    assert "which cannot be" in trouble.message or "told no finite log-probability" in trouble.message
    assert isinstance(fine, Logliks)
    assert fine.sums == (-4.0,)


def test_a_log_probability_that_rounding_put_above_0_is_0(server: Server) -> None:
    def rounded(path: str, body: dict[str, Any]) -> Reply:
        status, reply = words(path, body)
        reply["choices"][0]["logprobs"]["token_logprobs"][-2] = 5e-7
        return status, reply

    server.says = rounded
    outcome = next(server.open().rank([Ranking(item_id="x", pairs=(("Q: sky?", " sure"),))]))[0]
    assert isinstance(outcome, Logliks)
    assert outcome.sums == (0.0,)


@pytest.mark.parametrize("written", [-1, -5, 99, 1.0, "1", None, True])
def test_a_count_of_written_tokens_that_cannot_be_shifts_no_choice(server: Server, written: Any) -> None:
    def odd(path: str, body: dict[str, Any]) -> Reply:
        status, reply = words(path, body)
        if body["prompt"].endswith("blue"):
            reply["usage"]["completion_tokens"] = written
        return status, reply

    server.says = odd
    outcome = next(server.open().rank([Ranking(item_id="x", pairs=(("Q: sky?", " is blue"),))]))[0]
    assert isinstance(outcome, Trouble)


def test_three_answers_in_a_row_that_come_too_late_leave_the_battle_for_later(server: Server) -> None:
    def slow(path: str, body: dict[str, Any]) -> Reply:
        time.sleep(0.6)
        return chat("late")

    server.says = slow
    with pytest.raises(Unreachable, match="resumed"):
        list(server.open(deadline=0.2).write(prompts(9), RULE))
    assert len(server.asked) == 3
