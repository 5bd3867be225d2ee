"""`python -m engine forecasts`: how the forecasts made here did, one by one and together."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from engine import report
from engine.analysis.forecasts import ForecastScore, record, scored_battles
from engine.cli.options import add_shared
from engine.cli.output import write_json


def add_options(command: argparse.ArgumentParser) -> None:
    add_shared(command, "--json", help="write all of it there")


def run(options: argparse.Namespace) -> None:
    scores = scored_battles()
    together = record([score for _, score in scores if isinstance(score, ForecastScore)])
    content = []
    for entry, score in scores:
        battle = entry.battle
        date = datetime.fromtimestamp(entry.created, UTC).date().isoformat()
        print(f"{date} {battle.id} {battle.task}, {battle.a.name} against {battle.b.name}:", *report.sentences(score))
        head = {"battle_id": battle.id, "date": date, "task": battle.task, "a": battle.a.name, "b": battle.b.name}
        content.append({**head, **report.forecast_json(battle.forecast, entry.seal, score)})
    print(*report.sentences(together), sep="\n")
    if options.json:
        write_json(options.json, {"record": report.as_json(together), "forecasts": content})
