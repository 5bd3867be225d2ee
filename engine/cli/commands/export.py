"""`python -m engine export`: write a battle as the files lm-eval writes, a run a side."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine import runs
from engine.logs import lm_eval


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("battle", metavar="BATTLE_ID")
    command.add_argument("folder", type=Path, metavar="FOLDER")
    command.add_argument("--with-texts", action="store_true", help="with the benchmark's texts, under its own licence")


def run(options: argparse.Namespace) -> None:
    files = lm_eval.export(runs.result(options.battle), options.folder, with_texts=options.with_texts)
    print(*files.values(), sep="\n")
