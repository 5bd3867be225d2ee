"""The model that runs here, as a voice asks it: a `ChatModel` whose process is started when it is first needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from engine.models import RequestFailure
from engine.serving import Opened, ServedModel
from tutor.errors import EndpointFailure
from tutor.local_model import weights

REPLY_SECONDS = 90.0
"""For a reply from when its turn came, opening included; then the authored words stand in."""
MAX_TOKENS = 240
"""Of a reply: more than its 110 words have in any language that the labs know."""
OPENING_SECONDS = 900.0
"""For the first opening, which writes the weights down anew."""


@dataclass(frozen=True, slots=True)
class Here:
    """No endpoint: the model is on this machine."""

    model: str = weights.TITLE


class LocalChatModel:
    """See `tutor.chat_model.ChatModel`. Another reply waits for its turn; a third is a failure at once."""

    def __init__(self) -> None:
        self.endpoint = Here()
        self._served = ServedModel(str(weights.path()))

    def open(self) -> Opened:
        """Has it opened, however long that takes.

        Raises:
            EndpointFailure: it cannot be opened.
            DiskFull: its first opening finds too little space.
        """
        weights.check_space_to_open()
        try:
            return self._served.open(OPENING_SECONDS)
        except RequestFailure as failure:
            raise EndpointFailure(failure.step, str(failure), failure.status) from failure

    def stream(self, messages: Sequence[Mapping[str, str]]) -> Iterator[str]:
        """See `ChatModel`. Whoever closes the iterator stops the model."""
        written = ""
        reply = self._served.stream(messages, max_tokens=MAX_TOKENS, seconds=REPLY_SECONDS)
        try:
            with closing(reply) as pieces:
                for piece in pieces:
                    written += piece
                    yield piece
        except RequestFailure as failure:
            raise EndpointFailure(failure.step, str(failure), failure.status) from failure
        if not written.strip():
            raise EndpointFailure("stream", f"{self.endpoint.model} wrote an empty reply. Send the message again.")

    @property
    def memory(self) -> int:
        """Bytes that its process holds now; 0 where there is none."""
        return self._served.memory()

    def close(self) -> None:
        """Ends its process."""
        self._served.close()
