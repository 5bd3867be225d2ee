"""Any OpenAI-compatible server behind the `Model` seam: chat completions to write, echoed texts to rank.

Rankings are those of lm-eval's local-completions: the server reads context and choice as one text and tells
the log-probability of each token. As many tokens as the context has on its own are the context's, so one that
straddles the seam is not scored. They are counted because servers differ in offsets (vLLM's include BOS), and
one is always written and dropped because to some a limit of 0 means none (llama-cpp-python).

One request at a time. What a server sends is stored and not trusted; the key goes into a header only.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import openai

from engine.errors import Unreachable, Unsupported
from engine.harness.config import Decoding
from engine.harness.prompt import Asked, Conversation, Turn
from engine.models.interface import Completion, Logliks, Prompt, Ranking, Trouble
from engine.models.registry import ModelCard

MAX_STOPS = 4  # stop strings the API takes; texts are cut at all of them here
PATIENCE = 3  # items in a row that may meet an outage before the battle is left for later
OUTAGE = {402, 403, 408, 409, 429, *range(500, 600)}  # the server's state, not the item's fault
PROBE = Ranking(item_id="probe", pairs=(("The sky is", " blue today"),))

Request = TypeVar("Request", Prompt, Ranking)
Answer = TypeVar("Answer", Completion, Logliks)


class _AskError(Exception):
    """A request that came to nothing, retries included; `status` is what HTTP said."""

    def __init__(self, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.status = status


def open_endpoint(card: ModelCard) -> EndpointModel:
    """Raises Unreachable unless the server answers, takes the key and knows the model."""
    return EndpointModel(card)


class EndpointModel:
    """See `engine.models.interface.Model`. The openai package retries what may pass, with growing pauses."""

    def __init__(self, card: ModelCard, *, timeout: float = 60.0, retries: int = 4) -> None:
        self.name, self.url, self.host = card.title, card.location, urlsplit(card.location).netloc
        self._key = os.environ.get("OPENAI_API_KEY", "").strip()
        if not (self._key.isascii() and self._key.isprintable()):
            raise Unreachable("OPENAI_API_KEY holds characters that no key has. Set it again.")
        key = self._key or "none"
        self._client = openai.OpenAI(api_key=key, base_url=self.url, timeout=timeout, max_retries=retries)
        self.environment = {
            "weights": f"served as {self.name}",
            "device": self.host,
            "dtype": "the server's",
            "scoring": "texts by chat completions, choices by echoed log-probabilities",
            "openai": openai.__version__,
        }
        self.notices: list[str] = []
        self._outages, self._ranks = 0, False
        self._listed: list[str] = []
        self._knock()

    def _knock(self) -> None:
        """Servers may list no models, or others than they take: a request for one token settles it."""
        door = self._client.with_options(max_retries=0)
        with contextlib.suppress(_AskError):
            self._listed = self._ask(lambda model: door.models.list(), lambda page: [m.id for m in page.data])
        if self.name not in self._listed:
            hello = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
            try:
                self._ask(door.chat.completions.create, lambda reply: reply.choices, **hello)
            except _AskError as error:
                if error.status in (200, 403, 404, 503):
                    raise Unreachable(str(error)) from None

    def write(
        self, items: Sequence[Prompt], decoding: Decoding, skip: Collection[str] = ()
    ) -> Iterator[list[Completion | Trouble]]:
        return self._each(items, skip, lambda item: self._completion(item, decoding))

    def rank(self, items: Sequence[Ranking], skip: Collection[str] = ()) -> Iterator[list[Logliks | Trouble]]:
        if not self._ranks:
            try:
                self._logliks(PROBE)
            except _AskError as error:
                if error.status in (402, 429, 503):
                    raise Unreachable(str(error)) from None
                raise Unsupported(
                    f"{self.name} at {self.host} cannot give the log-probability of a given text, which "
                    "ranking tasks need; use a task whose answer is written, such as gsm8k, or a local model."
                ) from None
            self._ranks = True
        if any(isinstance(before, Conversation) for item in items for before, _ in item.pairs):
            raise Unsupported(
                f"{self.name} at {self.host} keeps its template to itself, so choices cannot be ranked in it. "
                "Use the plain template, or a local model."
            )
        yield from self._each(items, skip, self._logliks)

    def _each(
        self, items: Sequence[Request], skip: Collection[str], answer: Callable[[Request], Answer]
    ) -> Iterator[list[Answer | Trouble]]:
        """One item a batch. In an outage they are held back: those it ends with will be asked again."""
        held: list[Answer | Trouble] = []
        for item in items:
            if item.item_id in skip:
                continue
            try:
                held.append(answer(item))
                self._outages = 0
            except _AskError as error:
                held.append(Trouble(item_id=item.item_id, reason="endpoint", message=str(error)))
                self._outages = self._outages + 1 if error.status in OUTAGE else 0
                if error.status == 404 or self._outages >= PATIENCE:
                    self._outages = 0
                    raise Unreachable(f"{error} The battle can be resumed once that is mended.") from None
            if not self._outages:
                yield held
                held = []
        if held:
            yield held

    def _completion(self, item: Prompt, decoding: Decoding) -> Completion:
        started = time.perf_counter()
        stops = [] if decoding.after else [stop for stop in decoding.until if stop]
        text, limited, used = self._ask(
            self._client.chat.completions.create,
            _written,
            messages=_messages(item.text),
            temperature=decoding.temperature,
            max_tokens=decoding.max_tokens,
            stop=stops[:MAX_STOPS] or None,
            **_template(item.text),
        )
        took = time.perf_counter() - started
        cut = decoding.end(text)
        limited = limited and cut is None
        return Completion(item_id=item.item_id, text=text[:cut], truncated=limited, tokens=used, seconds=took)

    def _logliks(self, item: Ranking) -> Logliks:
        started = time.perf_counter()
        asked = {"max_tokens": 1, "temperature": 0.0, "echo": True, "logprobs": 1}
        pairs = [(str(before), choice) for before, choice in item.pairs]
        texts = [text for before, choice in pairs for text in (before.rstrip(), before + choice)]
        told: dict[str, list[float]] = {}
        for text in dict.fromkeys(texts):
            echo, told[text] = self._ask(self._client.completions.create, _echoed, prompt=text, **asked)
            if not echo.startswith(text):
                raise _AskError(f"{self.host} did not read the text it was given, only went on from it.")
        scored = [told[before + choice][len(told[before.rstrip()]) :] for before, choice in pairs]
        sums = tuple(sum(part) if part else math.nan for part in scored)
        if not all(map(math.isfinite, sums)):
            raise _AskError(f"{self.host} told no finite log-probability for a choice.")
        took, used = time.perf_counter() - started, sum(map(len, told.values()))
        return Logliks(item_id=item.item_id, sums=sums, tokens=used, seconds=took)

    def _ask(self, create: Callable[..., Any], read: Callable[[Any], Any], **asked: Any) -> Any:
        """What `read` finds in the reply, whose shape nobody vouches for."""
        try:
            return read(create(model=self.name, **asked))
        except openai.AuthenticationError:
            problem = "refuses the key in OPENAI_API_KEY" if self._key else "wants a key"
            raise Unreachable(f"{self.url} {problem} (401). Set OPENAI_API_KEY to one it takes.") from None
        except openai.NotFoundError:
            lists = f", but {self._plain(', '.join(map(str, self._listed)))}" if self._listed else ""
            problem, status = f"{self.url} does not serve {self.name!r}{lists} (404).", 404
        except openai.APIStatusError as error:
            said = error.body.get("message") if isinstance(error.body, dict) else error.message
            problem = f"{self.host} answered {error.status_code}: {self._plain(str(said))}"
            raise _AskError(problem, error.status_code) from None
        except openai.APIConnectionError as error:
            cause = self._plain(str(error.__cause__ or error))
            problem, status = f"{self.url} does not answer ({cause}).", 503  # as a gateway would put it
        except (openai.APIError, ValueError, AttributeError, IndexError, TypeError):
            problem, status = f"{self.url} answered, but not as this API does.", 200
        raise _AskError(f"{problem} Check that it runs and the address is right (most end in /v1).", status)

    def _plain(self, words: str) -> str:
        """A server's words fit for a message: one short line, without the key should it echo that."""
        safe = words.replace(self._key, "[key]") if self._key else words
        return " ".join("".join(letter if letter.isprintable() else " " for letter in safe).split())[:200]


