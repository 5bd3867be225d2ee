"""The one client of servers with OpenAI's API: replies, streams, structured answers, log-probabilities of a text.

Chat completions, because all such servers have them, except where given tokens are scored. What a server sends is not
trusted: it gets a time and a size, and a number that cannot be is a failure. The key goes into a header only
(`transport.py`). openai and instructor take two seconds to import: that waits for first use.
"""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from engine.errors import CallerMistake, EngineError, Unreachable
from engine.models import interruption
from engine.models.address import OPENAI_KEY

Messages = Sequence[Mapping[str, str]]
Form = TypeVar("Form")  # a pydantic model
Asked = TypeVar("Asked")

STRUCTURED_MODES = ("JSON_SCHEMA", "TOOLS", "JSON", "MD_JSON")  # ways to ask for a form, the most binding first
LONGEST = 20_000  # characters of one streamed reply; who writes more has lost the limit, not found more to say
LONGEST_TEXT = 1_000_000  # characters of one whole reply
MOST_TOKENS = 10_000_000  # read and written for one reply
ROUNDING = 1e-6  # by which a log-probability may be above 0
UNKNOWN_LOGPROB = -9_999.0  # the API's own number for "less than can be told"
MAY_PASS = {408, 409, 429}  # statuses that are asked again, beside 5xx
LONGEST_PAUSE = 60.0  # seconds that a server may ask to be left alone before the next attempt
CHECK = "Check that it runs and the address is right (most end in /v1)."
SENTENCES: Mapping[int | str, str] = {  # by status, by the lack of one, or by step where the status was fine
    "silent": "{url} does not answer ({message}). " + CHECK,
    "timed_out": "{url} does not answer ({message}). " + CHECK,
    "too_large": "{model} at {host} sent more than an answer needs ({message}); the rest was not read.",
    "unproved": "{url} gives no answer as this API does, or is on a network that may not be asked (docs/endpoints.md "
    "says how to allow it). " + CHECK,
    300: "{host} points to another address ({status}), which is not followed. Give that address instead.",
    401: "{url} {refusal} (401). Set {variable} to one it takes.",
    404: "{url} does not serve {model!r}{listed} (404). " + CHECK,
    "other": "{host} answered {status}: {message}",
    "no_key": "{url} wants a key (401), and none belongs to it: OPENAI_API_KEY goes to OPENAI_BASE_URL alone. Give the "
    "endpoint a name and a key of its own in endpoints.toml (docs/endpoints.md).",
    "invalid_key": "{variable} holds characters that no key has. Set it again.",
    "chat": "{url} answered, but not as this API does ({reason}). " + CHECK,
    "stream": "{model} at {host} broke off in its reply ({reason}). Send the message again.",
    "schema": "{model} at {host} did not fill in the form it was asked for ({reason}). Try another model.",
}


class Impossible(ValueError):
    """A server told something that no model can have done."""


