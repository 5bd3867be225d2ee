"""The one seam to an OpenAI-compatible server: text in pieces, answers in a closed form, and a check of both.

Chat completions, because all such servers have them. What a server sends is not trusted; the key goes into a
header only. openai and instructor take two seconds to import, so the first `Server` does it: a page without an
endpoint never pays.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from engine import CallerMistake
from tutor.errors import EndpointFailure

OPENAI = "https://api.openai.com/v1"
ADDRESS = re.compile(r"https?://(?:[\w.-]+|\[[\da-f:]+\])(?::(?P<port>\d{1,5}))?(?:/[\w.~%/-]*)?", re.I)
MODES = ("JSON_SCHEMA", "TOOLS", "JSON", "MD_JSON")  # ways to ask for a form, the most binding first
INCAPABLE = {400, 404, 405, 415, 422, 500, 501}  # what a server says to a way of asking that it does not know
SILENT, TIMED_OUT = 0, 1  # what stands for a status when there was none
LONGEST = 20_000  # characters of one reply; who writes more has lost the limit, not found more to say
PROBE_TOKENS = 300  # so that a small server that only rambles is done before it counts as silent
STEPS = ("address", "key", "model", "chat", "stream", "schema")
PROBLEMS: dict[int | str, str] = {  # by status, or by step when the status was fine
    SILENT: "{url} does not answer ({said}). Check that it runs, and that OPENAI_BASE_URL is right.",
    TIMED_OUT: "{host} did not answer within {said}. Check that it runs, or try a smaller model.",
    401: "{host} refuses the key in OPENAI_API_KEY (401). Set OPENAI_API_KEY to one it takes.",
    402: "{host} wants to be paid for {model} (402: {said}). Check the key's account.",
    403: "{host} does not let this key use {model} (403: {said}). Check what the key may do.",
    404: "{host} does not serve {model} (404: {said}). Set TUTOR_MODEL to one it serves, and check OPENAI_BASE_URL; "
    "most end in /v1.",
    429: "{host} has had too many requests (429: {said}). Wait a little, or check the key's quota.",
    "other": "{host} answered {status}: {said}. Try again; its own log may say more.",
    "chat": "{url} answered, but not as this API does ({said}). Check OPENAI_BASE_URL; most end in /v1.",
    "stream": "{model} at {host} broke off in its reply ({said}). Send the message again.",
    "schema": "{model} at {host} did not fill in the form it was asked for ({said}). Try another model.",
}

Messages = Sequence[Mapping[str, str]]
Form = TypeVar("Form", bound=BaseModel)

HELLO: Messages = [{"role": "user", "content": "Say hello in one short sentence."}]
PROBE: Messages = [{"role": "user", "content": "A box has 3 red and 4 white balls: how many? Fill in any ticket."}]


class Probe(BaseModel):
    """A form whose answer proves two things: nobody writes such a ticket unread, nor counts the balls unasked."""

    ticket: Literal["k7-amber", "k7-cobalt"]
    balls: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the tutor's model is. Raises CallerMistake for what is no address, no model or no key; shows no key."""

    url: str
    model: str
    key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        found = ADDRESS.fullmatch(self.url)
        if not found or int(found["port"] or 80) not in range(1, 1 << 16):
            shown = "not shown, it may hold a secret" if set(self.url) & set("@?#") else repr(self.url)
            raise CallerMistake(f"OPENAI_BASE_URL ({shown}) must be a bare address, such as http://127.0.0.1:8000/v1.")
        if not self.model.strip():
            raise CallerMistake(f"TUTOR_MODEL is {self.model!r}. Set it to a name that {self.host} knows.")
        if not (self.key.isascii() and self.key.isprintable()):
            raise CallerMistake("OPENAI_API_KEY holds characters that no key has (not shown). Set it again.")

    @property
    def host(self) -> str:
        """Host and port, for people."""
        return urlsplit(self.url).netloc

    @classmethod
    def configured(cls, secrets: Mapping[str, object] | None = None) -> Endpoint | None:
        """The endpoint of the environment, each value else from `secrets`; None unless TUTOR_MODEL is set.

        A key alone is not consent: many have one in their shell for other work, and learners' texts would go out.
        Raises CallerMistake for a value that cannot be one.
        """
        model = _setting("TUTOR_MODEL", secrets)
        if not model:
            return None
        url = _setting("OPENAI_BASE_URL", secrets) or OPENAI
        return cls(url=url, model=model, key=_setting("OPENAI_API_KEY", secrets))


