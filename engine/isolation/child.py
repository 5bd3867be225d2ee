"""The limited process itself: reads a request a line, calls one of the functions it was started for, and answers.

It is started with the names of those functions and calls no others. The kernel keeps its bounds on memory and
computing; a second thread reads what comes in, so that the process ends at once when nobody is left to answer.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.isolation.process import READY

IDLE = 600  # seconds without a request, after which it ends
NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto")
PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")
"""What nothing here has a need for, by how the names of Python's audit events begin."""

Function = Callable[[Any], Any]


def main(nice: int, programs: bool, names: list[str]) -> None:
    """Serves until its input ends.

    nice      how far it stands back
    programs  whether it may start processes
    names     of its functions
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # is meant for who asks; we end when they do
    os.nice(nice)  # so that the process that everybody waits for comes first
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    try:
        functions = {name: _function(name) for name in names}
    except Exception:
        print(json.dumps(traceback.format_exc()), file=answers, flush=True)
        return
    sys.addaudithook(_refuse)
    if not programs:
        sys.addaudithook(_refuse_programs)
    print(READY.decode(), file=answers, flush=True)
    while True:
        try:
            request = json.loads(requests.get(timeout=IDLE))
        except queue.Empty:
            return
        answer, last = _answer(functions[request["function"]], request)
        print(answer, file=answers, flush=True)
        if last:
            return


def _read(requests: queue.Queue[bytes]) -> None:
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(1)  # nobody is there any more


def _function(name: str) -> Function:
    module, _, attribute = name.partition(":")
    function: Function = getattr(importlib.import_module(module), attribute)
    return function


def _answer(function: Function, request: dict[str, Any]) -> tuple[str, bool]:
    """An `Answer` as JSON, and whether it is the last."""
    memory = request["memory"]
    try:
        _bound(memory, request["computing"])
        try:
            value = json.dumps(function(request["argument"]))
        finally:
            _unbound()
    except MemoryError:
        return json.dumps({"limit": "memory", "last": True}), True
    except EngineError as error:
        kinds = [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, EngineError)]
        answer = json.dumps({"error": (kinds, str(error))})
    except Exception:
        answer = json.dumps({"mistake": traceback.format_exc()})
    else:
        answer = json.dumps({"limit": "output"}) if len(value) > request["output"] else f'{{"value": {value}}}'
    last = (
        memory is not None and _most_memory() > memory // 2
    )  # may never be given back, and the next call wants it all
    return f'{answer[:-1]}, "last": true}}' if last else answer, last


def _most_memory() -> int:
    """Bytes that this process ever held, on Linux; what `getrusage` tells begins with those of whoever started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def _bound(memory: int | None, seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    if memory is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (memory, resource.RLIM_INFINITY))


def _unbound() -> None:
    """Memory only: an answer has to fit as well."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(NETWORK):
        raise PermissionError(f"{event} is not for an isolated process")


def _refuse_programs(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(PROGRAMS):
        raise PermissionError(f"{event} is not for an isolated process")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "1", sys.argv[3:])