class RequestFailure(EngineError):
    """A request that came to nothing, retries included.

    step     what was asked for: models, chat, stream, schema
    message  for people: the server's words without the key, and the way out
    status   HTTP's; 0 where no answer came, 200 where the trouble came after it
    """

    def __init__(self, step: str, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.step, self.status = step, status


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model by its server's name, behind an address. The key ("" for none) is shown nowhere.

    A subclass has the sentences and the error type of its side. Raises Unreachable for a key that cannot be one.

    key_variable  the environment variable that the key is from; empty where no key belongs to the address
    trusted       whether the operator configured the address: it may be a private one, and failures are told in detail
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    key_variable: str = OPENAI_KEY
    trusted: bool = False

    sentences: ClassVar[Mapping[int | str, str]] = SENTENCES
    failure: ClassVar[type[RequestFailure]] = RequestFailure

    def __post_init__(self) -> None:
        if not (self.key.isascii() and self.key.isprintable()):
            raise Unreachable(self.sentences["invalid_key"].format(variable=self.key_variable))

    @property
    def host(self) -> str:
        """Host and port, for people."""
        return urlsplit(self.url).netloc

    def without_key(self, words: str) -> str:
        """A server's words, which may repeat the key that it was sent."""
        return words.replace(self.key, "[key]") if self.key else words

    def redacted(self, words: str) -> str:
        """A server's words fit for a message: one line of at most 200 characters, without the key."""
        safe = self.without_key(words)
        return " ".join("".join(letter if letter.isprintable() else " " for letter in safe).split())[:200]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A chat completion: None for no text, `refused` by a filter or the model, tokens read and written (0: unknown)."""

    text: str | None
    finish_reason: str | None
    refused: bool
    tokens: int


class OpenAIClient:
    """Asks the model of one endpoint, one request at a time; fails with the endpoint's error type and sentences.

    endpoint  whose model is asked
    timeout   seconds without a byte until the server counts as silent
    connect   the same for a connection, where that is shorter
    deadline  seconds for a whole answer, all attempts together
    largest   bytes of one, the same
    retries   how often it is asked again, after growing pauses, what may pass: 408, 409, 429, 5xx, a silence
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout: float = 30.0,
        connect: float = 5.0,
        deadline: float = 60.0,
        largest: int = 2 << 20,
        retries: int = 2,
    ) -> None:
        import httpx2
        import openai

        from engine.models.transport import Transport

        self.endpoint, self._timeout = endpoint, openai.Timeout(timeout, connect=min(timeout, connect))
        self._deadline, self._largest, self._retries = deadline, largest, retries
        transport = Transport(endpoint.url, endpoint.key, trusted=endpoint.trusted)
        self._openai = openai.OpenAI(
            api_key="none",  # the transport has the key
            base_url=endpoint.url,
            timeout=self._timeout,
            max_retries=0,  # openai's pauses cannot be interrupted
            http_client=httpx2.Client(transport=transport, trust_env=False, follow_redirects=False),
        )
        self.listed: list[str] = []  # models, as `list_models` found them
        self._refused: set[str] = set()  # limits that this model does not take under their common name
        self._proved = endpoint.trusted  # it has answered as this API does; before that, nothing of it is told

    def with_retries(self, retries: int) -> OpenAIClient:
        """The same client with another number of retries."""
        client = copy(self)
        client._retries = retries
        return client

    def list_models(self) -> None:
        """Puts the names of the server's models into `listed`; it may take others. Raises RequestFailure."""
        with self._translated("models"):
            self.listed = [str(model.id) for model in self._attempts(self._openai.models.list).data]

    def ping(self) -> None:
        """The smallest request that needs both the key and the model: for one token. Raises RequestFailure."""
        with self._translated("chat"):
            _ = self._chat([{"role": "user", "content": "Hi"}], {"max_tokens": 1}).choices  # a web page has none

    def chat(self, messages: Messages, limits: Mapping[str, float] | None = None, /, **settings: Any) -> Reply:
        """A whole reply.

        messages  the conversation so far: role and content of each turn
        limits    `max_tokens` and `temperature`, which the model may want under another name or not at all
        settings  sent as they stand, as are the limits of a battle, which are part of its plan

        Raises RequestFailure, step "chat", without a reply of the API's shape.
        """
        with self._translated("chat"):
            completion = self._chat(messages, limits or {}, **settings)
            choice = completion.choices[0]
            finish_reason = _finish_reason(choice)
            refused = finish_reason == "content_filter" or bool(choice.message.refusal)
            content = None if refused else choice.message.content
            text = self.endpoint.without_key(_text(content)) if isinstance(content, str) else None
            tokens = _count(getattr(completion.usage, "total_tokens", 0) or 0, MOST_TOKENS)
        if text is not None and len(text) > LONGEST_TEXT:
            message = f"{self.endpoint.model} does not stop: {len(text):,} characters in one reply."
            raise self.endpoint.failure("chat", message)
        return Reply(text=text, finish_reason=finish_reason, refused=refused, tokens=tokens)

    def stream(self, messages: Messages, max_tokens: int = 400, temperature: float = 0.3) -> Iterator[str]:
        """A reply piece by piece, as it is written.

        messages, max_tokens, temperature  see `chat`

        Raises RequestFailure when iterated: step "chat" before the first byte; step "stream" when the reply breaks off
        without an end, is empty, filtered or endless. Pieces given before stay the caller's to drop.
        """
        allowance = self._allowance()
        with self._translated("chat", allowance):
            chunks = iter(self._chat(messages, {"max_tokens": max_tokens, "temperature": temperature}, stream=True))
        written, finish_reason, held_back = "", None, ""
        while True:
            piece = ""
            with self._translated("stream", allowance):  # `next` alone: the caller's own errors are not the server's
                if (chunk := next(chunks, None)) is None:
                    break
                for choice in chunk.choices[:1]:  # a chunk may tell the usage and nothing else
                    piece, finish_reason = _text(choice.delta.content), _finish_reason(choice) or finish_reason
            written += piece
            if len(written) > LONGEST:
                message = f"{self.endpoint.model} does not stop: {len(written):,} characters so far."
                raise self.endpoint.failure("stream", message)
            words = self.endpoint.without_key(held_back + piece)
            begun = _begun(self.endpoint.key, words)
            held_back, words = words[len(words) - begun :], words[: len(words) - begun]
            if words:
                yield words
        if held_back:
            yield held_back
        self.check_end("stream", written, finish_reason)

    def check_end(self, step: str, text: str, finish_reason: str | None) -> None:
        """Refuses a reply to be read that is filtered, broken off or empty.

        step           what was asked for, see `RequestFailure`
        text           the reply
        finish_reason  the server's word for how it ended; None for a reply that broke off

        Raises RequestFailure.
        """
        if finish_reason == "content_filter":
            problem = "did not finish: its content filter stepped in. Say it in other words."
        elif finish_reason is None:
            problem = f"broke off after {len(text)} characters. Send the message again."
        elif text.strip():
            return
        else:
            spent = ", all its tokens spent before the first word" if finish_reason == "length" else ""
            problem = f"wrote an empty reply{spent}. Send the message again, or try another model."
        raise self.endpoint.failure(step, f"{self.endpoint.model} at {self.endpoint.host} {problem}")

    def structured(
        self, form: type[Form], messages: Messages, mode: str, reasks: int = 1, max_tokens: int = 800
    ) -> Form:
        """An answer as an instance of a pydantic model, at temperature 0.

        form                  the model to fill in
        mode                  how it is asked for, one of STRUCTURED_MODES
        reasks                how often it is asked for again, with the reason, when the answer does not fit
        messages, max_tokens  see `chat`

        Raises RequestFailure, step "chat" without an answer, "schema" without a fitting one; CallerMistake for no mode.
        """
        if mode not in STRUCTURED_MODES:
            raise CallerMistake(f"There is no mode {mode!r}. There are {', '.join(STRUCTURED_MODES)}.")
        import instructor

        # It logs whole errors, and a server may have echoed the key into one.
        logging.getLogger("instructor").setLevel(logging.CRITICAL)
        client = instructor.from_openai(self._openai, mode=instructor.Mode[mode])
        with self._translated("schema"):
            limits = {"max_tokens": max_tokens, "temperature": 0.0}
            answer: Form = self._chat(messages, limits, client, response_model=form, max_retries=reasks)
        return answer

    def token_logprobs(self, text: str) -> list[float]:
        """The log-probability of each token of a given text, nan where there is none, as for the first.

        One token is written and dropped, because to some servers a limit of 0 means none (llama-cpp-python).
        Raises RequestFailure, step "chat", without an echo of the text and its numbers.
        """
        settings: dict[str, Any] = {"max_tokens": 1, "temperature": 0.0, "echo": True, "logprobs": 1}
        with self._translated("chat"):
            completion: Any = self._attempts(
                lambda: self._openai.completions.create(model=self.endpoint.model, prompt=text, **settings)
            )
            choice = completion.choices[0]
            logprobs = [_logprob(each) for each in choice.logprobs.token_logprobs]
            prompt_tokens = len(logprobs) - _count(completion.usage.completion_tokens, len(logprobs))
            echoed = str(choice.text).startswith(text)
        if not echoed:
            message = f"{self.endpoint.host} did not read the text it was given, only went on from it."
            raise self.endpoint.failure("chat", message)
        return logprobs[:prompt_tokens]

    def _chat(self, messages: Messages, limits: Mapping[str, float], client: Any = None, **settings: Any) -> Any:
        """Models that reason want `max_completion_tokens` and a temperature of their own, and refuse ours by name."""
        turns = [dict(message) for message in messages]
        create: Any = (client or self._openai).chat.completions.create
        while True:
            sent = {name: value for name, value in limits.items() if name not in self._refused}
            if "max_tokens" in limits and "max_tokens" in self._refused:
                sent["max_completion_tokens"] = limits["max_tokens"]
            try:
                return self._attempts(partial(create, model=self.endpoint.model, messages=turns, **settings, **sent))
            except Exception as error:
                refused = getattr(_api_error(error), "param", None)
                if refused not in sent or refused not in limits:
                    raise
                self._refused.add(refused)

    def _attempts(self, ask: Callable[[], Asked]) -> Asked:
        """What comes of asking, again after a pause while what stands against it may pass and time is left."""
        from engine.models.transport import seconds_left

        for attempt in itertools.count():
            try:
                return ask()
            except Exception as error:
                pause = _pause(error, attempt)
                if attempt >= self._retries or pause is None or pause > seconds_left():
                    raise
                interruption.pause(pause)
        raise AssertionError

    def _allowance(self) -> Any:
        from engine.models.transport import Allowance

        return Allowance(self._deadline, self._largest)

    @contextmanager
    def _translated(self, step: str, allowance: Any = None) -> Iterator[None]:
        """A block in which answers come within the allowance, a new one unless it is given, and fail as `step`."""
        from engine.models.transport import spending

        try:
            with spending(allowance or self._allowance()):
                yield
        except Exception as error:  # httpx, json and instructor let others through than openai's; nor is a shape sure
            raise self._failure(step, error) from None
        self._proved = True

    def _failure(self, step: str, error: Exception) -> RequestFailure:
        """What went wrong, in a sentence that may hold the server's words but never the key."""
        import openai

        from engine.models.transport import DeadlinePassed, TooLarge

        endpoint, cause, status = self.endpoint, _api_error(error), 200
        step = "chat" if cause and step == "schema" else step  # there is no answer yet that could fit or not
        problem: int | str = step
        limit = _within(error, (DeadlinePassed, TooLarge))
        if limit is not None:
            status, message, problem = 0, str(limit), "too_large" if isinstance(limit, TooLarge) else "timed_out"
        elif isinstance(cause, openai.APIConnectionError):
            status, message = 0, str(cause.__cause__ or cause)
            problem = "timed_out" if isinstance(cause, openai.APITimeoutError) else "silent"
        elif isinstance(cause, openai.APIStatusError):
            body = cause.body if isinstance(cause.body, dict) else {}
            status, message = cause.status_code, str(body.get("message") or body.get("detail") or cause.message)
            problem = 300 if 300 <= status < 400 else status
            if status == 401 and not endpoint.key_variable:
                problem = "no_key"
            self._proved |= bool(body)
        elif step == "schema":
            message = _schema_violation(error)
        elif isinstance(error, Impossible):
            message = str(error)
        elif isinstance(error, (AttributeError, TypeError, LookupError)):
            message = "it has another shape"
        else:
            message = cause.message if cause else f"{type(error).__name__}: {error}"
        problem = problem if self._proved or problem == "schema" else "unproved"
        message, listed = endpoint.redacted(message), endpoint.redacted(", ".join(self.listed))
        facts: dict[str, Any] = {"host": endpoint.host, "url": endpoint.url, "model": endpoint.model, "status": status}
        facts |= {"message": message, "reason": message.rstrip("."), "variable": endpoint.key_variable}
        facts["timeout"] = f"{self._deadline if limit else self._timeout.read:g} s"
        facts["refusal"] = f"refuses the key in {endpoint.key_variable}" if endpoint.key else "wants a key"
        facts["listed"] = f", but {listed}" if listed else ""
        sentence = endpoint.sentences.get(problem, endpoint.sentences["other"])
        return endpoint.failure(step, sentence.format(**facts), status)


