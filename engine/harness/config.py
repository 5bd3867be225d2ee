"""How a model is asked and how its answer is read: decoding and the settings of a harness."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Literal

from engine.encoding import stored_form

Normalisation = Literal["sum", "characters", "bytes", "tokens", "unconditional"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How a model writes: greedily, up to `max_tokens` new tokens, cut at the earliest of `until`."""

    max_tokens: int
    until: tuple[str, ...]
    temperature: float = 0.0
    after: str = ""
    """Only what follows the last of these is looked through for `until`: a model's reasoning may hold anything."""

    def end(self, text: str) -> int | None:
        """Where the earliest stop string begins; None where the text holds none that counts.

        >>> decoding = Decoding(max_tokens=64, until=("Question:",), after="</think>")
        >>> text = "Question: is it 4?</think>It is 4. Question: What"
        >>> text[: decoding.end(text)]
        'Question: is it 4?</think>It is 4. '
        """
        start = 0
        if self.after:
            start = text.rfind(self.after)
            if start < 0:
                return None
            start += len(self.after)
        return min((at for stop in self.until if stop and (at := text.find(stop, start)) >= 0), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HarnessConfig:
    """How a model is asked and how its answer is read: half of what a benchmark score measures."""

    template: Literal["plain", "chat"] = "plain"
    """plain: the prompt as it is; chat: a conversation in the model's own template."""
    system: str = ""
    """What stands before everything: the system's message in a conversation, the first words of a plain prompt."""
    multiturn: bool = False
    """In a conversation: every worked example is a turn of its own, instead of part of the question."""
    thinking: int | None = None
    """Tokens a model may reason for before its answer: 0 tells its template not to; None leaves it to the template."""
    shots: int = 0
    """Worked examples before the question."""
    shots_seed: int = 1234
    """Seed of the draw of worked examples, for tasks that draw them (lm-eval's own default)."""
    normalisation: Normalisation = "sum"
    """Which choice wins: highest summed log-likelihood, or that per character, byte or token of the choice, or above
    what the choice has without its question."""
    unconditional: bool = False
    """Each choice is also scored without its question, which the last of these needs."""
    extraction: str = "argmax"
    """The rule that turns what the model said into an answer; a name the task knows."""
    decoding: Decoding | None = None
    """None where choices are ranked and nothing is written."""
    dtype: str = "auto"
    """Precision asked for; auto is float32 on a CPU and bfloat16 on a GPU that has it."""
    prompt_variant: str = field(default="task", metadata={"alias": "wording"})
    """How the question is put: the task's own words, or another of the names in `engine.harness.variants`."""
    option_order: Literal["given", "reversed"] = "given"
    """Order of lettered options, for tasks that list them."""
    batch: int | None = None
    """Items computed at a time; None for as many as fit. It changes nothing but rounding."""

    @property
    def fingerprint(self) -> str:
        """A short tagged hash of the stored form as canonical JSON: equal fingerprints mean equal settings."""
        canonical = json.dumps(stored_form(self), sort_keys=True, separators=(",", ":"))
        return "h3:" + hashlib.sha256(canonical.encode()).hexdigest()[:12]
