"""`python -m engine readings`: a battle's stored answers read by every rule, and how sure they were."""

from __future__ import annotations

import argparse

from engine import report, runs
from engine.analysis.calibration import calibration
from engine.battles import SIDES
from engine.battles.rescoring import rescorings
from engine.cli.options import add_shared
from engine.cli.output import answer

SAME_ANSWERS = (
    "All of these read the same answers, so they are no further evidence. The battle's own rule was chosen before the "
    "run; to choose one by its result is to be lucky more often than the level says."
)


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("battle", metavar="BATTLE_ID", help="a battle that was fought here")
    add_shared(command, "--json", help="write all of it there")


def run(options: argparse.Namespace) -> None:
    result = runs.result(options.battle)
    readings = rescorings(result)
    calibrations = {side: calibration(result, side) for side in SIDES}
    lines = [
        *(sentence for reading in readings for sentence in report.sentences(reading)),
        SAME_ANSWERS,
        *(sentence for calibrated in calibrations.values() for sentence in report.sentences(calibrated)),
    ]
    content = {
        "battle_id": result.battle.id,
        "readings": [report.as_json(reading) for reading in readings],
        "calibration": {side: report.as_json(calibrated) for side, calibrated in calibrations.items()},
    }
    answer(lines, content, options.json)