def _begun(key: str, words: str) -> int:
    """Characters at the end of the words with which the key begins: it may come in pieces."""
    return next((n for n in range(min(len(key) - 1, len(words)), 0, -1) if words.endswith(key[:n])), 0)


def _text(content: Any) -> str:
    """None is no text, and half a surrogate pair becomes a question mark. TypeError for what is not a text."""
    return str.encode(content or "", errors="replace").decode()


def _finish_reason(choice: Any) -> str | None:
    """How a reply ended, in the server's word, if it has one. Impossible for what is no word."""
    reason = choice.finish_reason
    if reason is not None and not isinstance(reason, str):
        raise Impossible(f"a finish_reason of type {type(reason).__name__}")
    return reason


def _count(number: Any, most: int) -> int:
    """A number of tokens. Impossible for one that cannot be."""
    if type(number) is not int or not 0 <= number <= most:
        raise Impossible(f"it told {_shown(number)} tokens, which cannot be")
    return number


def _logprob(number: Any) -> float:
    """A log-probability, nan for none. Impossible for one that cannot be."""
    if number is None:
        return math.nan
    if type(number) not in (int, float) or number > ROUNDING:
        raise Impossible(f"it told a log-probability of {_shown(number)}, which cannot be")
    return math.nan if number <= UNKNOWN_LOGPROB else min(float(number), 0.0)


