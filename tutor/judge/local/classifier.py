"""The judge that needs no endpoint. The rules around it are in assessment.py.

It reads a message in three ways. Two classifiers say whether it is substantive: one reads the answer together with its
question (encoder.py), one counts (features.py); both see how near the message is to what could be said here and
elsewhere (nearness.py). Concepts and beliefs are read from the words alone, so that a question lends none. A third
(stated.py) says which expectations of the case it states. All learned from the labelled messages in
tutor/judge/messages and the statements in the labs; what they learned is in learned.npz, made by
scripts/train_judge.py and measured in docs/judge.md. Labs they did not learn from get the same verdicts, and concepts
by their cues. Where the package with the encoder's weights is missing, only the counting one judges; `name` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import CallerMistake
from labs import Lab
from tutor.exchange import SUBSTANTIVE, WHYS, Assessment, Message, Why
from tutor.judge.local.embeddings import Embeddings
from tutor.judge.local.encoder import Encoder, read_weights, weights_folder
from tutor.judge.local.features import count_features, hash_words
from tutor.judge.local.nearness import Nearness
from tutor.judge.local.stated import StatementReader
from tutor.judge.rules import OwnWords
from tutor.text.languages import language_of
from tutor.text.quoting import best_clause, count_cues
from tutor.text.words import count_matches

Floats = NDArray[np.float32]
LEARNED = Path(__file__).parent / "learned.npz"
THRESHOLD = {True: 0.5, False: 0.45}  # of the probability that a message is substantive: in English, and elsewhere
CONCEPT_THRESHOLD = 0.4  # probability from which a concept is named
HELD, SUSPECTED, DENIED = 0.8, 0.5, 0.5  # probabilities from which a belief is held, may be held, is denied
UNDENIED = 0.2  # probability of being denied below which a belief is surely held
ECHO = 0.75  # nearness to the tutor's words from which a message only says them again: no honest one came so near
LOCAL, COUNTING_ONLY = "local", "local, counting only"  # its names, with the encoder's weights and without
COUNTING_WEIGHT = {True: 0.5, False: 0.3}  # the counting classifier's share, likewise


@dataclass(frozen=True, slots=True)
class _Encoders:
    """The encoder with its adapter, and what rests on the one without: they share all that the adapter leaves alone."""

    joint: Encoder
    embeddings: Embeddings
    reader: StatementReader


class LocalJudge:
    """A `Judge` (assessment.py) made of the coefficients in the file `learned`.

    Loads in about a second, then some 100 ms a message on one core.
    """

    def __init__(self, learned: Path = LEARNED) -> None:
        with np.load(learned, allow_pickle=False) as held:
            parts = {name: held[name] for name in held.files}
        self._floats: dict[str, Floats] = {
            name: part.astype(np.float32) for name, part in parts.items() if part.dtype.kind == "f"
        }
        self._concepts = [tuple(str(name).split("/")) for name in parts["concept_names"]]
        self._beliefs = [tuple(str(name).split("/")) for name in parts["belief_names"]]
        self._encoders, self.name = _encoders(self._floats)

    def assess(self, message: Message, own: OwnWords) -> Assessment:
        """The assessment of the learner's own words. Cannot fail once the judge is loaded."""
        near = None if self._encoders is None else Nearness(message, own.text, self._encoders.embeddings)
        if near is not None and near.echo() > ECHO:
            return Assessment(why="repetition", judge=self.name)
        whys = self._kinds(message, own, near)
        substantive = sum(whys[why] for why in SUBSTANTIVE) > THRESHOLD[language_of(message.learner) == "en"]
        why: Why = max(SUBSTANTIVE if substantive else set(WHYS) - SUBSTANTIVE, key=lambda one: whys[one])
        if not substantive:
            unknown = why in ("too_short", "question_only_lookup") and count_matches("unsure", own.text) > 0
            return Assessment(why="too_short" if unknown else why, honest_unknown=unknown, judge=self.name)
        concepts, held, denied = self._subjects(message.lab, own)
        stated = () if self._encoders is None else self._encoders.reader.stated(message)
        named = self._concepts_named(message.lab, concepts, own)
        belief, suspected = self._belief_named(message.lab, held, denied, own)
        if belief and (about := message.lab.misconception(belief).concept) not in named:
            named = (about, *named[:1])
        cues = [cue for id in named for cue in message.lab.concept(id).cues]
        return Assessment(
            why=why,
            concepts=named,
            misconception=belief,
            suspected=suspected,
            denied=self._belief_denied(denied, belief),
            quote=best_clause(own.text, cues),
            stated=stated if belief is None else (),
            judge=self.name,
        )

    def probabilities(
        self, message: Message, own: OwnWords
    ) -> tuple[dict[Why, float], dict[str, float], dict[str, float], dict[str, float]]:
        """Of each kind, concept, belief held and belief denied of the message's lab (empty if that was not learned)."""
        near = None if self._encoders is None else Nearness(message, own.text, self._encoders.embeddings)
        return self._kinds(message, own, near), *self._subjects(message.lab, own)

    def _kinds(self, message: Message, own: OwnWords, near: Nearness | None) -> dict[Why, float]:
        """The probability of each kind."""
        held = self._floats
        counted = count_features(message, own)
        nearness = np.zeros(len(held["mean"]) - len(counted), np.float32) if near is None else near.features()
        row = np.concatenate([counted, nearness])
        standard = (row - held["mean"]) / held["spread"]
        if near is None:  # what nobody looked at is taken for ordinary
            standard[len(counted) :] = 0
        features = np.concatenate([0.3 * standard, 3 * hash_words(own.words)])
        by_counting = _softmax(held["counts.weight"] @ features + held["counts.bias"])
        if self._encoders is None:
            return _by_why(by_counting)
        state = self._encoders.joint.encode(message.asked, own.text)
        inputs = np.concatenate([state, np.clip(0.3 * standard, -2, 2)])
        by_meaning = _softmax(held["why.weight"] @ inputs + held["why.bias"])
        share = COUNTING_WEIGHT[language_of(message.learner) == "en"]
        return _by_why(share * by_counting + (1 - share) * by_meaning)

    def _subjects(self, lab: Lab, own: OwnWords) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
        """Probabilities of each concept, each belief held and each belief denied, from the words alone."""
        if self._encoders is None:
            return {}, {}, {}
        weights, slug = self._floats, lab.slug
        state = self._encoders.joint.encode("", own.text)[: weights["concept.weight"].shape[1]]
        concepts = _sigmoid(weights["concept.weight"] @ state + weights["concept.bias"])
        beliefs = _sigmoid(weights["belief.weight"] @ state + weights["belief.bias"])
        held, denied = np.split(beliefs, 2)
        return (
            {id: float(p) for (of, id), p in zip(self._concepts, concepts, strict=True) if of == slug},
            {id: float(p) for (of, id), p in zip(self._beliefs, held, strict=True) if of == slug},
            {id: float(p) for (of, id), p in zip(self._beliefs, denied, strict=True) if of == slug},
        )

    def _concepts_named(self, lab: Lab, probabilities: dict[str, float], own: OwnWords) -> tuple[str, ...]:
        """Concepts by their probability; those of a lab that was not learned by their cues."""
        if {concept.id for concept in lab.concepts} != set(probabilities):
            return _by_cues({concept.id: concept.cues for concept in lab.concepts}, own.text)[:3]
        ranked = sorted(probabilities, key=lambda id: -probabilities[id])
        return tuple(id for id in ranked if probabilities[id] > CONCEPT_THRESHOLD) or (ranked[0],)

    def _belief_named(
        self, lab: Lab, held: dict[str, float], denied: dict[str, float], own: OwnWords
    ) -> tuple[str | None, str | None]:
        """The belief that is surely held, and the one that may be; never both. A cue alone makes nothing sure."""
        if {belief.id for belief in lab.misconceptions} != set(held):
            return None, next(iter(_by_cues({one.id: one.cues for one in lab.misconceptions}, own.text)), None)
        best = max(held, key=lambda id: held[id] - denied[id], default=None)
        if best is None or held[best] < SUSPECTED or denied[best] > held[best]:
            return None, None
        return (best, None) if held[best] > HELD and denied[best] < UNDENIED else (None, best)

    def _belief_denied(self, denied: dict[str, float], belief: str | None) -> str | None:
        best = max(denied, key=lambda id: denied[id], default=None)
        return best if best and best != belief and denied[best] > DENIED else None