def _messages(asked: Asked) -> list[dict[str, str]]:
    turns = asked.turns if isinstance(asked, Conversation) else (Turn("user", asked),)
    return [{"role": turn.role, "content": turn.content} for turn in turns]


def _template(asked: Asked) -> dict[str, Any]:
    """What vLLM, SGLang and llama.cpp take to switch a model's reasoning; nothing is sent where nobody chose."""
    if isinstance(asked, Conversation) and asked.thinking is not None:
        return {"extra_body": {"chat_template_kwargs": {"enable_thinking": asked.thinking}}}
    return {}


def _written(reply: Any) -> tuple[str, bool, int]:
    """The text, whether it ran into the token limit, tokens read and written."""
    choice, used = reply.choices[0], getattr(reply.usage, "total_tokens", 0)
    if choice.finish_reason == "content_filter" or choice.message.refusal:
        raise _AskError("The server refused to answer (content filter).")
    if not isinstance(choice.message.content, str):
        raise _AskError("The server answered without a text.")
    text = choice.message.content.encode(errors="replace").decode()  # half a surrogate pair cannot be shown
    return text, choice.finish_reason == "length", int(used or 0)


def _echoed(reply: Any) -> tuple[str, list[float]]:
    """A text and the log-probability of each of its tokens (the first has none), without what was added."""
    listed = [math.nan if each is None else float(each) for each in reply.choices[0].logprobs.token_logprobs]
    return str(reply.choices[0].text), listed[: len(listed) - reply.usage.completion_tokens]
