"""`python -m engine.serving.child MODEL`: opens a model and streams what it writes, a request at a time.

A line of JSON in is a request (`ask`) or the wish that one end (`stop`); lines of JSON go out. A second thread reads,
so that the process ends at once when nobody is left to answer.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Protocol, TextIO

from engine import log_format
from engine.errors import EngineError
from engine.harness.prompt import Conversation, Turn
from engine.models import find
from engine.models.interruption import Interrupted, interruptible

IDLE = 3_600.0
"""Seconds without a request, after which it gives its memory back."""
log = logging.getLogger("engine.serving")
Line = dict[str, Any]


class Streams(Protocol):
    """What is asked of a model here."""

    environment: dict[str, str]

    def stream(self, asked: Conversation, max_tokens: int) -> Iterator[str]: ...


def main(address: str) -> None:
    """Serves until its input ends.

    address  as `engine.models.find` takes it
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # is meant for who asks; we end when they do
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold what learners wrote
    log_format.set_up()
    inbox = Inbox()
    threading.Thread(target=inbox.read, args=(sys.stdin,), daemon=True).start()
    try:
        model = open_model(address)
    except Exception as error:
        say(answers, _failed(error))
        return
    say(answers, {"opened": model.environment["dtype"]})
    while (request := inbox.next()) is not None:
        for line in reply(model, request, inbox):
            say(answers, {"to": request["ask"], **line})


def open_model(address: str) -> Streams:
    """On the processor, in the precision it is quickest in: a reply is no measurement. Raises EngineError."""
    from engine.models.local import fastest_precision, open_local

    return open_local(find(address), "cpu", fastest_precision())


def reply(model: Streams, request: Line, inbox: Inbox) -> Iterator[Line]:
    """The pieces of a reply, and how it ended.

    model    who writes
    request  its `turns`, how many tokens `most` and how many `seconds` from now at most
    inbox    knows whether it is to stop
    """
    until = time.monotonic() + request["seconds"]
    turns = Conversation(tuple(Turn(turn["role"], turn["content"]) for turn in request["turns"]))
    try:
        with interruptible(lambda: inbox.stopped >= request["ask"] or time.monotonic() > until):
            for piece in model.stream(turns, request["most"]):
                yield {"piece": piece}
    except Interrupted:
        yield {"end": "stopped" if time.monotonic() <= until else "late"}
    except Exception as error:
        yield _failed(error)
    else:
        yield {"end": "done"}


class Inbox:
    """What comes in: requests in their order, and the number up to which they were stopped."""

    def __init__(self) -> None:
        self.stopped = 0
        self._requests: queue.Queue[Line] = queue.Queue()

    def read(self, lines: TextIO) -> None:
        """Until the end of the input, which is the end of the process."""
        for line in lines:
            given = json.loads(line)
            if "stop" in given:
                self.stopped = given["stop"]
            else:
                self._requests.put(given)
        os._exit(0)  # nobody is there any more

    def next(self) -> Line | None:
        """The next request; None when none came for long."""
        try:
            return self._requests.get(timeout=IDLE)
        except queue.Empty:
            return None


def say(answers: TextIO, line: Line) -> None:
    """One line, at once."""
    print(json.dumps(line), file=answers, flush=True)


def _failed(error: Exception) -> Line:
    """In a sentence; where there is none for it, with a traceback in the log."""
    if isinstance(error, EngineError):
        return {"failed": str(error)}
    log.exception("the model failed")
    return {"failed": f"An error nobody foresaw ({type(error).__name__}). The log says where."}


if __name__ == "__main__":
    main(sys.argv[1])
