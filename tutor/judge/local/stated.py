"""Which expectations of its case a message states, each with the stretch of words that states it.

By signs that the encoder and the words give, weighed as labelled messages taught. Only what is sure is returned, for
the tutor praises by it: most of what is stated is not found, and about one in five finds is wrong (docs/judge.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from labs import Expectation
from tutor.exchange import Evidence, Message
from tutor.judge.local.embeddings import Embeddings
from tutor.judge.local.nearness import Statement, parts_of, question_of, statements_of_case, statements_of_lab
from tutor.text.languages import language_of
from tutor.text.quoting import LONGEST, clauses_of
from tutor.text.words import tokens

Floats = NDArray[np.float32]
SURE = 0.65  # probability from which an expectation is stated
LONG_WORD = 3  # letters that a word has more of if it says something
PARTS = 24  # of a message that are compared


class StatementReader:
    """`head` holds weight (12,), bias (1,), mean (12,) and spread (12,), one for each sign."""

    def __init__(self, embeddings: Embeddings, head: Mapping[str, Floats]) -> None:
        self._embeddings, self._head = embeddings, head

    def stated(self, message: Message) -> tuple[Evidence, ...]:
        """What the message states, the surest first; nothing in a language that the reader did not learn."""
        if language_of(message.learner) != "en":
            return ()
        sure = sorted((one for one in self.probabilities(message).items() if one[1] > SURE), key=lambda one: -one[1])
        expectations = {(one.question, one.expectation.id): one.expectation for one in self._candidates(message)}
        return tuple(
            Evidence(question=key[0], expectation=key[1], quote=quote)
            for key, _ in sure
            if (quote := self._quote(expectations[key], message.learner))
        )

    def probabilities(self, message: Message) -> dict[tuple[str, str], float]:
        """That the message states it, of each expectation of its case, by (question, expectation)."""
        signs, head = self.signs(message), self._head
        if not signs:
            return {}
        rows = (np.stack(list(signs.values())) - head["mean"]) / head["spread"]
        chances = 1 / (1 + np.exp(-(rows @ head["weight"] + head["bias"][0])))
        return {key: float(chance) for key, chance in zip(signs, chances, strict=True)}

    def signs(self, message: Message) -> dict[tuple[str, str], Floats]:
        """What speaks for each expectation: shape (12,).

        Its nearest way of being said to any part of the message, the two nearest, all of them; of being said wrong, and
        by how much that is less near; its nearness to the whole message; by how much it is nearer than the nearest
        other expectation of its question, and of the case; how many are nearer; whether its question is open; the share
        of its longer words that the message has, and of those of it said wrong.
        """
        candidates = self._candidates(message)
        if not candidates:
            return {}
        here = question_of(message)
        similar = self._embeddings.of(_parts(message.learner)) @ self._embeddings.of([one.text for one in candidates]).T
        nearest, words = similar.max(axis=0), _long_words(message.learner)
        rows: dict[tuple[str, str], tuple[list[int], list[int]]] = {}
        for index, one in enumerate(candidates):
            rows.setdefault((one.question, one.expectation.id), ([], []))[one.contrary].append(index)
        best = {key: float(nearest[right].max()) for key, (right, _) in rows.items()}
        found: dict[tuple[str, str], Floats] = {}
        for key, (right, wrong) in rows.items():
            ranked = np.sort(nearest[right])[::-1]
            contrary = float(nearest[wrong].max()) if wrong else 0.0
            beside = max((value for other, value in best.items() if other[0] == key[0] and other != key), default=0.0)
            anywhere = max((value for other, value in best.items() if other != key), default=0.0)
            row = [
                ranked[0], ranked[:2].mean(), ranked.mean(), contrary, ranked[0] - contrary, similar[0, right].max(),
                ranked[0] - beside, ranked[0] - anywhere, sum(value > ranked[0] for value in best.values()),
                key[0] == here, _shared(words, [candidates[index].text for index in right]),
                _shared_of_all(words, [candidates[index].text for index in wrong]),
            ]  # fmt: skip
            found[key] = np.asarray(row, np.float32)
        return found

    def _candidates(self, message: Message) -> tuple[Statement, ...]:
        """The statements of the case, and of the closing question where that is open."""
        here = question_of(message)
        closing = (one for one in statements_of_lab(message.lab) if one.question == here and not one.case)
        return (*statements_of_case(message.lab.slug, message.case), *closing)

    def _quote(self, one: Expectation, text: str) -> str:
        """The clause of the text that is nearest to the expectation, as it stands there, cut after 14 words."""
        clauses = clauses_of(text)
        if not clauses:
            return ""
        similar = (self._embeddings.of(clauses) @ self._embeddings.of(one.says).T).max(axis=1)
        words = clauses[int(similar.argmax())].split()
        return " ".join(words[:LONGEST]) + ("…" if len(words) > LONGEST else "")


def _parts(text: str) -> tuple[str, ...]:
    """The text, its sentences, its clauses, and two of these that follow each other."""
    clauses = clauses_of(text)
    pairs = [f"{first}, {second}" for first, second in pairwise(clauses)]
    return tuple(dict.fromkeys([*parts_of(text), *pairs, *clauses]))[:PARTS]


def _long_words(text: str) -> set[str]:
    return {word for word in tokens(text) if len(word) > LONG_WORD}


def _shared(words: set[str], texts: Sequence[str]) -> float:
    return max((len(words & long) / max(1, len(long)) for long in map(_long_words, texts)), default=0.0)


def _shared_of_all(words: set[str], texts: Sequence[str]) -> float:
    return max((len(words & set(tokens(text))) / max(1, len(set(tokens(text)))) for text in texts), default=0.0)
