"""One limited process, as the process that asks sees it: a request goes in, an answer comes out or a limit is hit."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.home import PROJECT
from engine.isolation.limits import IsolatedFunction, LimitName

Waiting = Callable[[float], object]
"""Called again and again with the seconds so far; whatever it raises ends the call."""
TICK = 0.25
"""Seconds between two looks at a call that goes on."""
START = 120.0
"""Seconds for a process to come up and import what it is for; a machine may be busy."""
READY = b"{}"
ENVIRONMENT = (
    *("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    *("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "NOISEFLOOR_HOME", "NOISEFLOOR_LABS"),
)
"""What a child may see of our environment: what it takes to start, and no key of anybody."""
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")}
KERNEL_BOUNDS_MEMORY = sys.platform == "linux"
"""Elsewhere RLIMIT_DATA promises nothing, and RLIMIT_AS does not work on macOS: there we look at the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a call: a value, an error of its own, a limit, or a mistake in our code.

    error    the names of its type and of its type's bases, the nearest first, and its sentence
    mistake  the traceback
    last     whether the process is at its end
    """

    value: Any = None
    error: tuple[tuple[str, ...], str] | None = None
    limit: LimitName | None = None
    mistake: str | None = None
    last: bool = False


class Died(Exception):
    """The process ended between two calls: another one may do it."""


class Process:
    """A child process. It ends when this process does: it reads the end of its input then, or runs out of seconds."""

    def __init__(
        self, functions: Sequence[str], *, nice: int = 0, programs: bool = False, waiting: Waiting | None = None
    ) -> None:
        """Returns when it is ready.

        functions  all that it may be asked for, as `module:function`
        nice       how far it stands back behind this process
        programs   whether it may start processes of its own
        waiting    see there

        Raises:
            RuntimeError: it does not start.
        """
        self.calls = 0
        self._folder = tempfile.TemporaryDirectory(prefix="isolated-")  # what it leaves there goes with it
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "engine.isolation.child", str(nice), str(int(programs)), *functions],
                cwd=PROJECT,
                env=_environment(self._folder.name),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except BaseException:
            self._folder.cleanup()
            raise
        try:
            greeting = self._line(START, 1 << 20, waiting, None)
            if greeting != READY:
                raise RuntimeError(f"A process for {', '.join(functions)} does not start: {greeting!r}")
        except BaseException:
            self.end()
            raise

    @property
    def alive(self) -> bool:
        """Whether it may be asked again."""
        return self._child.poll() is None

    def ask(self, function: IsolatedFunction, argument: Any, waiting: Waiting | None) -> Answer:
        """Calls a function in it. Only an answer that is not the last leaves it fit for another call.

        function  one of those it was made for
        argument  a JSON value
        waiting   see there

        Raises:
            Died: it had ended before.
        """
        self.calls += 1
        limits = function.limits
        request = {
            "function": function.name,
            "argument": argument,
            "memory": limits.memory if KERNEL_BOUNDS_MEMORY else None,
            "computing": limits.computing,
            "output": limits.output,
        }
        assert self._child.stdin
        try:
            self._child.stdin.write(json.dumps(request).encode() + b"\n")
            self._child.stdin.flush()
        except BrokenPipeError as error:
            raise Died from error
        line = self._line(limits.time, limits.output + 65_536, waiting, limits.memory)
        if not isinstance(line, bytes):
            return Answer(limit=line, last=True)
        if line:
            return Answer(**json.loads(line))
        status = self._child.wait()
        if status == 0:
            raise Died
        return Answer(limit="computing" if status == -signal.SIGXCPU else "end", last=True)

    def end(self) -> None:
        """Ends it now, whatever it does."""
        self._child.kill()
        with contextlib.suppress(BrokenPipeError), self._child:  # which closes the pipes and waits
            pass
        self._folder.cleanup()

    def _line(self, seconds: float, most: int, waiting: Waiting | None, memory: int | None) -> bytes | LimitName:
        """The next line it writes, empty where it ends without one; or which limit it hit before."""
        assert self._child.stdout
        out = self._child.stdout.fileno()
        began = time.monotonic()
        parts, size = [], 0
        while (passed := time.monotonic() - began) < seconds:
            readable, _, _ = select.select([out], [], [], min(TICK, seconds - passed))
            if readable:
                part = os.read(out, 1 << 16)
                parts.append(part)
                size += len(part)
                if not part:
                    return b""
                if part.endswith(b"\n"):
                    return b"".join(parts)[:-1]
                if size > most:
                    return "output"
                continue
            if memory and not KERNEL_BOUNDS_MEMORY and resident(self._child.pid) > memory:
                return "memory"
            if waiting:
                waiting(passed)
        return "time"


def _environment(folder: str) -> dict[str, str]:
    """What a child sees of ours, with a folder of its own for what it has to put down."""
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    return kept | ONE_THREAD | {"TMPDIR": folder}


def resident(pid: int) -> int:
    """Bytes of memory that a process holds, as `ps` tells on every Unix; 0 where it does not."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return 1024 * int(told.stdout) if told.stdout.strip().isdigit() else 0
