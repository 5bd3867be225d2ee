"""The judge that needs no endpoint: two small readers, averaged, and rules around them (tutor/gate.py).

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
from tutor.dialogue.languages import language_of
from tutor.dialogue.quoting import best_clause, cues_in
from tutor.exchange import SUBSTANTIVE, WHYS, Assessment, Message, Why
from tutor.judge.encoder import Encoder
from tutor.judge.features import counted, hashed
from tutor.judge.rules import Own, own_words
from tutor.judge.words import hits

Floats = NDArray[np.float32]
LEARNED = Path(__file__).parent / "learned.npz"
THRESHOLD = 0.5  # of the chance that a message is substantive
CONCEPT, BELIEF = 0.4, 0.5  # chances from which a concept or a belief is named
COUNTS_WEIGH = {True: 0.5, False: 0.7}  # the counting reader's share in English, and elsewhere


class LocalJudge:
    """See `tutor.exchange.Judge`. Loads in about a second, then some 30 ms a message on one core."""

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

    def assess(self, message: Message) -> Assessment:
        """The judgement of the learner's own words. Cannot fail once the judge is loaded."""
        own = own_words(message)
        whys, concepts, beliefs = self.chances(message, own)
        sure = sum(whys[why] for why in SUBSTANTIVE)
        of = SUBSTANTIVE if sure > THRESHOLD else set(WHYS) - SUBSTANTIVE
        why: Why = max(of, key=lambda one: whys[one])
        if why not in SUBSTANTIVE:
            unknown = why in ("too_short", "question_only_lookup") and hits("unsure", own.text) > 0
            return Assessment(why="too_short" if unknown else why, honest_unknown=unknown, judge=self.name)
        named = self._named(message.lab, concepts, own)
        belief = self._belief(message.lab, beliefs, own)
        if belief and (about := message.lab.misconception(belief).concept) not in named:
            named = (about, *named[:1])
        cues = [cue for id in named for cue in message.lab.concept(id).cues]
        return Assessment(
            why=why, concepts=named, misconception=belief, quote=best_clause(own.text, cues), judge=self.name
        )

    def chances(self, message: Message, own: Own) -> tuple[dict[Why, float], dict[str, float], dict[str, float]]:
        """The chance of each kind, of each concept and of each belief of the message's lab (empty if not learned)."""
        held, slug = self._floats, message.lab.slug
        counts = (counted(message, own) - held["mean"]) / held["spread"]
        features = np.concatenate([0.3 * counts, 3 * hashed(own.text)])
        counts_say = _softmax(held["counts.weight"] @ features + held["counts.bias"])
        if self._encoder is None:
            return _by_name(counts_say), {}, {}
        state = self._encoder.read(message.asked, own.text)
        reads = _softmax(held["why.weight"] @ np.concatenate([state, np.clip(0.3 * counts, -2, 2)]) + held["why.bias"])
        share = COUNTS_WEIGH[language_of(message.learner) == "en"]
        both = share * counts_say + (1 - share) * reads
        concepts = _sigmoid(held["concept.weight"] @ state + held["concept.bias"])
        # A question such as “is it still a record?” makes any answer look like the belief it fishes for, so half the
        # weight is on the words alone.
        both_ways = (state, self._encoder.read("", own.text))
        beliefs = np.mean([_sigmoid(held["belief.weight"] @ one + held["belief.bias"]) for one in both_ways], axis=0)
        return (
            _by_name(both),
            {id: float(p) for (lab, id), p in zip(self._concepts, concepts, strict=True) if lab == slug},
            {id: float(p) for (lab, id), p in zip(self._beliefs, beliefs, strict=True) if lab == slug},
        )

    def _named(self, lab: Lab, chances: dict[str, float], own: Own) -> tuple[str, ...]:
        """Concepts by their chance; those of a lab that was not learned by their cues."""
        known = {concept.id for concept in lab.concepts}
        if known != set(chances):
            return _by_cues({concept.id: concept.cues for concept in lab.concepts}, own.text)[:3]
        ranked = sorted(chances, key=lambda id: -chances[id])
        return tuple(id for id in ranked if chances[id] > CONCEPT) or (ranked[0],)

    def _belief(self, lab: Lab, chances: dict[str, float], own: Own) -> str | None:
        known = {belief.id for belief in lab.misconceptions}
        if known != set(chances):
            found = _by_cues({belief.id: belief.cues for belief in lab.misconceptions}, own.text)
            return found[0] if found else None
        best = max(chances, key=lambda id: chances[id], default=None)
        return best if best and chances[best] > BELIEF else None


def _encoder(adapter: dict[str, Floats]) -> tuple[Encoder | None, str]:
    """Without the package of weights the judge only counts; its name says so wherever it is shown."""
    try:
        return Encoder(adapter), "local"
    except CallerMistake:
        return None, "local, counting only"


def _by_name(chances: Floats) -> dict[Why, float]:
    return {why: float(chance) for why, chance in zip(WHYS, chances, strict=True)}


def _by_cues(cues: dict[str, tuple[str, ...]], text: str) -> tuple[str, ...]:
    found = {id: cues_in(text, of) for id, of in cues.items()}
    return tuple(id for id in sorted(found, key=lambda id: -found[id]) if found[id])


def _softmax(x: Floats) -> Floats:
    e = np.exp(x - x.max())
    return np.asarray(e / e.sum())


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))


@cache
def local_judge() -> LocalJudge:
    """The one local judge of this process."""
    return LocalJudge()
