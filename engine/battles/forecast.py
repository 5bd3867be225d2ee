"""A forecast: what somebody expects of a battle, sealed together with its plan before anything runs.

A forecast is worth something only if it cannot be changed once the result is known, and so is a plan: margin, items and
stopping rule chosen afterwards can make any result look like a success. So the whole plan is hashed, forecast and all.
The hash can be handed out before the run without giving the forecast away, because a random nonce is hashed too; plan
and nonce are in the battle's JSON, so that anybody can check the seal after it (a commitment, opened later).

Whoever can write the ledger's file can also write a new seal into it. What a seal proves, it proves to those who were
shown it before the run.
"""

from __future__ import annotations

import hashlib
import math
import secrets
import unicodedata
from dataclasses import asdict, dataclass, field

from engine.errors import CallerMistake

OUTCOMES = ("a", "b", "equal", "undecided")
LONGEST_HYPOTHESIS, LONGEST_NAME = 500, 64
FORM = "a=0.5,b=0.2,equal=0.1,undecided=0.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeProbabilities:
    """A probability, as a fraction, for each of the four outcomes a verdict can have."""

    a: float
    b: float
    equal: float
    undecided: float

    @classmethod
    def percent(cls, *, a: float, b: float, equal: float, undecided: float) -> OutcomeProbabilities:
        """From the probabilities of `a`, `b`, `equal` and `undecided` in percent."""
        return cls(a=a / 100, b=b / 100, equal=equal / 100, undecided=undecided / 100)

    @classmethod
    def read(cls, text: str) -> OutcomeProbabilities:
        """From its text form; an outcome left out gets nothing.

        >>> OutcomeProbabilities.read("a=0.5,b=0.2,undecided=0.3")
        OutcomeProbabilities(a=0.5, b=0.2, equal=0.0, undecided=0.3)

        Raises:
            CallerMistake: a name that is no outcome or comes twice, or what is no number. `check` is for the rest.
        """
        given: dict[str, float] = {}
        for part in text.split(","):
            name, _, number = (piece.strip() for piece in part.partition("="))
            try:
                if name not in OUTCOMES or name in given:
                    raise ValueError
                given[name] = float(number)
            except ValueError:
                raise CallerMistake(
                    f"The forecast holds {part[:40]!r}: give each outcome once, as in {FORM}."
                ) from None
        return cls(**dict.fromkeys(OUTCOMES, 0.0) | given)

    def check(self) -> None:
        """Raises `CallerMistake` unless the four are probabilities of everything that can happen."""
        for outcome, probability in asdict(self).items():
            if not (isinstance(probability, (int, float)) and 0 <= probability <= 1):
                raise CallerMistake(
                    f"The forecast gives {outcome}={probability!r}, which is no probability: write 0.5 for 50%."
                )
        total = math.fsum(asdict(self).values())
        if abs(total - 1) > 1e-9:
            raise CallerMistake(
                f"The forecast adds up to {total:.10g}: the four outcomes are all that can happen, "
                f"so they must add up to 1, as in {FORM}."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What somebody expects of a battle. Plain data, as a plan is: `check` is asked before it is sealed."""

    probabilities: OutcomeProbabilities = field(metadata={"alias": "forecast"})
    hypothesis: str = ""
    """What is expected and why, in the forecaster's own, untrusted words."""
    by: str = ""
    """Whose forecast it is: what `author` made of a secret, or nothing."""
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))
    """Without it, whoever sees a seal could try all forecasts until one fits; there are few."""

    def check(self) -> None:
        """Raises `CallerMistake` for a forecast that is none, and for text that is too long or cannot be shown."""
        self.probabilities.check()
        for name, text, longest in (
            ("hypothesis", self.hypothesis, LONGEST_HYPOTHESIS),
            ("by", self.by, LONGEST_NAME),
            ("nonce", self.nonce, LONGEST_NAME),
        ):
            if len(text) > longest:
                raise CallerMistake(
                    f"The card's `{name}` has {len(text):,} characters: shorten it to {longest} at the most."
                )
            for character in text:
                if character not in "\n\r\t" and unicodedata.category(character) in ("Cc", "Cs"):
                    raise CallerMistake(
                        f"The card's `{name}` holds the character {character!a}, which cannot be shown: leave it out."
                    )


def author(secret: str) -> str:
    """An id for whoever knows the secret, from which the secret cannot be read."""
    return "f1:" + hashlib.sha256(f"Noise Floor forecasts by {secret}".encode()).hexdigest()[:16]
