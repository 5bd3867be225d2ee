"""Any OpenAI-compatible server as a `Model`: chat completions to write, echoed texts to rank.

Rankings are those of lm-eval's local-completions: the server reads context and choice as one text and tells the
log-probability of each token. As many tokens as the context has on its own are the context's, so one that straddles
the seam is not scored. They are counted because servers differ in offsets (vLLM's include BOS).
"""

from __future__ import annotations

import importlib.metadata
import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeVar

from engine.errors import CallerMistake, Unreachable, Unsupported
from engine.harness.config import Decoding
from engine.harness.prompt import Asked, Conversation, Turn
from engine.models.address import key_in
from engine.models.client import Endpoint, OpenAIClient, RequestFailure
from engine.models.interface import Completion, Logliks, Prompt, Ranking, Trouble
from engine.models.registry import NAMED, ModelCard

MAX_STOPS = 4  # stop strings the API takes; texts are cut at all of them here
MOST_OUTAGES = 3  # items in a row that may meet an outage before the battle is left for later
NO_SERVER = (0, 503)  # no answer, or a gateway's word for it
OUTAGE = {*NO_SERVER, 402, 403, 408, 409, 429, *range(500, 600)}  # the server's state, not the item's fault
LARGEST = 8 << 20  # bytes of an answer: the log-probabilities of a long prompt take some
PROBE = Ranking(item_id="probe", pairs=(("The sky is", " blue today"),))

Request = TypeVar("Request", Prompt, Ranking)
Answer = TypeVar("Answer", Completion, Logliks)


def open_endpoint(card: ModelCard) -> EndpointModel:
    """Raises Unreachable unless the server answers, takes the key and knows the model; CallerMistake without a key that
    the operator promised it."""
    return EndpointModel(card)


