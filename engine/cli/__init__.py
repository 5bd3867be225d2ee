"""The command line, one file a command.

    parser()         all commands and their options
    main(arguments)  runs one of them; returns its exit code

Results go to standard output, progress to standard error. Exit codes: 0 done, 2 a mistake of the caller,
1 a battle that failed, 130 interrupted (the battle is stopped and can be resumed).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from engine.cli import battery, battle, export, forecasts, models, noise, readings, tasks, verdict
from engine.cli.options import Parser
from engine.errors import EngineError

__all__ = ["main", "parser"]

Run = Callable[[argparse.Namespace], None]
AddOptions = Callable[[argparse.ArgumentParser], None]
COMMANDS: dict[str, tuple[str, Run, AddOptions | None]] = {
    "models": ("the models that are here, and the forms of address for others", models.run, None),
    "tasks": ("the benchmarks: items, chance level, and whether their data are here", tasks.run, None),
    "battle": ("fight a battle and say what may be concluded", battle.run, battle.add_options),
    "battery": ("fight over a preset of benchmarks and judge them together", battery.run, battery.add_options),
    "readings": (
        "a battle's stored answers read by every rule, and how sure they were",
        readings.run,
        readings.add_options,
    ),
    "noise": ("how far the score of one model moves when only the settings change", noise.run, noise.add_options),
    "forecasts": ("how the forecasts made here did, one by one and together", forecasts.run, forecasts.add_options),
    "export": ("write a battle as the files lm-eval writes, a run a side", export.run, export.add_options),
    "verdict": ("the verdict between stored logs of per-item results", verdict.run, verdict.add_options),
}


def parser() -> Parser:
    """All commands and their options."""
    top = Parser(prog="python -m engine", description="Real battles between two models, and honest verdicts.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (about, run, add_options) in COMMANDS.items():
        command = commands.add_parser(name, help=about)
        command.set_defaults(run=run)
        if add_options:
            add_options(command)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns its exit code. An error is one sentence on standard error."""
    try:
        options = parser().parse_args(arguments)
        options.run(options)
    except EngineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0
