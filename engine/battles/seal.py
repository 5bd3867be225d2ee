"""The seal of a plan: its hash, taken before anything runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from engine.battles.battle import Battle
from engine.encoding import stored_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The hash of a plan, beside the plan as it stands now.

    All of the plan is hashed: a field that was left out could be chosen after the fact. What only running can tell,
    such as versions of libraries, is not in a plan and not in the seal.
    """

    digest: str
    """`s1:` and the SHA-256 of the plan's text when it was sealed. In full: half of it would let a forecaster with
    time to spare prepare two plans under one seal."""
    plan: str
    """The plan as one line of JSON: keys sorted, no spaces, UTF-8."""

    @classmethod
    def of(cls, plan: Battle) -> Seal:
        """Seals a plan. Raises `ValueError` for what JSON cannot say: NaN, half of a surrogate pair."""
        text = json.dumps(stored_form(plan), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return cls(digest=_digest(text), plan=text)

    @property
    def intact(self) -> bool:
        """Whether the plan is still the one that was sealed."""
        return self.digest == _digest(self.plan)


def _digest(text: str) -> str:
    return "s1:" + hashlib.sha256(text.encode()).hexdigest()