class EndpointModel:
    """See `engine.models.interface.Model`. A refused key always ends the battle; another failure is the item's.

    card      the address, the model's name there, and which key goes to it
    timeout   seconds without a byte until the server counts as silent
    deadline  seconds for a whole answer, all attempts together
    retries   how often a request is made again
    """

    def __init__(self, card: ModelCard, *, timeout: float = 60.0, deadline: float = 180.0, retries: int = 4) -> None:
        key = key_in(card.key_variable)
        if not key and card.key_variable and card.address.startswith(NAMED):
            raise CallerMistake(
                f"{card.address} is asked with the key in {card.key_variable}, which is not set. Set it before the app "
                "starts, or take key_env out of endpoints.toml."
            )
        endpoint = Endpoint(card.location, card.served, key, card.key_variable, card.trusted)
        client = OpenAIClient(endpoint, timeout=timeout, deadline=deadline, largest=LARGEST, retries=0)
        _check_served(client)
        self._client = client.with_retries(retries)
        self._label = f"{endpoint.model} at {endpoint.host}"
        self._outages, self._can_rank = 0, False
        self.environment = {
            "weights": f"served as {endpoint.model}",
            "device": endpoint.host,
            "dtype": "the server's",
            "scoring": "texts by chat completions, choices by echoed log-probabilities",
            "openai": importlib.metadata.version("openai"),
        }
        self.notices: list[str] = []

    def write(
        self, items: Sequence[Prompt], decoding: Decoding, skip: Collection[str] = ()
    ) -> Iterator[list[Completion | Trouble]]:
        return self._answer_each(items, skip, lambda item: self._completion(item, decoding))

    def rank(self, items: Sequence[Ranking], skip: Collection[str] = ()) -> Iterator[list[Logliks | Trouble]]:
        if not self._can_rank:
            try:
                self._logliks(PROBE)
            except RequestFailure as failure:
                if failure.status in (*NO_SERVER, 401, 402, 429):
                    raise Unreachable(str(failure)) from None
                raise Unsupported(
                    f"{self._label} cannot give the log-probability of a given text, which "
                    "ranking tasks need; use a task whose answer is written, such as gsm8k, or a local model."
                ) from None
            self._can_rank = True
        if any(isinstance(context, Conversation) for item in items for context, _ in item.pairs):
            raise Unsupported(
                f"{self._label} keeps its template to itself, so choices cannot be ranked in it. "
                "Use the plain template, or a local model."
            )
        yield from self._answer_each(items, skip, self._logliks)

    def _answer_each(
        self, items: Sequence[Request], skip: Collection[str], answer: Callable[[Request], Answer]
    ) -> Iterator[list[Answer | Trouble]]:
        """One item a batch. In an outage they are held back: those it ends with will be asked again."""
        pending: list[Answer | Trouble] = []
        for item in (item for item in items if item.item_id not in skip):
            try:
                pending.append(answer(item))
                self._outages = 0
            except RequestFailure as failure:
                if failure.status == 401:
                    raise Unreachable(str(failure)) from None
                pending.append(Trouble(item_id=item.item_id, reason="endpoint", message=str(failure)))
                self._outages = self._outages + 1 if failure.status in OUTAGE else 0
                if failure.status == 404 or self._outages >= MOST_OUTAGES:
                    self._outages = 0
                    raise Unreachable(f"{failure} The battle can be resumed once that is mended.") from None
            if not self._outages:
                yield pending
                pending = []
        if pending:
            yield pending

    def _completion(self, item: Prompt, decoding: Decoding) -> Completion:
        started = time.perf_counter()
        stops = [] if decoding.after else [stop for stop in decoding.until if stop]
        settings: dict[str, Any] = {"temperature": decoding.temperature, "max_tokens": decoding.max_tokens}
        settings |= {"stop": stops[:MAX_STOPS] or None, **_template(item.text)}
        reply = self._client.chat(_messages(item.text), **settings)
        seconds = time.perf_counter() - started
        if reply.refused:
            raise RequestFailure("chat", "The server refused to answer (content filter).")
        if reply.text is None:
            raise RequestFailure("chat", "The server answered without a text.")
        end = decoding.end(reply.text)
        text, cut_off = reply.text[:end], reply.finish_reason == "length" and end is None
        return Completion(item_id=item.item_id, text=text, truncated=cut_off, tokens=reply.tokens, seconds=seconds)

    def _logliks(self, item: Ranking) -> Logliks:
        started = time.perf_counter()
        pairs = [(str(context), choice) for context, choice in item.pairs]
        texts = [text for context, choice in pairs for text in (context.rstrip(), context + choice)]
        logprobs = {text: self._client.token_logprobs(text) for text in dict.fromkeys(texts)}
        scored = [logprobs[context + choice][len(logprobs[context.rstrip()]) :] for context, choice in pairs]
        sums = tuple(sum(part) if part else math.nan for part in scored)
        if not all(map(math.isfinite, sums)):
            raise RequestFailure("chat", f"{self._client.endpoint.host} told no finite log-probability for a choice.")
        seconds, tokens = time.perf_counter() - started, sum(map(len, logprobs.values()))
        return Logliks(item_id=item.item_id, sums=sums, tokens=tokens, seconds=seconds)


def _check_served(client: OpenAIClient) -> None:
    """Servers may list no models, or others than they take: a request for one token settles it."""
    try:
        client.list_models()
    except RequestFailure as failure:
        if failure.status == 401:
            raise Unreachable(str(failure)) from None
    if client.endpoint.model in client.listed:
        return
    try:
        client.ping()
    except RequestFailure as failure:
        if failure.status in (*NO_SERVER, 200, 401, 403, 404):
            raise Unreachable(str(failure)) from None


def _messages(asked: Asked) -> list[dict[str, str]]:
    turns = asked.turns if isinstance(asked, Conversation) else (Turn("user", asked),)
    return [{"role": turn.role, "content": turn.content} for turn in turns]


def _template(asked: Asked) -> dict[str, Any]:
    """What vLLM, SGLang and llama.cpp take to switch a model's reasoning; nothing is sent where nobody chose."""
    if isinstance(asked, Conversation) and asked.thinking is not None:
        return {"extra_body": {"chat_template_kwargs": {"enable_thinking": asked.thinking}}}
    return {}
