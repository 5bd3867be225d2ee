"""What a voice asks of a language model, wherever it runs: an endpoint's (`OpenAIClient`), or one on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol


class Named(Protocol):
    """Where a model is asked."""

    @property
    def model(self) -> str:
        """Its name, as transcripts have it."""


class ChatModel(Protocol):
    """A language model that replies in a conversation."""

    @property
    def endpoint(self) -> Named:
        """Where it is asked."""

    def stream(self, messages: Sequence[Mapping[str, str]]) -> Iterator[str]:
        """The reply to a conversation (role and content of each turn), in pieces as they are written.

        Raises:
            EndpointFailure: it does not come to its end. Pieces given before stay the caller's to drop.
        """
