"""A model in a process of its own: one reply at a time, and an end to it whatever becomes of that process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.home import PROJECT
from engine.models import RequestFailure
from engine.serving import ServedModel, process, served
from tests.engine.isolation.test_pool import gone, wait_for
from tests.loading import loaded

Make = Callable[..., ServedModel]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Served models whose processes are the toy's."""
    monkeypatch.setattr(
        process, "command", lambda address: (sys.executable, "-m", "tests.engine.serving.toy_child", address)
    )
    monkeypatch.setattr(served, "GRACE", 0.5)
    made: list[ServedModel] = []

    def make(address: str = "toy") -> ServedModel:
        made.append(ServedModel(address))
        return made[-1]

    yield make
    for model in made:
        model.close()


def ask(model: ServedModel, words: str, seconds: float = 30.0, most: int = 50) -> Iterator[str]:
    return model.stream([{"role": "user", "content": words}], max_tokens=most, seconds=seconds)


def failure_of(pieces: Iterator[str]) -> RequestFailure:
    with pytest.raises(RequestFailure) as told:
        list(pieces)
    return told.value


def pid_of(model: ServedModel) -> int:
    assert model._process
    return model._process._child.pid


def test_it_streams_what_the_model_writes_and_stays_open(serve: Make) -> None:
    model = serve()
    assert list(ask(model, "who ran “it”?\n")) == ["who ", "ran ", "“it”? "]
    first = pid_of(model)
    assert list(ask(model, "one two three", most=2)) == ["one ", "two "]
    assert pid_of(model) == first


def test_it_is_opened_when_it_is_first_asked(serve: Make) -> None:
    model = serve()
    assert (model._process, model.memory()) == (None, 0)
    opened = model.open(30.0)
    assert opened.precision == "float32" and opened.memory > 1 << 20 and model.memory() > 1 << 20


@pytest.mark.parametrize(
    ("words", "step", "sentence"),
    [
        ("now die", "stream", "came to a sudden end"),
        ("now fail", "stream", "They are not what they were."),
        ("now slow", "stream", "was not done within 3 s"),
        ("now hang", "stream", "its process was ended"),
    ],
    ids=lambda value: value if " " not in value else value.split()[-1],
)
def test_a_reply_that_comes_to_no_end_is_a_failure_and_the_next_is_well(
    serve: Make, words: str, step: str, sentence: str
) -> None:
    model = serve()
    model.open(30.0)
    pieces, came = ask(model, words, seconds=3.0), []
    with pytest.raises(RequestFailure, match=sentence) as told:
        came.extend(pieces)
        came.extend(pieces)
    assert told.value.step == step
    assert list(ask(model, "still here")) == ["still ", "here "]


def test_who_leaves_stops_it_and_keeps_nobody_waiting(serve: Make) -> None:
    model = serve()
    pieces = ask(model, "so slow", seconds=60.0)
    assert next(pieces) == "so "
    before = pid_of(model)
    pieces.close()
    began = time.monotonic()
    assert list(ask(model, "next one")) == ["next ", "one "]
    assert time.monotonic() - began < 5.0 and pid_of(model) == before


def test_one_waits_for_its_turn_and_a_third_is_told_at_once(serve: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    model, second = serve(), []
    first = ask(model, "so slow")
    next(first)
    waiting = threading.Thread(target=lambda: second.extend(ask(model, "after you")))
    waiting.start()
    wait_for(lambda: model._places._value == 0)
    assert failure_of(ask(model, "me too")).step == "turn"
    first.close()
    waiting.join(20)
    assert second == ["after ", "you "]


def test_who_waits_for_long_is_told(serve: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "TURN", 0.2)
    model = serve()
    first = ask(model, "so slow")
    next(first)
    failure = failure_of(ask(model, "me too"))
    assert failure.step == "turn" and "longer than 0.2 s" in str(failure)
    first.close()
    assert list(ask(model, "and now"))


@pytest.mark.parametrize(("address", "sentence"), [("broken", "They are no weights."), ("killed", "sudden end")])
def test_what_cannot_be_opened_is_not_tried_again_at_once(
    serve: Make, address: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = serve(address)
    for _ in range(2):
        failure = failure_of(ask(model, "hello"))
        assert failure.step == "model" and sentence in str(failure)
        monkeypatch.setattr(served, "Process", None)  # another one would be a TypeError


def test_what_takes_long_to_open_goes_on_being_opened(serve: Make) -> None:
    model = serve("late")
    assert "still being opened" in str(failure_of(ask(model, "hello", seconds=0.1)))
    assert list(ask(model, "hello")) == ["hello "]


def test_it_ends_with_whoever_started_it() -> None:
    """Killed without warning, in the middle of a reply."""
    code = (
        "import sys; from engine.serving import ServedModel, process\n"
        "process.command = lambda a: (sys.executable, '-m', 'tests.engine.serving.toy_child', a)\n"
        "model = ServedModel('toy')\n"
        "for piece in model.stream([{'role': 'user', 'content': 'so slow'}], max_tokens=9, seconds=60):\n"
        "    print(model._process._child.pid, flush=True)"
    )
    asking = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert asking.stdout
    pid = int(asking.stdout.readline())
    asking.kill()
    asking.wait(10)
    asking.stdout.close()
    assert gone(pid)


def test_closed_it_gives_the_memory_back_and_is_opened_again(serve: Make) -> None:
    model = serve()
    model.open(30.0)
    first = pid_of(model)
    model.close()
    assert gone(first) and list(ask(model, "hello")) == ["hello "]


def test_closed_in_the_middle_of_a_reply_it_is_a_failure(serve: Make) -> None:
    model = serve()
    pieces = ask(model, "so slow")
    next(pieces)
    model.close()
    assert failure_of(pieces).step == "stream"


def test_one_that_was_killed_between_two_replies_is_opened_again(serve: Make) -> None:
    model = serve()
    model.open(30.0)
    os.kill(pid_of(model), signal.SIGKILL)
    wait_for(lambda: not model._process.alive)
    assert list(ask(model, "hello")) == ["hello "]


def test_it_sees_no_key_and_writes_its_log_in_the_data_folder(
    serve: Make, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never-passed-on")
    model = serve()
    model.open(30.0)
    environment = Path(f"/proc/{pid_of(model)}/environ")
    if environment.exists():
        assert "sk-never-passed-on" not in environment.read_text()
    assert (own_home / "logs" / process.LOG).is_file()


def test_who_asks_holds_no_torch() -> None:
    assert loaded({"torch", "transformers"}, "from engine.serving import ServedModel; ServedModel('x')") == [set()]
