"""The benchmarks, one small file each. A new one is a new file and a name in `TASKS`."""

from __future__ import annotations

import importlib

from engine.errors import Unknown
from engine.task import Task

TASKS = (
    "arc_easy",
    "arc_challenge",
    "hellaswag",
    "mmlu",
    "openbookqa",
    "piqa",
    "winogrande",
    "gsm8k",
)


def load_task(name: str) -> Task:
    """The task of that name.

    Raises:
        Unknown: there is none; the message names the nearest.
    """
    if name not in TASKS:
        raise Unknown.name("task", name, TASKS)
    task: Task = importlib.import_module(f"engine.tasks.{name}").TASK
    return task
