"""`python -m tests.engine.serving.toy_child BEHAVIOUR`: the real child with a toy in place of weights.

What it does is the last word that it is told: `hang`, `die`, `fail`, `slow`, or anything to be repeated.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

from engine.errors import CorruptWeights
from engine.harness.prompt import Conversation
from engine.models import interruption
from engine.serving import child


class Parrot:
    def __init__(self) -> None:
        self.environment = {"dtype": "float32"}

    def stream(self, asked: Conversation, max_tokens: int) -> Iterator[str]:
        words = asked.turns[-1].content.split()[:max_tokens]
        for word in words:
            yield f"{word} "
        if words[-1] == "hang":
            time.sleep(600)
        if words[-1] == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if words[-1] == "fail":
            raise CorruptWeights("They are not what they were.")
        while words[-1] == "slow":
            interruption.check()
            time.sleep(0.02)
            yield "more "


def opened(address: str) -> Parrot:
    if address == "broken":
        raise CorruptWeights("They are no weights.")
    if address == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if address == "late":
        time.sleep(2.0)
    return Parrot()


if __name__ == "__main__":
    interruption.LOOK = 0.05
    child.open_model = opened  # type: ignore[assignment]
    child.main(sys.argv[1])
