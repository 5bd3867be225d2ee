"""Our list of lm-eval's tasks, held against the task files in its wheel (data here: nothing of it is imported)."""

from __future__ import annotations

import functools
import importlib.metadata
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import TASKS, load_task
from engine.logs.lm_eval.definitions import DEFINITIONS, metric_and_filter, subtask
from engine.tasks.catalogue import bbh, gpqa, hendrycks_math, musr

NAME = re.compile(r"""^["']?(?:task|group)["']?: *["']?(\w+)["']?$""", re.MULTILINE)
OURS_ALONE = {"reasoning_gym"}
FOLDERS = (
    *("arc", "bbh/cot_fewshot", "super_glue/boolq", "commonsense_qa", "gpqa", "gsm8k", "hellaswag", "humaneval"),
    *("ifeval", "leaderboard", "minerva_math", "mmlu/default", "mmlu_pro", "openbookqa", "piqa", "sciq", "truthfulqa"),
    *("winogrande", "benchmarks"),
)
GROUPS = {
    "bbh_cot_fewshot": bbh.SUBTASKS,
    "leaderboard_bbh": bbh.RANKED,
    "leaderboard_gpqa": gpqa.SETS,
    "leaderboard_math_hard": hendrycks_math.SUBJECTS,
    "leaderboard_musr": tuple(musr.GROUPS.values()),
    "minerva_math": hendrycks_math.SUBJECTS,
    "mmlu_pro": (
        *("biology", "business", "chemistry", "computer science", "economics", "engineering", "health"),
        *("history", "law", "math", "other", "philosophy", "physics", "psychology"),
    ),
}  # fmt: skip


class Plain(yaml.SafeLoader):
    """Names of code are read as None."""


Plain.add_constructor("!function", lambda loader, node: None)


@functools.cache
def named() -> dict[str, Path]:
    """The file of each task and each group."""
    try:
        wheel = importlib.metadata.distribution("lm-eval")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("lm-eval's wheel is not installed (requirements-packs.txt)")
    root = Path(str(wheel.locate_file("lm_eval/tasks")))
    found = {}
    for folder in FOLDERS:
        for file in (root / folder).rglob("*.yaml"):
            if name := NAME.search(file.read_text(encoding="utf-8")):
                found[name[1]] = file
    return found


def stated(name: str) -> dict[str, Any]:
    """What a file states, with what it includes."""
    return whole(named()[name])


def whole(file: Path) -> dict[str, Any]:
    config: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Plain)
    includes = config.pop("include", [])
    base: dict[str, Any] = {}
    for included in [includes] if isinstance(includes, str) else includes:
        base |= whole(file.parent / included)
    return base | config


def version(config: dict[str, Any]) -> Any:
    return config.get("metadata", {}).get("version")


def test_every_benchmark_is_known_to_lm_eval_or_ours_alone() -> None:
    assert set(TASKS) - DEFINITIONS.keys() <= OURS_ALONE
    assert not DEFINITIONS.keys() & OURS_ALONE


@pytest.mark.parametrize("name", sorted(GROUPS.keys() | {"mmlu"}))
def test_groups(name: str) -> None:
    group, ours = stated(name), DEFINITIONS[name]
    assert ours.group == str(version(group) or "N/A")
    subjects = [key.removeprefix("mmlu_") for key, file in named().items() if "mmlu/default/mmlu_" in str(file)]
    called = {subtask(load_task(name), group) for group in GROUPS.get(name, subjects)}
    assert len(called) == len(GROUPS.get(name, subjects)) and called <= named().keys()
    assert name == "mmlu" or called == set(group["task"])
    assert {version(stated(one)) for one in called} == {ours.version}


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_what_a_task_reports(name: str) -> None:
    ours = DEFINITIONS[name]
    one = subtask(load_task(name), GROUPS.get(name, ("anatomy",))[0])
    config = stated(one)
    assert ours.version == (version(config) or "Yaml")
    assert ours.shots == (config.get("num_fewshot") != 0)
    reported = {entry["metric"] or "pass@1" for entry in config["metric_list"]}  # HumanEval's is a function
    task = load_task(name)
    assert task.writes == (config["output_type"] == "generate_until")
    assert set(ours.metrics) <= reported
    assert reported - set(ours.metrics) <= {"inst_level_strict_acc", "inst_level_loose_acc"}
    if task.writes:
        named = [metric_and_filter(task, rule) for rule in task.extractions]
        assert {metric for metric, _ in named} >= set(ours.metrics)
        assert {used for _, used in named} == {entry["name"] for entry in config.get("filter_list", [{"name": "none"}])}
