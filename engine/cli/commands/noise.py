"""`python -m engine noise`: how far the score of one model moves when only the settings change."""

from __future__ import annotations

import argparse
import sys

from engine import report, runs
from engine.analysis import repeats, robustness
from engine.cli.options import add_shared, check_given, chosen
from engine.cli.output import answer
from engine.cli.progress import follow_each, stopped_by_interrupt

REQUEST = ("task", "limit", "seed", "level", "device", "dtype")


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", metavar="MODEL", help="a short name or an address (see: models)")
    add_shared(command, "--task")
    add_shared(command, "--limit", default=200, help="items to draw (default %(default)s)")
    add_shared(command, "--seed")
    command.add_argument("--parts", default=",".join(repeats.SOURCES), help="what to measure (default %(default)s)")
    add_shared(command, "--device", "--dtype", "--level")
    command.add_argument("--resume", metavar="ID", help="go on with a measurement that was stopped or interrupted")
    add_shared(command, "--json", help="write the whole report there")


def run(options: argparse.Namespace) -> None:
    parts = options.parts.split(",")
    if family_id := options.resume:
        repeats.resume(family_id)
    else:
        check_given(options, "Noise", "model", "task")
        request = runs.BattleRequest(a=options.model, b=options.model, **chosen(options, REQUEST))
        family_id = repeats.start(repeats.plan_repeats_of_model(request, parts))
    print(f"measurement {family_id}", file=sys.stderr)
    resume = f"noise --resume {family_id}"
    battles = [entry.battle.id for entry in repeats.entries(family_id)]
    with stopped_by_interrupt(battles, f"To go on: python -m engine {resume}"):
        follow_each(battles, resume)
    found = robustness.report(family_id, parts)
    answer(report.sentences(found), report.as_json(found), options.json)