class Server:
    """A model behind an endpoint. One request at a time.

    `timeout`: seconds without a byte until the server counts as silent; a connection has five.
    `retries`: how often openai asks again, after a pause, what may pass: 408, 409, 429, 5xx, a silence.
    """

    def __init__(self, endpoint: Endpoint, *, timeout: float = 30.0, retries: int = 2) -> None:
        import openai

        self.endpoint, self.model, self._timeout = endpoint, endpoint.model, timeout
        self._client = openai.OpenAI(
            api_key=endpoint.key or "none",
            base_url=endpoint.url,
            timeout=openai.Timeout(timeout, connect=min(timeout, 5.0)),
            max_retries=retries,
        )
        self._refused: set[str] = set()  # limits that this model does not take under their common name

    def stream(self, messages: Messages, max_tokens: int = 400, temperature: float = 0.3) -> Iterator[str]:
        """The reply piece by piece, as it is written.

        Raises, when iterated:
            EndpointFailure: step "chat" before the first byte; step "stream" when the reply breaks off without an
                end, is empty, filtered or endless. Pieces given before stay the caller's to drop.
        """
        chunks = iter(self._create(messages, max_tokens, temperature, stream=True))
        written, ending = "", None
        while True:
            piece = ""
            try:  # around `next` alone: what goes wrong at the caller's is not the server's
                chunk = next(chunks, None)
                if chunk is None:
                    break
                for choice in chunk.choices[:1]:  # a chunk may tell the usage and nothing else
                    piece, ending = _text(choice.delta.content), choice.finish_reason or ending
            except Exception as error:  # httpx's own errors come through here as they are, JSON's too
                raise self._failure("stream", error) from None
            written += piece
            if len(written) > LONGEST:
                raise _Failure("stream", f"{self.endpoint.model} does not stop: {len(written):,} characters so far.")
            if piece:
                yield piece
        self._check_end("stream", written, ending)

    def reply(self, messages: Messages, max_tokens: int = 400, temperature: float = 0.3) -> str:
        """The whole reply at once.

        Raises:
            EndpointFailure: step "chat": no reply, or an empty or filtered one.
        """
        completion = self._create(messages, max_tokens, temperature)
        try:
            choice = completion.choices[0]
            text, ending = _text(choice.message.content), choice.finish_reason or "stop"
        except Exception as error:  # nobody vouches for the shape of a reply
            raise self._failure("chat", error) from None
        self._check_end("chat", text, ending)
        return text

    def structured(
        self, kind: type[Form], messages: Messages, mode: str, again: int = 1, max_tokens: int = 800
    ) -> Form:
        """An answer in the form `kind`, asked for in one of `MODES`, and `again` with the reason when it does not fit.

        Raises:
            EndpointFailure: step "chat" without an answer (silence, an error status), "schema" without a fitting one.
            CallerMistake: there is no such mode.
        """
        if mode not in MODES:
            raise CallerMistake(f"There is no mode {mode!r}. There are {', '.join(MODES)}.")
        import instructor

        # It logs whole errors, and a server may have echoed the key into one.
        logging.getLogger("instructor").setLevel(logging.CRITICAL)
        client = instructor.from_openai(self._client, mode=instructor.Mode[mode])
        asked: list[Any] = [dict(message) for message in messages]

        given = {"model": self.endpoint.model, "response_model": kind, "messages": asked, "max_retries": again}
        ask = partial(client.chat.completions.create, **given)
        try:
            answer: Form = self._fitted(ask, max_tokens=max_tokens, temperature=0.0)
            return answer
        except Exception as error:  # instructor wraps some, lets others through: a refusal is an AssertionError
            raise self._failure("chat" if _from_server(error) else "schema", error) from None

    def mode(self, remember: MutableMapping[str, str] | None = None) -> str | None:
        """The first of `MODES` in which this server fills in a small form rightly; None: in none of them.

        Each is tried once, because servers exist that ignore a schema without a word. `remember` holds answers by
        model and address ("" for none) and is kept up to date; the caller may keep it on disk.

        Raises:
            EndpointFailure: the server is out, so nothing is known and nothing is remembered.
        """
        place, known = f"{self.endpoint.model}@{self.endpoint.url}", {} if remember is None else remember
        if known.get(place) not in (*MODES, ""):
            known[place] = self._probed()
        return known[place] or None

    def _probed(self) -> str:
        for mode in MODES:
            try:
                if self.structured(Probe, PROBE, mode, again=0, max_tokens=PROBE_TOKENS).balls == 7:
                    return mode
            except _Failure as failure:
                # MD_JSON is a plain chat: whoever refuses even that is out, not merely without forms
                if failure.step != "schema" and (failure.status not in INCAPABLE or mode == MODES[-1]):
                    raise
        return ""

    def _create(self, messages: Messages, max_tokens: int, temperature: float, **more: Any) -> Any:
        asked: list[Any] = [dict(message) for message in messages]
        ask = partial(self._client.chat.completions.create, model=self.endpoint.model, messages=asked, **more)
        try:
            return self._fitted(ask, max_tokens=max_tokens, temperature=temperature)
        except Exception as error:  # also what httpx and json make of a reply that is none
            raise self._failure("chat", error) from None

    def _fitted(self, ask: Callable[..., Any], **limits: Any) -> Any:
        """Models that reason want `max_completion_tokens` and a temperature of their own, and refuse ours by name."""
        while True:
            given = {name: value for name, value in limits.items() if name not in self._refused}
            if "max_tokens" in self._refused:
                given["max_completion_tokens"] = limits["max_tokens"]
            try:
                return ask(**given)
            except Exception as error:
                refused = getattr(_from_server(error), "param", None)
                if refused not in given or refused not in limits:
                    raise
                self._refused.add(refused)

    def _check_end(self, step: str, written: str, ending: str | None) -> None:
        if ending == "content_filter":
            what = "did not finish: its content filter stepped in. Say it in other words."
        elif ending is None:
            what = f"broke off after {len(written)} characters. Send the message again."
        elif written.strip():
            return
        else:
            spent = ", all its tokens spent before the first word" if ending == "length" else ""
            what = f"wrote an empty reply{spent}. Send the message again, or try another model."
        raise _Failure(step, f"{self.endpoint.model} at {self.endpoint.host} {what}")

    def _failure(self, step: str, error: Exception) -> _Failure:
        """What went wrong, in words that hold the server's own but never the key."""
        import openai

        endpoint, cause, status = self.endpoint, _from_server(error), 200
        if isinstance(cause, openai.APITimeoutError):
            said, status = f"{self._timeout:g} s", TIMED_OUT
        elif isinstance(cause, openai.APIConnectionError):
            said, status = str(cause.__cause__ or cause), SILENT
        elif isinstance(cause, openai.APIStatusError):
            body = cause.body if isinstance(cause.body, dict) else {}
            said, status = str(body.get("message") or body.get("detail") or cause.message), cause.status_code
        elif step == "schema":
            said = _misfit(error)
        else:
            said = cause.message if cause else f"{type(error).__name__}: {error}"
        words = PROBLEMS.get(step if status == 200 else status, PROBLEMS["other"])
        if status == 401 and not endpoint.key:
            words = "{host} wants a key (401). Set OPENAI_API_KEY to one it takes."
        facts = {"host": endpoint.host, "url": endpoint.url, "model": endpoint.model, "status": status}
        return _Failure(step, words.format(said=self.plain(said).rstrip("."), **facts), status)

    def plain(self, words: str) -> str:
        """A server's words fit for a message: one line of at most 200 characters, without the key."""
        key = self.endpoint.key
        safe = words.replace(key, "[key]") if key else words
        return " ".join("".join(letter if letter.isprintable() else " " for letter in safe).split())[:200]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing looked at: address, key, model, chat, stream or schema. `said` is for people; it took `seconds`."""

    name: str
    passed: bool
    said: str
    seconds: float


def check(endpoint: Endpoint, remember: MutableMapping[str, str] | None = None) -> Iterator[Step]:
    """The steps from address to schema, each as soon as it is known, up to the first that fails; no server raises.

    The mode is asked for afresh and noted in `remember` (see Server.mode). Without it only the judge is missing.
    """
    visit = _Visit(Server(endpoint, retries=1), {} if remember is None else remember)
    for name in STEPS:
        started = time.perf_counter()
        try:
            said, passed = getattr(visit, name)(), True
        except EndpointFailure as failure:
            said, passed = str(failure), False
        yield Step(name=name, passed=passed, said=said, seconds=time.perf_counter() - started)
        if not passed:
            return


class _Failure(EndpointFailure):
    """With the status, for those in this module who decide by it; 200 when the trouble came after."""

    def __init__(self, step: str, message: str, status: int = 200) -> None:
        super().__init__(step, message)
        self.status = status


class _Visit:
    """The looks that `check` takes; each tells what it saw or raises EndpointFailure."""

    def __init__(self, server: Server, remember: MutableMapping[str, str]) -> None:
        self.server, self.endpoint, self.remember = server, server.endpoint, remember
        self.listed: list[str] = []
        self.hello: _Failure | None = None

    def address(self) -> str:
        """Any answer will do: a list of models is optional, and some give it to anyone."""
        try:
            self.listed = [str(model.id) for model in self.server._client.models.list().data]
        except Exception as error:
            failure = self.server._failure("address", error)
            if failure.status in (SILENT, TIMED_OUT):
                raise failure from None
        return f"{self.endpoint.host} answers."

    def key(self) -> str:
        """One token: the smallest request that needs a key and the model."""
        try:
            self.server._create(HELLO, max_tokens=1, temperature=0.0)
        except _Failure as failure:
            self.hello = failure
            if failure.status in (401, 403):
                raise
        return "The key is not refused." if self.endpoint.key else "No key is set, and none is asked for."

    def model(self) -> str:
        lists = self.server.plain(", ".join(self.listed))
        if self.endpoint.model in self.listed:
            return f"{self.endpoint.model} is listed."
        if self.hello is not None:
            raise EndpointFailure("model", f"{self.hello} It lists {lists}." if lists else str(self.hello))
        return f"{self.endpoint.model} answers, though the server does not list it."

    def chat(self) -> str:
        return f"It wrote “{self.server.plain(self.server.reply(HELLO, max_tokens=200))[:80]}”."

    def stream(self) -> str:
        started, first, pieces = time.perf_counter(), 0.0, 0
        for _ in self.server.stream(HELLO, max_tokens=200):
            first = first or time.perf_counter() - started
            pieces += 1
        return f"The first of {pieces} pieces came after {first:.2f} s."

    def schema(self) -> str:
        fresh: dict[str, str] = {}
        try:
            mode = self.server.mode(fresh)
        except EndpointFailure as failure:
            raise EndpointFailure("schema", f"{failure} Until then the judge stays local.") from None
        self.remember.update(fresh)
        if mode is None:
            problem = f"{self.endpoint.model} fills in no form, asked by {', '.join(MODES)}. The judge stays local."
            raise EndpointFailure("schema", problem)
        return f"It fills in forms, asked by {mode}."


def _setting(name: str, secrets: Mapping[str, object] | None) -> str:
    value: object = os.environ.get(name, "").strip()
    if not value and secrets is not None:
        with suppress(FileNotFoundError):  # st.secrets without a file raises this at the first look
            value = secrets.get(name, "")
    if not isinstance(value, str):
        raise CallerMistake(f"The secret {name} is of type {type(value).__name__} (not shown). Write it as a text.")
    return value.strip()


def _text(piece: Any) -> str:
    """None is no text, and half a surrogate pair becomes a question mark. TypeError for what is not a text."""
    return str.encode(piece or "", errors="replace").decode()


def _from_server(error: BaseException | None) -> Any:
    """The openai error behind an error (instructor wraps them), else None."""
    import openai

    while error is not None and not isinstance(error, openai.APIError):
        error = error.__cause__
    return error


def _misfit(error: BaseException) -> str:
    """Why an answer does not fit: the place and the rule; not the answer, which may be the learner's words."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg']}" if place else first["msg"]
    return str(error)
