"""A model behind an endpoint as a judge. It fills in a closed form about one message; code checks what it says.

It sees the message as data and has no say in what counts: vetoes and the counter are elsewhere. Knows no HTTP.
"""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, create_model

from labs import Lab
from tutor.errors import EndpointFailure, JudgeFailure
from tutor.exchange import SUBSTANTIVE, Assessment, Message, Why
from tutor.judge.rules import OwnWords
from tutor.judge.words import count_matches
from tutor.server import Server

SENT = 4_000  # characters of any one text that leave the machine
EARLIER = 8  # earlier messages that go with it, the latest
PROMPT = Path(__file__).parents[1] / "prompts" / "judge.md"

_QUOTES = re.compile(r"[\"'`´‘’‚‛“”„‟«»‹›「」『』]")


class LlmJudge:
    """A `Judge` (assessment.py). `mode` is how the server takes a form: what `server.mode()` found."""

    def __init__(self, server: Server, mode: str) -> None:
        self._server, self._mode = server, mode

    @property
    def name(self) -> str:
        return f"llm {self._server.endpoint.model}"

    def assess(self, message: Message, own: OwnWords) -> Assessment:
        """What the model says of the message, once it holds together; asked again once when it does not.

        message  is sent, with its setting, as data
        own      is not sent: the model first says for itself what of the message is the learner's own

        Raises:
            JudgeFailure: the server was out (the EndpointFailure is its cause), or contradicted itself twice.
        """
        form = answer_form(message.lab)
        asked = [{"role": "system", "content": instructions(message.lab)}, {"role": "user", "content": record(message)}]
        objection = ""
        for _ in range(2):
            try:
                answer: Any = self._server.structured(form, asked, self._mode)
            except EndpointFailure as failure:
                raise JudgeFailure(f"The judge {self.name} could not be asked. {failure}") from failure
            objection = _objection(answer, message)
            if not objection:
                return self._assessment(answer, message)
            again = f"This cannot be used: {objection} Judge the same record again."
            asked += [{"role": "assistant", "content": answer.model_dump_json()}, {"role": "user", "content": again}]
        raise JudgeFailure(f"The judge {self.name} gave no usable judgement, asked twice: {objection}")

    def _assessment(self, answer: Any, message: Message) -> Assessment:
        """Of a hollow message nothing but the move is kept: what it names was not the learner's thinking."""
        counts = answer.move in SUBSTANTIVE
        return Assessment(
            why=answer.move,
            concepts=tuple(dict.fromkeys(answer.concepts)) if counts else (),
            misconception=answer.misconception if counts else None,
            quote=answer.evidence_quote.strip() if counts else "",
            judge=self.name,
            notice=f"Only the first {SENT:,} characters were judged." if len(message.learner) > SENT else "",
            honest_unknown=answer.move == "too_short" and count_matches("unsure", message.learner) > 0,
        )


def answer_form(lab: Lab) -> type[BaseModel]:
    """The form for messages of this lab: its concepts and misconceptions are the only ones that can be named."""
    return _form(tuple(concept.id for concept in lab.concepts), tuple(belief.id for belief in lab.misconceptions))


@cache
def _form(concepts: tuple[str, ...], beliefs: tuple[str, ...]) -> type[BaseModel]:
    """`own_words` stands first and `verdict` last, so that a model says what it saw before it decides."""
    concept: Any = Literal[concepts]
    belief: Any = Literal[beliefs] | None if beliefs else None
    fields: dict[str, Any] = {
        "own_words": (str, ...),
        "move": (Why, ...),
        "concepts": (list[concept], ...),
        "misconception": (belief, ...),
        "evidence_quote": (str, ...),
        "verdict": (Literal["substantive", "hollow"], ...),
    }
    return create_model("Judgement", __config__=ConfigDict(extra="forbid", frozen=True), **fields)


def instructions(lab: Lab) -> str:
    """The system prompt: the rule and what this lab teaches. The same for every message, so a server can cache it."""
    return Template(PROMPT.read_text(encoding="utf-8")).substitute(
        title=lab.title,
        goal=lab.goal,
        concepts="\n".join(f"- `{concept.id}`: {concept.name}. {concept.gist}" for concept in lab.concepts),
        beliefs="\n".join(f"- `{belief.id}`: {belief.belief}" for belief in lab.misconceptions) or "- none",
    )


def record(message: Message) -> str:
    """The message and its setting as one line of JSON between two lines with a mark that nobody can guess."""
    mark = secrets.token_hex(16)
    case = message.case
    data = {
        "case": _truncated(f"{case.title} ({case.source})\n{case.text}"),
        "tutor": _truncated(message.tutor),
        "earlier": [_truncated(text) for text in message.earlier[-EARLIER:]],
        "message": _truncated(message.learner),
    }
    return f"The record to judge:\n<{mark}>\n{json.dumps(data, ensure_ascii=False)}\n</{mark}>"


def _truncated(text: str) -> str:
    """What is sent of a text. Half a surrogate pair cannot be."""
    return text[:SENT].encode(errors="replace").decode()


def _objection(answer: Any, message: Message) -> str:
    """What does not hold together in an answer, for the model and for people; empty when all does."""
    counts = answer.move in SUBSTANTIVE
    if counts != (answer.verdict == "substantive"):
        right = "substantive" if counts else "hollow"
        return f"the move {answer.move} goes with the verdict {right}, and the verdict given is {answer.verdict}."
    if not counts:
        return ""
    quote = _normalised(answer.evidence_quote)
    if sum(letter.isalnum() for letter in quote) < 2:
        return "a substantive message needs an evidence_quote, and it is empty."
    if quote not in _normalised(_truncated(message.learner)):
        return "the evidence_quote does not occur in the message. Copy it letter by letter, with nothing left out."
    return ""


def _normalised(text: str) -> str:
    """A text as it is compared: one case, single spaces, no quotation marks, no marks at its ends."""
    even = _QUOTES.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return " ".join(even.split()).strip(" .,;:!?…-–—")
