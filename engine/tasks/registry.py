"""The benchmarks by name. A new one is a file in `catalogue/` and a line here."""

from __future__ import annotations

import importlib

from engine.errors import Unknown
from engine.tasks.task import Task

CATALOGUE = {
    "arc_easy": "arc",
    "arc_challenge": "arc",
    "hellaswag": "hellaswag",
    "mmlu": "mmlu",
    "openbookqa": "openbookqa",
    "piqa": "piqa",
    "winogrande": "winogrande",
    "gsm8k": "gsm8k",
    "commonsense_qa": "commonsense_qa",
    "boolq": "boolq",
    "sciq": "sciq",
    "truthfulqa_mc1": "truthfulqa",
    "truthfulqa_mc2": "truthfulqa",
    "leaderboard_mmlu_pro": "mmlu_pro",
    "leaderboard_bbh": "bbh",
    "leaderboard_musr": "musr",
    "gpqa_main_zeroshot": "gpqa",
    "gpqa_diamond_zeroshot": "gpqa",
    "gpqa_extended_zeroshot": "gpqa",
    "leaderboard_gpqa": "gpqa",
    "gsm8k_cot": "gsm8k",
    "mmlu_pro": "mmlu_pro",
    "bbh_cot_fewshot": "bbh",
    "minerva_math": "hendrycks_math",
    "minerva_math500": "hendrycks_math",
    "leaderboard_math_hard": "hendrycks_math",
    "gpqa_main_cot_zeroshot": "gpqa",
    "gpqa_diamond_cot_zeroshot": "gpqa",
    "gpqa_extended_cot_zeroshot": "gpqa",
    "humaneval": "humaneval",
    "reasoning_gym": "reasoning_gym",
    "ifeval": "ifeval",
    "leaderboard_ifeval": "ifeval",
}
"""The file of each task, read when the task is first asked for."""
TASKS = tuple(CATALOGUE)


def load_task(name: str) -> Task:
    """The task of that name.

    Raises:
        Unknown: there is none; the message names the nearest.
    """
    if name not in TASKS:
        raise Unknown.name("task", name, TASKS)
    tasks: tuple[Task, ...] = importlib.import_module(f"engine.tasks.catalogue.{CATALOGUE[name]}").TASKS
    return next(task for task in tasks if task.name == name)


def title_of(name: str) -> str:
    """What a task is called; its name where this release has none of it."""
    return load_task(name).title if name in TASKS else name
