"""A model behind an endpoint as a judge. It fills in a closed form about one message; code checks it and decides.

The form asks what the message states, expectation by expectation and belief by belief, with a quote each. What cannot
be quoted from the learner's own words is dropped, and what is left decides whether the message counts. The model sees
the message as data and has no say beyond that form: vetoes and the counter are elsewhere. Knows no HTTP.
"""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from engine.models import OpenAIClient
from labs import Lab
from labs.lab import Expectation, Question, TransferQuestion
from tutor.errors import EndpointFailure, JudgeFailure
from tutor.exchange import SUBSTANTIVE, Assessment, Evidence, Message, Why
from tutor.judge.rules import OwnWords
from tutor.text.quoting import count_cues
from tutor.text.words import count_matches, tokens

SENT = 4_000  # characters of any one text that leave the machine
EARLIER = 8  # earlier messages that go with it, the latest
FORM_TOKENS = 1_200  # of a filled form: a few quotes of 25 words, in scripts that need many tokens as well
PROMPT = Path(__file__).parents[1] / "prompts" / "judge.md"

_QUOTES = re.compile(r"[\"'`´‘’‚‛“”„‟«»‹›「」『』]")


class LlmJudge:
    """A `Judge` (assessment.py). `mode` is how the server takes a form: what `structured_mode` found."""

    def __init__(self, server: OpenAIClient, mode: str) -> None:
        self._server, self._mode = server, mode

    @property
    def name(self) -> str:
        return f"llm {self._server.endpoint.model}"

    def assess(self, message: Message, own: OwnWords) -> Assessment:
        """What the model can quote from the message, once its form holds together; asked again once when it does not.

        message  is sent, with its setting, as data
        own      what a quote must come from; not sent, so the model says for itself what is the learner's own

        Raises:
            JudgeFailure: the server was out (the EndpointFailure is its cause), or contradicted itself twice.
        """
        form = answer_form(message)
        asked = [{"role": "system", "content": instructions(message.lab)}, {"role": "user", "content": record(message)}]
        objection = ""
        for _ in range(2):
            try:
                answer: Any = self._server.structured(form, asked, self._mode, max_tokens=FORM_TOKENS)
            except EndpointFailure as failure:
                raise JudgeFailure(f"The judge {self.name} could not be asked. {failure}") from failure
            findings = _Findings.of(answer, message, own)
            objection = _objection(answer, findings)
            if not objection:
                return self._assessment(answer.kind, findings, message)
            again = f"This cannot be used: {objection} Judge the same record again."
            asked += [{"role": "assistant", "content": answer.model_dump_json()}, {"role": "user", "content": again}]
        raise JudgeFailure(f"The judge {self.name} gave no usable judgement, asked twice: {objection}")

    def _assessment(self, kind: Why, findings: _Findings, message: Message) -> Assessment:
        """Of a hollow message nothing but the kind is kept: what it names was not the learner's thinking."""
        notice = f"Only the first {SENT:,} characters were judged." if len(message.learner) > SENT else ""
        if not findings.substantive:
            unknown = kind == "too_short" and count_matches("unsure", message.learner) > 0
            return Assessment(why=kind, judge=self.name, notice=notice, honest_unknown=unknown)
        return Assessment(
            why=kind,
            concepts=findings.concepts(message),
            misconception=next(iter(findings.held), None),
            quote=findings.quote,
            judge=self.name,
            notice=notice,
            stated=findings.stated,
            suspected=next(iter(findings.unclear), None),
            denied=next(iter(findings.denied), None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Findings:
    """What of a filled form is borne out by the learner's own words. Beliefs go with the words that show them.

    stated   expectations, each once and in words of its own; words that hold a belief, to be corrected, state none
    held     beliefs that are held and not denied
    denied   beliefs that are denied and not held
    unclear  beliefs that the form calls both
    thought  a thought of the learner's own, or a question, that answers and would not fit any case; else ""
    """

    stated: tuple[Evidence, ...]
    held: dict[str, str]
    denied: dict[str, str]
    unclear: dict[str, str]
    thought: str

    @classmethod
    def of(cls, answer: Any, message: Message, own: OwnWords) -> _Findings:
        """Every claim of the answer whose quote occurs in the message, in the learner's own words.

        answer   the filled form
        message  what it is about
        own      the learner's own words in it
        """

        def checked(quote: str) -> str:
            stretch = _stretch(quote, _truncated(message.learner))
            return stretch if set(pairwise(tokens(stretch))) & set(pairwise(own.words)) else ""

        quotes: dict[str, dict[str, str]] = {"held": {}, "denied": {}}
        for claim in answer.beliefs:
            if quote := checked(claim.evidence_quote):
                quotes[claim.stance].setdefault(claim.belief, quote)
        held, denied = quotes["held"], quotes["denied"]
        stated: dict[str, str] = {}
        for claim in answer.stated:
            quote = checked(claim.evidence_quote)
            if quote not in ("", *stated.values()) and not any(quote in one or one in quote for one in held.values()):
                stated.setdefault(claim.expectation, quote)
        thoughts = [answer.thought] + [answer.asks] * (answer.kind == "asks_probing_question")
        quoted = [checked(words) for words in thoughts if _about_the_case(answer)]
        return cls(
            stated=tuple(
                Evidence(question=id.split("/")[0], expectation=id.split("/")[1], quote=quote)
                for id, quote in stated.items()
            ),
            held={id: quote for id, quote in held.items() if id not in denied},
            denied={id: quote for id, quote in denied.items() if id not in held},
            unclear={id: quote for id, quote in held.items() if id in denied},
            thought=next(filter(None, quoted), ""),
        )

    @property
    def quote(self) -> str:
        """The words that carry the message; "" when nothing does."""
        evidence = (*(one.quote for one in self.stated), self.thought)
        beliefs = (*self.held.values(), *self.denied.values(), *self.unclear.values())
        return next((quote for quote in (*evidence, *beliefs) if quote), "")

    @property
    def substantive(self) -> bool:
        """Whether there is any evidence of a thought about the case."""
        return bool(self.quote)

    def concepts(self, message: Message) -> tuple[str, ...]:
        """Those of the expectations and beliefs; of a thought alone, those with a cue in it, at most two."""
        lab, known = message.lab, expectations(message)
        named = [known[f"{one.question}/{one.expectation}"].concept for one in self.stated]
        named += [lab.misconception(id).concept for id in (*self.held, *self.denied, *self.unclear)]
        by_cues = [concept.id for concept in lab.concepts if count_cues(self.thought, concept.cues)][:2]
        return tuple(dict.fromkeys(named or by_cues))


def expectations(message: Message) -> dict[str, Expectation]:
    """What an answer could state, by `question/expectation`: of the question that is open, else of the whole case."""
    lab, case = message.lab, message.case
    questions: dict[str, Question | TransferQuestion] = {question.id: question for question in case.questions}
    closing = {f"transfer:{index}": question for index, question in enumerate(lab.transfer)}
    asked = {
        id: question
        for id, question in (questions | closing).items()
        if message.asked in (question.ask, *(one.ask for one in question.expect))
    }
    return {f"{id}/{one.id}": one for id, question in (asked or questions).items() for one in question.expect}


def answer_form(message: Message) -> type[BaseModel]:
    """The form for this message: it names what an answer to its question could state and its lab's beliefs, no more."""
    return _form(tuple(expectations(message)), tuple(belief.id for belief in message.lab.misconceptions))


@cache
def _form(expected: tuple[str, ...], beliefs: tuple[str, ...]) -> type[BaseModel]:
    """`own_words` stands first and `kind` last, so that a model says what it saw before it sums up."""
    fields: dict[str, Any] = {
        "own_words": (str, ...),
        "answers": (Literal["yes", "partly", "other_subject", "any_subject"], ...),
        "stated": (_claims("Statement", "expectation", expected), ...),
        "beliefs": (_claims("Stance", "belief", beliefs, stance=(Literal["held", "denied"], ...)), ...),
        "thought": (str, ...),
        "asks": (str, ...),
        "kind": (Why, ...),
    }
    return create_model("Judgement", __config__=_CLOSED, **fields)


_CLOSED = ConfigDict(extra="forbid", frozen=True)


def _claims(name: str, about: str, ids: tuple[str, ...], **more: Any) -> Any:
    """The type of a list of claims, each about one of these ids and with a quote; without ids, of an empty list."""
    if not ids:
        return Annotated[list[str], Field(max_length=0)]
    fields: dict[str, Any] = {about: (Literal[ids], ...), **more, "evidence_quote": (str, ...)}
    claim: Any = create_model(name, __config__=_CLOSED, **fields)
    return list[claim]


def instructions(lab: Lab) -> str:
    """The system prompt: the rule and the lab's beliefs. The same for every message, so a server can cache it."""
    return Template(PROMPT.read_text(encoding="utf-8")).substitute(
        title=lab.title,
        goal=lab.goal,
        beliefs="\n".join(f"- `{belief.id}`: {belief.belief}" for belief in lab.misconceptions) or "- none",
    )


def record(message: Message) -> str:
    """What an answer could state, then the message and its setting as data.

    The data are one line of JSON between two lines with a mark that nobody can guess.
    """
    mark = secrets.token_hex(16)
    case = message.case
    data = {
        "case": _truncated(f"{case.title} ({case.source})\n{case.text}"),
        "tutor": _truncated(message.tutor),
        "earlier": [_truncated(text) for text in message.earlier[-EARLIER:]],
        "message": _truncated(message.learner),
    }
    expected = "\n".join(f"- `{id}`: {one.says[0]}" for id, one in expectations(message).items()) or "- none"
    return (
        f"Expectations, by id:\n{expected}\n\n"
        f"The record to judge:\n<{mark}>\n{json.dumps(data, ensure_ascii=False)}\n</{mark}>"
    )


def _truncated(text: str) -> str:
    """What is sent of a text. Half a surrogate pair cannot be."""
    return text[:SENT].encode(errors="replace").decode()


def _about_the_case(answer: Any) -> bool:
    return answer.answers in ("yes", "partly")


def _objection(answer: Any, findings: _Findings) -> str:
    """What does not hold together in an answer, for the model and for people; empty when all does."""
    if findings.substantive and not _about_the_case(answer):
        return f"it quotes what the message says about the case, and yet answers is {answer.answers}."
    if findings.substantive == (answer.kind in SUBSTANTIVE):
        return ""
    if findings.substantive:
        return f"it quotes a thought of the learner's, and the kind {answer.kind} is for messages without one."
    if not _about_the_case(answer):
        return f"the kind {answer.kind} does not go with answers {answer.answers}."
    return (
        f"the kind {answer.kind} needs a quote that shows it, and no quote given occurs in the message as the "
        "learner's own words. Copy it letter by letter, with nothing left out, and not from the case or the tutor."
    )


def _stretch(quote: str, text: str) -> str:
    """The stretch of a text that a quote copies, as it stands there; "" when there is none.

    Letter by letter, but for case, spaces, quotation marks and the marks at the quote's ends, which models change.

    >>> _stretch("“IT IS noise.”", "I'd say it  is noise, mostly")
    'it  is noise'
    """
    wanted = "".join(letter for letter, _ in _letters(quote)).strip(".,;:!?-–—")
    letters = _letters(text)
    begin = "".join(letter for letter, _ in letters).find(wanted)
    if not wanted or begin < 0:
        return ""
    return text[letters[begin][1] : letters[begin + len(wanted) - 1][1] + 1]


def _letters(text: str) -> list[tuple[str, int]]:
    """The letters that are compared, each with the place of its character in the text."""
    return [
        (letter, place)
        for place, character in enumerate(text)
        if not _QUOTES.match(character)
        for letter in unicodedata.normalize("NFKD", character).casefold()
        if not letter.isspace()
    ]
