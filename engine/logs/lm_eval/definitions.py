"""What lm-eval 0.4.13 calls our benchmarks, and what it states of them: versions, metrics, how a subtask is named.

The facts are read off its task files, and held against them by a test wherever its wheel is installed. A task that is
not here is one it does not have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.tasks.items import load_items
from engine.tasks.task import Task

VERSION = "0.4.13"
NO_ANSWER = "[invalid]"  # what filters give where they found no answer
METRICS = {
    "sum": "acc",
    "characters": "acc_norm",
    "bytes": "acc_bytes",
    "tokens": "acc_tokens",
    "unconditional": "acc_mutual_info",
}
"""The metric of each normalisation; `acc_tokens` is a name of ours, as lm-eval has none."""
ACC, NORM, BOTH, EXACT = ("acc",), ("acc_norm",), ("acc", "acc_norm"), ("exact_match",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A benchmark of lm-eval.

    version       of the task, or of each subtask; “Yaml” is what it writes where a task states none
    group         the version of a group of subtasks, “N/A” where it states none; empty where there are no subtasks
    subtask       the name of a subtask; `renamed` are the groups that it calls by another name than we do
    metrics       what it reports
    rules         metric and filter of an extraction, where they are not exact_match and a filter of the same name
    target        what it takes for the right answer: the number of a choice, or a text; empty where we do not hold that
    shots         whether `--num_fewshot` does anything: a task that sets 0 keeps it
    unrepeatable  what comes out another way in every run, as a sentence; empty where nothing does
    """

    version: float | str
    group: str = ""
    subtask: str = "{task}_{group}"
    renamed: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = EXACT
    rules: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    target: Literal["number", "text", ""] = "text"
    shots: bool = True
    unrepeatable: str = ""


_SHUFFLED = "lm-eval shuffles the options of GPQA anew in every run."
_SUBJECTS = {"counting_and_probability": "counting_and_prob", "number_theory": "num_theory"}
_MATHS, _HARD_MATHS = ("exact_match", "math_verify"), ("exact_match", "exact_match_original")
_FOLLOWED = ("prompt_level_strict_acc", "prompt_level_loose_acc")
_INSTRUCTIONS = {  # lm-eval's accuracy of instructions weighs a prompt by their number, so our shares have other names
    "prompt_level_strict": (_FOLLOWED[0], "none"),
    "prompt_level_loose": (_FOLLOWED[1], "none"),
    "inst_level_strict": ("inst_level_strict_share", "none"),
    "inst_level_loose": ("inst_level_loose_share", "none"),
}


def _unfiltered(metrics: tuple[str, ...]) -> Mapping[str, tuple[str, str]]:
    return {metric: (metric, "none") for metric in metrics}


DEFINITIONS: Mapping[str, Definition] = {
    "arc_challenge": Definition(version=1.0, metrics=BOTH, target="number"),
    "arc_easy": Definition(version=1.0, metrics=BOTH, target="number"),
    "bbh_cot_fewshot": Definition(version=4.0, group="3.0"),
    "boolq": Definition(version=2.0, metrics=ACC, target="number"),
    "commonsense_qa": Definition(version="Yaml", metrics=ACC),
    **{
        f"gpqa_{part}_{form}": Definition(version=2.2, metrics=metrics, shots=False, unrepeatable=_SHUFFLED)
        for part in ("diamond", "extended", "main")
        for form, metrics in (("zeroshot", BOTH), ("cot_zeroshot", EXACT))
    },
    "gsm8k": Definition(version=3.0),
    "gsm8k_cot": Definition(version=3.0),
    "hellaswag": Definition(version=1.0, metrics=BOTH, target="number"),
    "humaneval": Definition(version=1.0, metrics=("pass@1",), rules={"pass@1": ("pass@1", "create_test")}, shots=False),
    "ifeval": Definition(version=4.0, metrics=_FOLLOWED, rules=_INSTRUCTIONS, target="", shots=False),
    "leaderboard_bbh": Definition(version=1.0, group="N/A", metrics=NORM),
    "leaderboard_gpqa": Definition(version=1.0, group="N/A", metrics=NORM, shots=False, unrepeatable=_SHUFFLED),
    "leaderboard_ifeval": Definition(version=3.0, metrics=_FOLLOWED, rules=_INSTRUCTIONS, target="", shots=False),
    "leaderboard_math_hard": Definition(
        version=3.0,
        group="N/A",
        subtask="leaderboard_math_{group}_hard",
        renamed=_SUBJECTS,
        metrics=_HARD_MATHS,
        rules=_unfiltered(_HARD_MATHS),
    ),
    "leaderboard_mmlu_pro": Definition(version=0.1, metrics=ACC),
    "leaderboard_musr": Definition(version=1.0, group="N/A", metrics=NORM),
    "minerva_math": Definition(
        version=3.1,
        group="1.0",
        renamed=_SUBJECTS | {"precalculus": "precalc"},
        metrics=_MATHS,
        rules=_unfiltered(_MATHS),
        target="",
    ),
    "minerva_math500": Definition(version=3.1, metrics=_MATHS, rules=_unfiltered(_MATHS), target=""),
    "mmlu": Definition(version=1.0, group="2", metrics=ACC, target="number"),
    "mmlu_pro": Definition(version=3.1, group="2.0"),
    "openbookqa": Definition(version=1.0, metrics=BOTH, target="number"),
    "piqa": Definition(version=1.0, metrics=BOTH, target="number"),
    "sciq": Definition(version=1.0, metrics=BOTH, target="number"),
    "truthfulqa_mc1": Definition(version=2.0, metrics=ACC, target="number", shots=False),
    "truthfulqa_mc2": Definition(version=3.0, metrics=ACC, target="number", shots=False),
    "winogrande": Definition(version=1.0, metrics=ACC),
}
_OF_OUR_OWN = Definition(version="N/A", group="N/A", metrics=BOTH)


def definition(task: Task) -> Definition:
    """What lm-eval states of a task; of one that it does not have, what its files need."""
    return DEFINITIONS.get(task.name, _OF_OUR_OWN)


def metric_and_filter(task: Task, rule: str) -> tuple[str, str]:
    """Metric and filter under which lm-eval has what a rule makes of the answers."""
    return definition(task).rules.get(rule, ("exact_match", rule)) if task.writes else (METRICS[rule], "none")


def subtask(task: Task, group: str) -> str:
    """The task under which lm-eval logs the items of a group."""
    benchmark = definition(task)
    if not (benchmark.group and group):
        return task.name
    name = re.sub(r"\W+", "_", group)
    return benchmark.subtask.format(task=task.name, group=benchmark.renamed.get(name, name))


def positions(task: Task) -> Mapping[str, tuple[str, int]]:
    """Of each item, by id: its task in lm-eval, and its row there, which is what `--samples` and `doc_id` count by."""
    return {item.id: (subtask(task, item.group), item.index) for item in load_items(task)}
