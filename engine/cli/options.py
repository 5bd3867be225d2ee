"""Options that several commands have, each defined once, and a parser whose mistakes are one sentence."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from engine.device import DEVICES
from engine.errors import CallerMistake

OPTIONS: dict[str, dict[str, Any]] = {
    "--task": {"metavar": "TASK", "help": "the benchmark (see: tasks)"},
    "--limit": {"type": int, "metavar": "N", "help": "items to draw; all when left out"},
    "--seed": {"type": int, "default": 0, "help": "of the draw of items (default %(default)s)"},
    "--device": {"choices": DEVICES, "default": "auto", "help": "default %(default)s"},
    "--dtype": {"default": "auto", "help": "auto, float32, bfloat16 or float16 (default %(default)s)"},
    "--margin": {"type": float, "default": 0.02, "help": "gaps below this count as none (default %(default)s)"},
    "--level": {"type": float, "default": 0.95, "help": "confidence level (default %(default)s)"},
    "--json": {"type": Path, "metavar": "FILE", "help": "write the whole result there"},
}


class Parser(argparse.ArgumentParser):
    """A parser that raises CallerMistake where argparse would print its usage and leave."""

    def error(self, message: str) -> NoReturn:
        raise CallerMistake(f"{message[:1].upper()}{message[1:]}. See: {self.prog} --help")


def add_shared(command: argparse.ArgumentParser, *names: str, **changes: Any) -> None:
    """Gives a command options of OPTIONS.

    command  the parser of the command
    names    of the options, in the order of its help
    changes  what is another thing here than elsewhere, as `add_argument` takes it
    """
    for name in names:
        command.add_argument(name, **(OPTIONS[name] | changes))


def chosen(options: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """Some of the options by their names, to be handed on."""
    return {name: getattr(options, name) for name in names}


def check_given(options: argparse.Namespace, subject: str, *names: str) -> None:
    """Raises CallerMistake where options are missing that only a command that begins something needs.

    options  of the command
    subject  what needs them, the beginning of the sentence
    names    of the options, without their dashes
    """
    if missing := [f"--{name}" for name in names if not getattr(options, name)]:
        raise CallerMistake(f"{subject} needs {' and '.join(missing)}. See: python -m engine {options.command} --help")
