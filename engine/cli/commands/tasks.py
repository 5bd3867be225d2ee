"""`python -m engine tasks`: the benchmarks: items, chance level, and whether their data are here."""

from __future__ import annotations

import argparse

from engine.tasks import TASKS, load_task
from engine.tasks.sources import first_present


def run(_: argparse.Namespace) -> None:
    for name in TASKS:
        task = load_task(name)
        source = first_present(task.items_from)
        here = source.label if source else f"missing; {'; or '.join(s.advice() for s in task.items_from)}"
        size = "any" if task.size is None else f"{task.size:,}"
        print(f"{name:28} {size:>6} items  chance {task.chance:>5.1%}  {task.shots}-shot  [{here}]")
        print(f"{'':28} {task.about}")