def _encoders(learned: dict[str, Floats]) -> tuple[_Encoders | None, str]:
    """Without the package of weights the judge only counts; its name says so wherever it is shown."""
    try:
        weights = read_weights()
    except CallerMistake:
        return None, COUNTING_ONLY
    adapter, head = (
        {name.removeprefix(prefix): part for name, part in learned.items() if name.startswith(prefix)}
        for prefix in ("adapter.", "stated.")
    )
    embeddings = Embeddings(Encoder({}, weights))
    return _Encoders(Encoder(adapter, weights), embeddings, StatementReader(embeddings, head)), LOCAL


def _by_why(probabilities: Floats) -> dict[Why, float]:
    return {why: float(p) for why, p in zip(WHYS, probabilities, strict=True)}


def _by_cues(cues: dict[str, tuple[str, ...]], text: str) -> tuple[str, ...]:
    counts = {id: count_cues(text, of) for id, of in cues.items()}
    return tuple(id for id in sorted(counts, key=lambda id: -counts[id]) if counts[id])


def _softmax(x: Floats) -> Floats:
    e = np.exp(x - x.max())
    return np.asarray(e / e.sum())


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


@cache
def loaded_judge() -> LocalJudge:
    """The one of this process, with its weights."""
    return LocalJudge()


def name_here() -> str:
    """What the local judge is called on this machine, without loading it."""
    try:
        weights_folder()
    except CallerMistake:
        return COUNTING_ONLY
    return LOCAL
