"""The process of a served model, as the one that asks sees it: lines go in, lines come out, until a moment or its
end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.home import PROJECT, home, make_folder, private_file
from engine.isolation.process import ENVIRONMENT, resident

LOG = "served-model.log"
PASSED_ON = (*ENVIRONMENT, "NOISEFLOOR_LOG", "OMP_NUM_THREADS")
"""What it may see of our environment: what it takes to start, and no key of anybody."""
SETTINGS = {
    "OMP_WAIT_POLICY": "PASSIVE",  # threads that spin at a barrier keep the page from its processor
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "8",  # a program kept for every length of a prompt is memory for nothing
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A model that is open."""

    precision: str
    memory: int
    """Bytes that its process holds; 0 where nobody tells."""


class Ended(Exception):
    """The process ended; `status` is its exit code, negative for the signal that killed it."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def command(address: str) -> Sequence[str]:
    """What starts it."""
    return (sys.executable, "-m", "engine.serving.child", address)


class Process:
    """A child process. It ends when this one does: it reads the end of its input then."""

    def __init__(self, address: str) -> None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        with private_file(make_folder("logs") / LOG).open("ab") as log:
            self._child = subprocess.Popen(
                command(address),
                cwd=PROJECT,
                env=environment | SETTINGS,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._read = b""
        self.opened: Opened | None = None
        """None until it said so."""

    def say(self, line: dict[str, Any]) -> None:
        """Raises Ended."""
        assert self._child.stdin
        try:
            self._child.stdin.write(json.dumps(line).encode() + b"\n")
            self._child.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise Ended(self._child.wait()) from error

    def line(self, until: float) -> dict[str, Any] | None:
        """The next line it writes; None where there is none by `until`, a moment of `time.monotonic`. Raises Ended."""
        assert self._child.stdout
        while b"\n" not in self._read:
            try:
                out = self._child.stdout.fileno()
                readable, _, _ = select.select([out], [], [], max(0.0, until - time.monotonic()))
                part = os.read(out, 1 << 16) if readable else None
            except (OSError, ValueError):  # somebody ended it while we waited
                part = b""
            if part is None:
                return None
            if not part:
                raise Ended(self._child.wait())
            self._read += part
        line, _, self._read = self._read.partition(b"\n")
        told: dict[str, Any] = json.loads(line)
        return told

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    @property
    def memory(self) -> int:
        """Bytes that it holds; 0 where nobody tells."""
        with contextlib.suppress(OSError):
            return resident(self._child.pid)
        return 0

    def end(self) -> None:
        """Ends it now, whatever it does."""
        self._child.kill()
        with contextlib.suppress(BrokenPipeError), self._child:  # which closes the pipes and waits
            pass


def log_file() -> str:
    """Where it writes what it has to say."""
    return str(home() / "logs" / LOG)
