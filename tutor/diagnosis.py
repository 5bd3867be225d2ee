"""What the tutor's server can do, looked at in six steps: from its address to a form filled in as a judge must."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from engine.models import STRUCTURED_MODES, OpenAIClient
from tutor import journal
from tutor.endpoint import TutorEndpoint
from tutor.errors import EndpointFailure

STEPS = ("address", "key", "model", "chat", "stream", "schema")
INCAPABLE = {400, 404, 405, 415, 422, 500, 501}  # what a server says to a way of asking that it does not know
PROBE_TOKENS = 300  # so that a small server that only rambles is done before it counts as silent
HELLO = [{"role": "user", "content": "Say hello in one short sentence."}]
PROBE = [{"role": "user", "content": "A box has 3 red and 4 white balls: how many? Fill in any ticket."}]


class Probe(BaseModel):
    """A form whose answer proves two things: nobody writes such a ticket unread, nor counts the balls unasked."""

    ticket: Literal["k7-amber", "k7-cobalt"]
    balls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One of STEPS, looked at. `message` is for people; it took `seconds`."""

    name: str
    passed: bool
    message: str
    seconds: float


def check(endpoint: TutorEndpoint) -> Iterator[Step]:
    """The STEPS in order, each as soon as it is known, up to the first that fails; no server raises."""
    messages = _messages(OpenAIClient(endpoint, retries=1))
    for name in STEPS:
        started = time.perf_counter()
        try:
            message, passed = next(messages), True
        except EndpointFailure as failure:
            message, passed = str(failure), False
        yield Step(name=name, passed=passed, message=message, seconds=time.perf_counter() - started)
        if not passed:
            return


def structured_mode(client: OpenAIClient, *, afresh: bool = False) -> str | None:
    """The first of STRUCTURED_MODES in which this server fills in a small form rightly; None: in none of them.

    Each is tried once, because servers exist that ignore a schema without a word. The journal remembers the answer by
    model and address, "" for none; `afresh` looks again. Raises EndpointFailure when the server is out: nothing is
    known then, and nothing is noted.
    """
    name = f"{client.endpoint.model}@{client.endpoint.url}"[:200]
    mode = None if afresh else journal.read_note(name)
    if mode not in (*STRUCTURED_MODES, ""):
        mode = next((mode for mode in STRUCTURED_MODES if _follows(client, mode)), "")
        journal.save_note(name, mode)
    return mode or None


def _follows(client: OpenAIClient, mode: str) -> bool:
    try:
        return client.structured(Probe, PROBE, mode, reasks=0, max_tokens=PROBE_TOKENS).balls == 7
    except EndpointFailure as failure:
        # MD_JSON is a plain chat: whoever refuses even that is out, not merely without forms
        if failure.step != "schema" and (failure.status not in INCAPABLE or mode == STRUCTURED_MODES[-1]):
            raise
        return False


def _messages(client: OpenAIClient) -> Iterator[str]:
    """What each of STEPS shows, in their order; raises EndpointFailure at the first that fails."""
    endpoint, refusal = client.endpoint, None
    try:
        client.list_models()
    except EndpointFailure as failure:  # any answer will do: a list is optional, and some give it to anyone
        if not failure.status:
            raise
    yield f"{endpoint.host} answers."

    try:
        client.ping()
    except EndpointFailure as failure:
        refusal = failure
        if failure.status in (401, 403):
            raise
    yield "The key is not refused." if endpoint.key else "No key is set, and none is asked for."

    listed = endpoint.redacted(", ".join(client.listed))
    if endpoint.model not in client.listed and refusal is not None:
        raise EndpointFailure("model", f"{refusal} It lists {listed}." if listed else str(refusal))
    answers = "is listed" if endpoint.model in client.listed else "answers, though the server does not list it"
    yield f"{endpoint.model} {answers}."

    reply = client.chat(HELLO, {"max_tokens": 200, "temperature": 0.3})
    client.check_end("chat", reply.text or "", reply.finish_reason or "stop")
    yield f"It wrote “{endpoint.redacted(reply.text or '')[:80]}”."

    started = time.perf_counter()
    seconds = [time.perf_counter() - started for _ in client.stream(HELLO, max_tokens=200)]
    yield f"The first of {len(seconds)} pieces came after {seconds[0]:.2f} s."

    try:
        mode = structured_mode(client, afresh=True)
    except EndpointFailure as failure:
        raise EndpointFailure("schema", f"{failure} Until then the judge stays local.") from None
    if mode is None:
        problem = f"{endpoint.model} fills in no form, asked by {', '.join(STRUCTURED_MODES)}. The judge stays local."
        raise EndpointFailure("schema", problem)
    yield f"It fills in forms, asked by {mode}."
