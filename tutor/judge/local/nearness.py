"""How near a message is to what could be said here, and to what is said elsewhere: by the encoder, before any learning.

An answer to this question is nearer to the expectations of this question and case than to those of other labs; a
sentence that would fit any case is about as near to all of them; a copy is nearest to what it copies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from labs import Case, Expectation, Lab, load_lab, slugs
from tutor.exchange import Message
from tutor.judge.local.embeddings import Embeddings

Floats = NDArray[np.float32]
_SENTENCE = re.compile(r"(?<=[.!?\u3002\uff01\uff1f])\s*|\n+")
SENTENCES = 8  # of a message that are compared beside the whole of it
ELSEWHERE = 10  # nearest statements of other labs that are averaged
ASKED = 400  # characters of a question, its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A way to say, or to say wrong, one expectation.

    Of a closing question `case` is "" and `question` is `transfer:<index>`.
    """

    lab: str
    case: str
    question: str
    expectation: Expectation
    text: str
    contrary: bool = False


def parts_of(text: str) -> tuple[str, ...]:
    """The text, and its sentences if it has several: shape (1 + sentences,)."""
    pieces = sentences_of(text)[:SENTENCES]
    return (text, *pieces) if len(pieces) > 1 else (text,)


def sentences_of(text: str) -> list[str]:
    """Sentences and lines of a text, those of scripts without spaces too."""
    return [piece for piece in _SENTENCE.split(text) if piece.strip()]


def statements_of_case(lab: str, case: Case) -> tuple[Statement, ...]:
    """Everything that could be stated about a case, right or wrong."""
    return tuple(
        Statement(lab=lab, case=case.id, question=question.id, expectation=one, text=text, contrary=contrary)
        for question in case.questions
        for one in question.expect
        for texts, contrary in ((one.says, False), (one.contrary, True))
        for text in texts
    )


def statements_of_lab(lab: Lab) -> tuple[Statement, ...]:
    """Everything that could be stated about its written cases and its closing questions."""
    closing = (
        Statement(lab=lab.slug, case="", question=f"transfer:{index}", expectation=one, text=text)
        for index, asked in enumerate(lab.transfer)
        for one in asked.expect
        for text in one.says
    )
    return (*(each for case in lab.cases for each in statements_of_case(lab.slug, case)), *closing)


def question_of(message: Message) -> str:
    """The id of the case's question that is answered, `transfer:<index>` for a closing one, "" when it is neither."""
    asked = message.asked
    for question in message.case.questions:
        if asked in (question.ask, question.prompt, *(one.ask for one in question.expect)):
            return question.id
    return next((f"transfer:{index}" for index, one in enumerate(message.lab.transfer) if one.ask == asked), "")


class Nearness:
    """Similarities of one message, all cosines of unit vectors.

    Made from the `message`, the learner's own words in it (`text`), the `embeddings`, and a statement to be left out
    (`without`).

    parts       the message and its sentences
    vectors     of the parts: shape (parts, 384)
    similarity  of every part to every statement: shape (parts, statements)
    """

    def __init__(self, message: Message, text: str, embeddings: Embeddings, *, without: str = "") -> None:
        self._message, self._embeddings = message, embeddings
        self.parts = parts_of(text or ".")
        self.vectors = embeddings.of(self.parts)
        self.statements = _statements(message.lab, message.case)
        self._labs = np.array([one.lab for one in self.statements])
        self.similarity: Floats = self.vectors @ embeddings.matrix([one.text for one in self.statements]).T
        if without:  # whoever learns from a statement must not find it here
            self.similarity[:, [one.text == without for one in self.statements]] = -1.0
        self.question = question_of(message)

    def features(self) -> Floats:
        """What a classifier reads: shape (19,). The order is the one it learned from."""
        message, nearest = self._message, self.similarity.max(axis=0)
        right = np.array([not one.contrary for one in self.statements])
        ours = (self._labs == message.lab.slug) & right
        here = ours & np.array([one.case == message.case.id for one in self.statements])
        asked = ours & np.array(
            [one.question == self.question and one.case in ("", message.case.id) for one in self.statements]
        )
        if not asked.any():
            asked = here
        elsewhere = right & (self._labs != message.lab.slug)
        wrong = ~right & np.array([one.case == message.case.id for one in self.statements])
        question, case, lab = (_highest(nearest, rows) for rows in (asked, here, ours & ~here))
        others = np.sort(nearest[elsewhere])[-ELSEWHERE:] if elsewhere.any() else np.zeros(1, np.float32)
        typical, closest = float(others.mean()), float(others[-1])
        whole = _highest(self.similarity[0], here | asked)
        whole -= float(np.sort(self.similarity[0][elsewhere])[-ELSEWHERE:].mean()) if elsewhere.any() else 0.0
        spread = float(np.sort(nearest[right])[-30:].std()) if right.any() else 0.0
        row = [
            question, case, lab, typical, closest, _highest(nearest, wrong), question - typical,
            max(question, case) - typical, max(question, case) - closest, lab - typical, whole,
            *self._sources(), spread * 5, bool(self.question),
        ]  # fmt: skip
        return np.asarray(row, np.float32)

    def echo(self) -> float:
        """How near all of the message, copies too, is to what the tutor said or hints at: its farthest sentence."""
        message = self._message
        said = (*message.shown, message.tutor, *(question.hint for question in message.case.questions))
        texts = [sentence for text in said for sentence in sentences_of(text)]
        sentences = self._embeddings.of(sentences_of(message.learner)[:SENTENCES] or [message.learner])
        return float((sentences @ self._embeddings.of(texts).T).max(axis=1).min()) if texts else 0.0

    def _sources(self) -> tuple[float, ...]:
        """How near to the question, the case, the page (mean and least over sentences) and earlier messages."""
        message, embed = self._message, self._embeddings.of
        case = sentences_of(message.case.text)
        lesson = [sentence for part in message.lab.reading for sentence in sentences_of(part)]
        asked = message.asked[-ASKED:]
        page = embed([*case, *lesson, *(question.hint for question in message.case.questions), asked])
        sentences = self.vectors[1:] if len(self.vectors) > 1 else self.vectors
        copied = (sentences @ page.T).max(axis=1)
        repeated = float((self.vectors[0] @ embed(message.earlier).T).max()) if message.earlier else 0.0
        return (
            float(self.vectors[0] @ embed([asked])[0]),
            float((self.vectors[0] @ embed(case).T).max()) if case else 0.0,
            float(copied.mean()),
            float(copied.min()),
            repeated,
            float(repeated > 0.8),
        )


def _highest(values: Floats, rows: NDArray[np.bool_]) -> float:
    return float(values[rows].max()) if rows.any() else 0.0


def _statements(lab: Lab, case: Case) -> tuple[Statement, ...]:
    """What a message is compared with: statements of the course, of this lab, and of this case when it was drawn."""
    others = _course(tuple(slug for slug in slugs() if slug != lab.slug))
    drawn = () if case.id in {each.id for each in lab.cases} else statements_of_case(lab.slug, case)
    return (*others, *statements_of_lab(lab), *drawn)


@cache
def _course(labs: tuple[str, ...]) -> tuple[Statement, ...]:
    return tuple(statement for slug in labs for statement in statements_of_lab(load_lab(slug)))
