"""Functions that use more than they may, for the pool's tests; they run in its processes."""

import os
import re
import socket
import subprocess
import tempfile
import time
from typing import Any

from engine import CallerMistake
from engine.errors import Mismatch, Unknown


def echo(argument: Any) -> Any:
    return argument


def grow(megabytes: int) -> int:
    return len(b"x" * (megabytes << 20))


def backtrack(length: int) -> bool:
    """One call of the regex engine, which holds Python's lock for as long as it takes."""
    return re.fullmatch(r"(?:a|aa)+", "a" * length + "b") is not None


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def write(megabytes: int) -> str:
    return "x" * (megabytes << 20)


def die(status: int) -> None:
    os.kill(os.getpid(), status)


def raise_engine_error(kind: str) -> None:
    if kind == "Unknown":
        raise Unknown.name("model", "gpt", ["gpt2"])
    if kind == "private":
        raise _OnlyHere("It is only known here.")
    raise Mismatch("They do not belong together: “ä”.")


class _OnlyHere(CallerMistake):
    pass


def fail(_: Any) -> None:
    raise ZeroDivisionError("nobody foresaw this")


def surroundings(_: Any) -> dict[str, Any]:
    return {"pid": os.getpid(), "nice": os.nice(0), "environment": dict(os.environ), "folder": tempfile.gettempdir()}


def leave(name: str) -> str:
    place = os.path.join(tempfile.gettempdir(), name)
    with open(place, "w") as file:
        file.write("left behind")
    os.kill(os.getpid(), 9)
    return place


def reach_out(way: str) -> None:
    if way == "network":
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    else:
        subprocess.run(["true"], check=True)
