"""The program's own log: one form, and no key in it."""

from __future__ import annotations

import contextvars
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import log_format

KEY = "sk-0123456789abcdef"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    log_format._hidden.clear()


def formatted(formatter: logging.Formatter, message: str, *given: object, error: Exception | None = None) -> str:
    trouble = (type(error), error, error.__traceback__) if error else None
    return formatter.format(logging.LogRecord("engine.toy", logging.ERROR, __file__, 1, message, given, trouble))


def test_a_line_for_machines_is_one_object() -> None:
    try:
        raise ValueError("no\nway")
    except ValueError as error:
        line = formatted(log_format.JsonLines(), "it “%s”\nfailed", "größer", error=error)
    assert "\n" not in line
    said = json.loads(line)
    assert (said["level"], said["logger"], said["message"]) == ("error", "engine.toy", "it “größer”\nfailed")
    assert said["time"].endswith("+00:00") and "ValueError: no" in said["error"]


@pytest.mark.parametrize("formatter", [log_format.JsonLines(), log_format.ReadableLines()])
def test_no_key_is_written_wherever_it_stands(formatter: logging.Formatter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", KEY)
    monkeypatch.setenv("NOISEFLOOR_OPERATOR_CODE", "twelve signs")
    log_format.hide("a secret told later", "short")
    try:
        raise ValueError(f"401 for Bearer {KEY}")
    except ValueError as error:
        line = formatted(
            formatter,
            "asked %s with %s, twelve signs, a secret told later, short",
            "postgresql://ada:hunter2@db/x",
            {"key": KEY},
            error=error,
        )
    for secret in (KEY, "twelve signs", "a secret told later", "hunter2"):
        assert secret not in line
    assert "[hidden]" in line and "postgresql://ada:[hidden]@db/x" in line and "short" in line


def test_a_line_says_which_battle_it_is_about_and_another_threads_does_not() -> None:
    def inside() -> tuple[str, str]:
        log_format.about(battle="b1")
        log_format.about(person="f1:a")
        return formatted(log_format.JsonLines(), "x"), formatted(log_format.ReadableLines(), "x")

    machine, readable = contextvars.Context().run(inside)
    assert json.loads(machine)["battle"] == "b1" and json.loads(machine)["person"] == "f1:a"
    assert readable.endswith("engine.toy: x [battle b1 person f1:a]")
    another = contextvars.Context().run(formatted, log_format.JsonLines(), "x")
    assert "battle" not in json.loads(another)


@pytest.mark.parametrize(("setting", "seen"), [("json", ["warned", "told"]), ("", ["warned"])])
def test_the_setting_chooses_the_form(setting: str, seen: list[str]) -> None:
    code = (
        "import logging; from engine import log_format; log_format.set_up(); log = logging.getLogger('x')\n"
        "log.warning('warned'); log.info('told'); log.debug('whispered')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"NOISEFLOOR_LOG": setting},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stderr.splitlines()
    assert [json.loads(line)["message"] if setting else line.rpartition(": ")[2] for line in lines] == seen
