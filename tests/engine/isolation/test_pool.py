"""The pool's promises: each limit ends a call with its sentence, nobody takes all of it, and no process is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from engine import CallerMistake, EngineError
from engine.errors import Busy, LimitExceeded, Mismatch, Unknown
from engine.home import PROJECT
from engine.isolation import IsolatedFunction, Limits, Pool
from engine.isolation.process import Process, resident

TIGHT = Limits(memory=200 << 20, computing=1, time=20, output=1 << 20)


def isolated(name: str, limits: Limits = TIGHT) -> IsolatedFunction:
    return IsolatedFunction(
        name=f"tests.engine.isolation.functions:{name}", doing="Reading this", instead="Split it.", limits=limits
    )


ECHO, GROW, BACKTRACK, WRITE, DIE = map(isolated, ("echo", "grow", "backtrack", "write", "die"))
SLEEP = isolated("sleep", Limits(time=1.5, turn=1.0))
LONG_SLEEP = isolated("sleep", Limits(time=60, turn=60))
RAISE, FAIL, AROUND, LEAVE, REACH = map(isolated, ("raise_engine_error", "fail", "surroundings", "leave", "reach_out"))
ALL = (ECHO, GROW, BACKTRACK, WRITE, DIE, SLEEP, LONG_SLEEP, RAISE, FAIL, AROUND, LEAVE, REACH)


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(size=2, functions=ALL)
    yield pool
    pool.close()


def gone(pid: int) -> bool:
    """Whether a process has ended, at once or soon."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def wait_for(condition: Any) -> None:
    for _ in range(300):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never came to that")


def test_json_goes_in_and_comes_out(pool: Pool) -> None:
    value = {"text": "ä\ud800\n", "numbers": [1, 2.5, None, True], "nested": {"a": []}}
    assert pool.call(ECHO, value) == value
    assert pool.call(ECHO, "x" * 500_000) == "x" * 500_000


def test_a_process_is_used_again(pool: Pool) -> None:
    assert pool.call(AROUND, None)["pid"] == pool.call(AROUND, None)["pid"]