def _shown(number: Any) -> str:
    return f"{number:.6g}" if type(number) in (int, float) and abs(number) < 1e300 else f"a {type(number).__name__} for"


def _pause(error: Exception, attempt: int) -> float | None:
    """Seconds until the next attempt; None after what will not pass."""
    import openai

    from engine.models.reach import OutOfReach
    from engine.models.transport import DeadlinePassed, Packed, TooLarge

    cause = _api_error(error)
    if _within(error, (DeadlinePassed, TooLarge, Packed, OutOfReach)):
        return None
    own = min(0.5 * 2**attempt, 8.0)
    if isinstance(cause, openai.APIStatusError) and (cause.status_code in MAY_PASS or cause.status_code >= 500):
        return min(_told_pause(cause.response.headers) or own, LONGEST_PAUSE)
    return own if isinstance(cause, openai.APIConnectionError) else None


def _told_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to be left alone; None where it says nothing that can be read."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if seconds > 0:
            return seconds
    return None


def _within(error: BaseException | None, kinds: tuple[type[BaseException], ...]) -> BaseException | None:
    """The error of one of these kinds that is behind an error, else None."""
    while error is not None and not isinstance(error, kinds):
        error = error.__cause__ or error.__context__
    return error


def _api_error(error: BaseException | None) -> Any:
    """The openai error behind an error (instructor wraps them), else None."""
    import openai

    while error is not None and not isinstance(error, openai.APIError):
        error = error.__cause__
    return error


def _schema_violation(error: BaseException) -> str:
    """Why an answer does not fit: the place and the rule; not the answer, which may be the learner's words."""
    from pydantic import ValidationError

    while error.__cause__ is not None:
        error = error.__cause__
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))
