"""The benchmarks, one small file each. A new one is a new file and a name in `TASKS`."""

from __future__ import annotations

import importlib

from engine.errors import Unknown
from engine.tasks.task import Task

TASKS = (
    "arc_easy",
    "arc_challenge",
    "hellaswag",
    "mmlu",
    "openbookqa",
    "piqa",
    "winogrande",
    "gsm8k",
    "commonsense_qa",
    "boolq",
    "sciq",
    "truthfulqa_mc1",
    "truthfulqa_mc2",
    "leaderboard_mmlu_pro",
    "leaderboard_bbh",
    "leaderboard_musr",
    "gpqa_main_zeroshot",
    "gpqa_diamond_zeroshot",
    "gpqa_extended_zeroshot",
    "leaderboard_gpqa",
    "gsm8k_cot",
    "mmlu_pro",
    "bbh_cot_fewshot",
    "minerva_math",
    "minerva_math500",
    "leaderboard_math_hard",
    "gpqa_main_cot_zeroshot",
    "gpqa_diamond_cot_zeroshot",
    "gpqa_extended_cot_zeroshot",
    "humaneval",
    "reasoning_gym",
    "ifeval",
    "leaderboard_ifeval",
)


def load_task(name: str) -> Task:
    """The task of that name.

    Raises:
        Unknown: there is none; the message names the nearest.
    """
    if name not in TASKS:
        raise Unknown.name("task", name, TASKS)
    task: Task = importlib.import_module(f"engine.tasks.catalogue.{name}").TASK
    return task
