"""The command line, one file a command.

    parser()         all commands and their options
    main(arguments)  runs one of them; returns its exit code

A command is a module: its name, its help (what its docstring says after the colon), `run(options)`, and
`add_options(parser)` where it has any.
Results go to standard output, progress to standard error. Exit codes: 0 done, 2 a mistake of the caller,
1 a battle that failed, 130 interrupted (the battle is stopped and can be resumed).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from engine.cli.commands import battery, battle, doctor, export, forecasts, models, noise, readings, tasks, verdict
from engine.cli.options import Parser
from engine.errors import EngineError

__all__ = ["main", "parser"]

COMMANDS = (models, tasks, battle, battery, readings, noise, forecasts, export, verdict, doctor)


def parser() -> Parser:
    """All commands and their options."""
    top = Parser(prog="python -m engine", description="Real battles between two models, and honest verdicts.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        about = (module.__doc__ or "").partition(": ")[2].rstrip(".\n")
        command = commands.add_parser(module.__name__.rpartition(".")[2], help=about)
        command.set_defaults(run=module.run)
        if hasattr(module, "add_options"):
            module.add_options(command)
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
