"""What the engine asks of a model: rank choices, or write. One seam, so a test can stand in for any weights.

Both methods yield batches as they are finished, each to be written down in one transaction. How items are
batched is the model's own affair, with one rule: for the same items in the same order the batches are the
same, whatever is skipped. That makes a resumed battle identical to an uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from engine.harness.config import Decoding
from engine.harness.prompt import Asked

FailureKind = Literal["truncated", "out_of_memory", "endpoint", "scoring", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """An item's choices to be ranked: a (context, continuation) pair each, delimiter included."""

    item_id: str
    pairs: tuple[tuple[Asked, str], ...]
    unconditional: bool = False
    """Score each continuation after nothing as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """An item's text or conversation for the model to go on from."""

    item_id: str
    text: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Logliks:
    """Summed natural-log likelihood of each choice, in order."""

    item_id: str
    sums: tuple[float, ...]
    scored: tuple[int, ...] = ()
    """Tokens of each choice."""
    unconditional: tuple[float, ...] = ()
    """The sums of the choices after nothing, if they were asked for."""
    tokens: int = 0
    truncated_tokens: int = 0
    """Tokens dropped at the front of the longest prompt."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model wrote, cut before the first stop string."""

    item_id: str
    text: str
    truncated: bool
    """It ran into the token limit: nothing says it was done."""
    tokens: int = 0
    truncated_tokens: int = 0
    """Tokens dropped at the front of the prompt."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The model could not answer this one item."""

    item_id: str
    reason: FailureKind
    message: str


class Model(Protocol):
    """A model that is open. Opening may take seconds and raises; these methods report per item.

    items     what is asked; batches are formed from all of it, whatever is skipped
    decoding  how each answer is written
    skip      ids of items that are done: they are in no batch that is yielded
    """

    environment: dict[str, str]
    """What ran: weights, device, precision, library versions. Goes into the record."""
    notices: list[str]
    """Things a person should know of, such as batches that had to be halved; drained by whoever shows them."""

    def rank(self, items: Sequence[Ranking], skip: Collection[str] = ()) -> Iterator[list[Logliks | Trouble]]: ...

    def write(
        self, items: Sequence[Prompt], decoding: Decoding, skip: Collection[str] = ()
    ) -> Iterator[list[Completion | Trouble]]: ...
