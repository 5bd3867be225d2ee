"""Which expectations of its case a message states, each with the stretch of words that states it.

A statement and the message are read together by the encoder with an adapter of its own; how near they are without
reading them together is a second sign. Only what is sure is returned, for the tutor praises by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from labs import Expectation
from tutor.exchange import Evidence, Message
from tutor.judge.local.embeddings import Embeddings
from tutor.judge.local.encoder import WIDTH, Encoder
from tutor.judge.local.nearness import Nearness, parts_of
from tutor.text.languages import language_of
from tutor.text.quoting import LONGEST, clauses_of

Floats = NDArray[np.float32]
SURE = 0.7  # probability from which an expectation is stated
ELSEWHERE = 4  # expectations of the case's other questions that are read, the nearest ones
STATEMENT = 56  # word pieces of it that are read


class StatementReader:
    """`encoder` has the adapter; `head` holds weight (1, 1152 + 6), bias (1,), mean (6,) and spread (6,)."""

    def __init__(self, encoder: Encoder, embeddings: Embeddings, head: Mapping[str, Floats]) -> None:
        self._encoder, self._embeddings, self._head = encoder, embeddings, head

    def stated(self, message: Message, near: Nearness) -> tuple[Evidence, ...]:
        """What the message states, the surest first; nothing in a language that the reader did not learn."""
        if language_of(message.learner) != "en":
            return ()
        found = [(self.probability(one, near), question, one) for question, one in self._candidates(message, near)]
        sure = sorted((entry for entry in found if entry[0] > SURE), key=lambda entry: -entry[0])
        return tuple(
            Evidence(question=question, expectation=one.id, quote=quote)
            for _, question, one in sure
            if (quote := self.quote(one, message.learner))
        )

    def _candidates(self, message: Message, near: Nearness) -> list[tuple[str, Expectation]]:
        """The open question's expectations, and of the case's others those that are nearest."""
        if near.question.startswith("transfer:"):
            closing = message.lab.transfer[int(near.question.partition(":")[2])]
            return [(near.question, one) for one in closing.expect]
        here, others = [], []
        for question in message.case.questions:
            (here if question.id == near.question else others).extend((question.id, one) for one in question.expect)
        others.sort(key=lambda entry: -float((near.vectors @ self._embeddings.of(entry[1].says).T).max()))
        return here + others[:ELSEWHERE]

    def probability(self, one: Expectation, near: Nearness) -> float:
        """That the message states this expectation."""
        head = self._head
        state = self._encoder.encode(as_read(one), near.parts[0], question_begins=STATEMENT)
        answer, statement = state[:WIDTH], state[WIDTH:]
        signs = (signs_of(one, near.parts[0], self._embeddings) - head["mean"]) / head["spread"]
        row = np.concatenate([answer, statement, answer * statement, 0.5 * np.clip(signs, -3, 3)])
        return float(1 / (1 + np.exp(-(head["weight"] @ row + head["bias"])[0])))

    def quote(self, one: Expectation, text: str) -> str:
        """The clause of the text that is nearest to the expectation, as it stands there, cut after 14 words."""
        clauses = clauses_of(text)
        if not clauses:
            return ""
        similar = (self._embeddings.of(clauses) @ self._embeddings.of(one.says).T).max(axis=1)
        return _cut(clauses[int(similar.argmax())])


def signs_of(one: Expectation, text: str, embeddings: Embeddings, *, without: str = "") -> Floats:
    """How near a text is to an expectation without reading them together: shape (6,).

    The nearest way of saying it, the two nearest, that of the whole text, of saying it wrong; the text's length.

    one      the expectation
    text     a learner's own words
    without  a statement of it to leave out, for whoever learns from the statements themselves
    """
    similar = embeddings.of(parts_of(text)) @ embeddings.of([said for said in one.says if said != without]).T
    ranked = np.sort(similar.max(axis=0))[::-1]
    contrary = [said for said in one.contrary if said != without]
    wrong = float((embeddings.of(parts_of(text)) @ embeddings.of(contrary).T).max()) if contrary else 0.0
    length = min(len(text.split()), 60) / 30
    signs = [ranked[0], ranked[:2].mean(), similar[0].max(), wrong, ranked[0] - wrong, length]
    return np.asarray(signs, np.float32)


def as_read(one: Expectation) -> str:
    """The first and the third way of saying it, as in training: a plain one and a casual one."""
    return " / ".join([*one.says[:1], *one.says[2:3]])


def _cut(clause: str) -> str:
    words: Sequence[str] = clause.split()
    return " ".join(words[:LONGEST]) + ("…" if len(words) > LONGEST else "")
