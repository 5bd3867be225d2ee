"""The judge that needs no endpoint: two small classifiers, averaged. The rules around them are in assessment.py.

One reads meaning (encoder.py), one counts (features.py); both learned from the labelled messages in
tutor/judge/messages. What they learned is in learned.npz, about a megabyte, made by scripts/train_judge.py and
measured in docs/judge.md. Labs they did not learn from get the same verdicts, and concepts by their cues. Where the
package with the encoder's weights is missing, only the counting one judges; `name` says so.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import CallerMistake
from labs import Lab
from tutor.exchange import SUBSTANTIVE, WHYS, Assessment, Message, Why
from tutor.judge.encoder import Encoder, weights_folder
from tutor.judge.features import count_features, hash_words
from tutor.judge.languages import language_of
from tutor.judge.quoting import best_clause, count_cues
from tutor.judge.rules import OwnWords
from tutor.judge.words import count_matches

Floats = NDArray[np.float32]
LEARNED = Path(__file__).parent / "learned.npz"
THRESHOLD = 0.5  # of the probability that a message is substantive
CONCEPT_THRESHOLD, BELIEF_THRESHOLD = 0.4, 0.5  # probabilities from which a concept or a belief is named
LOCAL, COUNTING_ONLY = "local", "local, counting only"  # its names, with the encoder's weights and without
COUNTING_WEIGHT = {True: 0.5, False: 0.7}  # the counting classifier's share in English, and elsewhere


class LocalJudge:
    """A `Judge` (assessment.py) made of the coefficients in the file `learned`.

    Loads in about a second, then some 30 ms a message on one core.
    """

    def __init__(self, learned: Path = LEARNED) -> None:
        with np.load(learned, allow_pickle=False) as held:
            parts = {name: held[name] for name in held.files}
        self._floats: dict[str, Floats] = {
            name: part.astype(np.float32) for name, part in parts.items() if part.dtype.kind == "f"
        }
        self._concepts = [tuple(str(name).split("/")) for name in parts["concept_names"]]
        self._beliefs = [tuple(str(name).split("/")) for name in parts["belief_names"]]
        adapter = {name.removeprefix("adapter."): part for name, part in self._floats.items() if name[:8] == "adapter."}
        self._encoder, self.name = _encoder(adapter)

    def assess(self, message: Message, own: OwnWords) -> Assessment:
        """The assessment of the learner's own words. Cannot fail once the judge is loaded."""
        whys, state = self._kinds(message, own)
        substantive = sum(whys[why] for why in SUBSTANTIVE) > THRESHOLD
        why: Why = max(SUBSTANTIVE if substantive else set(WHYS) - SUBSTANTIVE, key=lambda one: whys[one])
        if not substantive:
            unknown = why in ("too_short", "question_only_lookup") and count_matches("unsure", own.text) > 0
            return Assessment(why="too_short" if unknown else why, honest_unknown=unknown, judge=self.name)
        concepts, beliefs = self._subjects(message, own, state)
        named = self._concepts_named(message.lab, concepts, own)
        belief = self._belief_named(message.lab, beliefs, own)
        if belief and (about := message.lab.misconception(belief).concept) not in named:
            named = (about, *named[:1])
        cues = [cue for id in named for cue in message.lab.concept(id).cues]
        return Assessment(
            why=why, concepts=named, misconception=belief, quote=best_clause(own.text, cues), judge=self.name
        )

    def probabilities(
        self, message: Message, own: OwnWords
    ) -> tuple[dict[Why, float], dict[str, float], dict[str, float]]:
        """Of each kind, of each concept and of each belief of the message's lab (empty if that was not learned)."""
        whys, state = self._kinds(message, own)
        return whys, *self._subjects(message, own, state)

    def _kinds(self, message: Message, own: OwnWords) -> tuple[dict[Why, float], Floats | None]:
        """Of each kind; and what the encoder made of the answer to its question, if there is one."""
        held = self._floats
        counts = (count_features(message, own) - held["mean"]) / held["spread"]
        features = np.concatenate([0.3 * counts, 3 * hash_words(own.words)])
        by_counting = _softmax(held["counts.weight"] @ features + held["counts.bias"])
        if self._encoder is None:
            return _by_why(by_counting), None
        state = self._encoder.encode(message.asked, own.text)
        inputs = np.concatenate([state, np.clip(0.3 * counts, -2, 2)])
        by_meaning = _softmax(held["why.weight"] @ inputs + held["why.bias"])
        share = COUNTING_WEIGHT[language_of(message.learner) == "en"]
        return _by_why(share * by_counting + (1 - share) * by_meaning), state

    def _subjects(
        self, message: Message, own: OwnWords, state: Floats | None
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Of each concept and each belief of the message's lab. Encodes the words once more, for substantive ones."""
        if self._encoder is None or state is None:
            return {}, {}
        held, slug = self._floats, message.lab.slug
        concepts = _sigmoid(held["concept.weight"] @ state + held["concept.bias"])
        # A question such as “is it still a record?” makes any answer look like the belief it fishes for, so half the
        # weight is on the words alone.
        states = (state, self._encoder.encode("", own.text))
        beliefs = np.mean([_sigmoid(held["belief.weight"] @ each + held["belief.bias"]) for each in states], axis=0)
        return (
            {id: float(p) for (lab, id), p in zip(self._concepts, concepts, strict=True) if lab == slug},
            {id: float(p) for (lab, id), p in zip(self._beliefs, beliefs, strict=True) if lab == slug},
        )

    def _concepts_named(self, lab: Lab, probabilities: dict[str, float], own: OwnWords) -> tuple[str, ...]:
        """Concepts by their probability; those of a lab that was not learned by their cues."""
        if {concept.id for concept in lab.concepts} != set(probabilities):
            return _by_cues({concept.id: concept.cues for concept in lab.concepts}, own.text)[:3]
        ranked = sorted(probabilities, key=lambda id: -probabilities[id])
        return tuple(id for id in ranked if probabilities[id] > CONCEPT_THRESHOLD) or (ranked[0],)

    def _belief_named(self, lab: Lab, probabilities: dict[str, float], own: OwnWords) -> str | None:
        if {belief.id for belief in lab.misconceptions} != set(probabilities):
            return next(iter(_by_cues({belief.id: belief.cues for belief in lab.misconceptions}, own.text)), None)
        best = max(probabilities, key=lambda id: probabilities[id], default=None)
        return best if best and probabilities[best] > BELIEF_THRESHOLD else None


def _encoder(adapter: dict[str, Floats]) -> tuple[Encoder | None, str]:
    """Without the package of weights the judge only counts; its name says so wherever it is shown."""
    try:
        return Encoder(adapter), LOCAL
    except CallerMistake:
        return None, COUNTING_ONLY


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