def test_a_process_makes_way_after_many_calls(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.isolation.pool.CALLS", 2)
    pids = [pool.call(AROUND, None)["pid"] for _ in range(3)]
    assert pids[0] == pids[1] != pids[2]
    assert gone(pids[0])


@pytest.mark.parametrize(
    ("function", "argument", "sentence"),
    [
        (GROW, 1_000, "took more than 200 MB of memory"),
        (BACKTRACK, 60, "took more than 1 s of computing"),
        (SLEEP, 30, "took longer than 1.5 s"),
        (WRITE, 3, "came to more than 1 MB"),
        (DIE, signal.SIGSEGV, "came to a sudden end"),
    ],
    ids=["memory", "computing", "time", "output", "end"],
)
def test_each_limit_has_its_sentence(pool: Pool, function: IsolatedFunction, argument: int, sentence: str) -> None:
    with pytest.raises(LimitExceeded, match=r"^Reading this .*where it was stopped. Split it.$") as told:
        pool.call(function, argument)
    assert sentence in str(told.value)
    assert pool.call(ECHO, "still here") == "still here"


def test_what_has_grown_does_not_serve_the_next(pool: Pool) -> None:
    before = pool.call(AROUND, None)["pid"]
    assert pool.call(GROW, 120) == 120 << 20
    assert gone(before)


def test_errors_for_people_come_back_as_they_are(pool: Pool) -> None:
    with pytest.raises(Mismatch, match=r"^They do not belong together: “ä”.$"):
        pool.call(RAISE, "Mismatch")
    with pytest.raises(Unknown, match=r"no model called 'gpt'. Did you mean 'gpt2'"):
        pool.call(RAISE, "Unknown")
    with pytest.raises(CallerMistake, match="only known here") as told:
        pool.call(RAISE, "private")
    assert type(told.value) is CallerMistake


def test_a_mistake_of_ours_is_no_sentence_for_people(pool: Pool) -> None:
    with pytest.raises(RuntimeError, match="nobody foresaw this") as told:
        pool.call(FAIL, None)
    assert not isinstance(told.value, EngineError)


def test_only_what_is_listed_may_be_called(pool: Pool) -> None:
    other = IsolatedFunction(name="os:system", doing="Running this", instead="Do not.")
    with pytest.raises(ValueError, match="os:system may not be called"):
        pool.call(other, "true")


def test_a_process_knows_no_secret_and_stands_back(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("NOISEFLOOR_HOME", "/somewhere")
    around = pool.call(AROUND, None)
    assert "sk-secret" not in around["environment"].values()
    assert around["environment"]["NOISEFLOOR_HOME"] == "/somewhere"
    assert around["nice"] > os.nice(0)


@pytest.mark.parametrize("way", ["network", "program"])
def test_a_process_reaches_nothing(pool: Pool, way: str) -> None:
    with pytest.raises(RuntimeError, match="is not for an isolated process"):
        pool.call(REACH, way)


def test_what_it_left_on_disk_goes_with_it(pool: Pool) -> None:
    folder = pool.call(AROUND, None)["folder"]
    assert os.path.isdir(folder)
    with pytest.raises(LimitExceeded):
        pool.call(LEAVE, "part of a log")
    assert not os.path.exists(folder)


def test_a_caller_who_is_gone_ends_the_call(pool: Pool) -> None:
    class Stopped(BaseException):
        """As Streamlit stops a script."""

    pid = pool.call(AROUND, None)["pid"]

    def stop(seconds: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        pool.call(LONG_SLEEP, 50, owner="a", waiting=stop)
    assert gone(pid)
    assert pool.call(ECHO, 1, owner="a") == 1


def test_one_owner_cannot_take_every_process(pool: Pool) -> None:
    """Failed before there were owners: three calls of one kept two processes busy, and another waited for them."""
    stop = threading.Event()

    def until_stopped(seconds: float) -> None:
        if stop.is_set():
            raise SystemExit

    def take() -> None:
        with suppress(SystemExit):
            pool.call(LONG_SLEEP, 50, owner="greedy", waiting=until_stopped)

    greedy = [threading.Thread(target=take) for _ in range(3)]
    for thread in greedy:
        thread.start()
    try:
        wait_for(lambda: len(pool._waiting) == 2)
        assert pool.call(ECHO, "served", owner="modest") == "served"
        with pytest.raises(Busy, match=r"^Reading this waited 1 s for its turn. Others .* try again in a minute\.$"):
            pool.call(SLEEP, 0, owner="greedy")
    finally:
        stop.set()
        for thread in greedy:
            thread.join(20)
    assert (pool._waiting, pool._running) == ([], [])


def test_owners_take_turns() -> None:
    """Of two who wait, the one who was served last waits longer, however many calls they line up."""
    pool, order = Pool(size=1, functions=ALL), []
    first = threading.Thread(target=pool.call, args=(LONG_SLEEP, 1.0), kwargs={"owner": "many"})
    first.start()
    wait_for(lambda: pool._running)

    def call(owner: str) -> None:
        pool.call(LONG_SLEEP, 0.1, owner=owner)
        order.append(owner)

    later = []
    for count, owner in enumerate(("many", "many", "one"), start=1):
        later.append(threading.Thread(target=call, args=(owner,)))
        later[-1].start()
        wait_for(lambda count=count: len(pool._waiting) == count or not first.is_alive())
    for thread in (first, *later):
        thread.join(60)
    pool.close()
    assert order == ["one", "many", "many"]


def test_the_processes_end_with_the_one_that_asks() -> None:
    """Killed without a word, in the middle of a call: its child reads the end of its input."""
    script = (
        "import threading\n"
        "from tests.engine.isolation.test_pool import ALL, AROUND, LONG_SLEEP, Pool\n"
        "pool = Pool(size=1, functions=ALL)\n"
        "print(pool.call(AROUND, None)['pid'], flush=True)\n"
        "pool.call(LONG_SLEEP, 50)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.kill()
    assert gone(child)


def test_a_process_that_ended_while_idle_is_replaced(pool: Pool) -> None:
    pid = pool.call(AROUND, None)["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not pool._idle[0].alive)
    assert pool.call(AROUND, None)["pid"] != pid


def test_a_process_that_does_not_start_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"No module named .*engine\.nowhere"):
        Process(["engine.nowhere:function"])


def test_memory_is_watched_where_the_kernel_does_not_bound_it(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.setattr("engine.isolation.process.KERNEL_BOUNDS_MEMORY", False)
    assert resident(os.getpid()) > 10 << 20
    monkeypatch.setattr("engine.isolation.process.resident", lambda pid: 1 << 30)
    with pytest.raises(LimitExceeded, match="took more than 512 MB of memory"):
        pool.call(LONG_SLEEP, 5)
