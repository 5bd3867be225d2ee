"""A side's `results_*.json` as lm-eval 0.4.13 writes it: scores with their standard errors, and how they were made.

The scores are worked out from the lines of the samples. What lm-eval would state and we do not know is null or left
out; what it has no field for stands under `noise_floor`.
"""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from engine.battles.battle import Contender, ItemFailure, Side
from engine.battles.rescoring import rule_of
from engine.battles.result import BattleResult
from engine.encoding import stored_form
from engine.harness.config import HarnessConfig
from engine.harness.prompt import BETWEEN_EXAMPLES
from engine.home import PROJECT
from engine.logs.lm_eval.command import generation, model_arguments
from engine.logs.lm_eval.definitions import definition, positions
from engine.logs.lm_eval.write_samples import Line, scorings
from engine.logs.log import sha256
from engine.models.registry import card_of
from engine.stats.groups import aggregate, mean_of
from engine.tasks.rendering import few_shot_contexts
from engine.tasks.task import Task

SOURCE = "noise-floor"
NO_ERROR = "N/A"  # what lm-eval writes where there is no standard error


def own_metric(result: BattleResult, side: Side) -> str:
    """`metric,filter` of the battle's own rule: what to choose of the files to have its verdict again."""
    harness = result.battle.contender(side).harness
    rule = rule_of(result.task, harness)
    return next(f"{each.metric},{each.filter}" for each in scorings(result.task, harness) if each.rule == rule)


def published_name(contender: Contender) -> str:
    """What the model is called: the hub's name of what is there, else no more of an address than tells which it is."""
    card = card_of(contender.address)
    return {"pack": card.address, "hub": card.upstream}.get(card.kind, card.title)


def results(result: BattleResult, side: Side, samples: Mapping[str, Sequence[Line]]) -> dict[str, Any]:
    """All that lm-eval writes of a run beside its samples; its folder and what is in the samples is the writer's.

    result   the battle
    side     whose run
    samples  the lines of its samples, by task
    """
    battle, task = result.battle, result.task.with_items(result.battle.item_ids)
    contender, benchmark = battle.contender(side), definition(task)
    harness = contender.harness
    scores = {name: _scores(lines) for name, lines in samples.items()}
    tasks = {name: _task_scores(name, name.removeprefix(f"{task.name}_"), of_task) for name, of_task in scores.items()}
    groups = {} if task.name in samples else {task.name: _group_scores(task.name, scores)}
    names, metrics = (*samples, *groups), [scoring.metric for scoring in scorings(task, harness)]
    sizes = Counter(name for name, _ in positions(task).values())
    outcomes = result.a if side == "a" else result.b
    answered = [outcomes[item_id] for item_id in battle.answered(result.a, result.b)]
    system = harness.system or None
    return {
        "results": tasks | groups,
        **({"groups": groups} if groups else {}),
        "group_subtasks": {name: list(samples) for name in groups},
        "configs": _configs(task, harness, samples),
        "versions": dict.fromkeys(samples, benchmark.version) | dict.fromkeys(groups, benchmark.group),
        "n-shot": dict.fromkeys(names, harness.shots),
        "higher_is_better": {name: dict.fromkeys(metrics, True) for name in names},
        "n-samples": {n: {"original": sizes[n], "effective": scored["sample_len"]} for n, scored in tasks.items()},
        "config": _config(result, side),
        "git_hash": None,
        "date": result.created,
        "transformers_version": result.environment.get(side, {}).get("transformers"),
        "lm_eval_version": None,
        "upper_git_hash": None,
        "task_hashes": {},
        "model_source": SOURCE,
        "model_name": published_name(contender),
        "system_instruction": system,
        "system_instruction_sha": sha256(system) if system else None,
        "fewshot_as_multiturn": harness.multiturn if harness.template == "chat" else None,
        **_template(harness, card_of(contender.address).kind == "endpoint"),
        "total_evaluation_time_seconds": str(math.fsum(outcome.seconds for outcome in answered)),
        "noise_floor": _ours(result, side) | {"failures": sum(isinstance(each, ItemFailure) for each in answered)},
    }


def _template(harness: HarnessConfig, served: bool) -> dict[str, str | None]:
    """None without a template, an empty one for an endpoint, which has its own; that of a tokenizer is not known."""
    if harness.template == "plain":
        return {"chat_template": None, "chat_template_sha": None}
    return {"chat_template": "", "chat_template_sha": None} if served else {}


def _ours(result: BattleResult, side: Side) -> dict[str, Any]:
    """What lm-eval has no field for."""
    battle, harness = result.battle, result.battle.contender(side).harness
    return {
        "version": tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"],
        "battle": battle.id,
        "side": side,
        "metric": own_metric(result, side),
        "fingerprint": harness.fingerprint,
        "harness": stored_form(harness),
        "environment": dict(result.environment.get(side, {})),
        "stopped_early": result.anytime,
    }


def _config(result: BattleResult, side: Side) -> dict[str, Any]:
    """The run, as far as it is known."""
    battle, contender = result.battle, result.battle.contender(side)
    card = card_of(contender.address)
    local = card.kind != "endpoint"
    dtype = result.environment.get(side, {}).get("dtype")
    return {
        "model": SOURCE,
        "model_args": model_arguments(battle, side),
        "model_num_parameters": card.parameters,
        "model_dtype": f"torch.{dtype}" if dtype and local else None,
        "model_revision": card.revision,
        "model_sha": None,
        "batch_size": contender.harness.batch,
        "batch_sizes": [],
        "device": battle.device if local else None,
        "use_cache": None,
        "limit": None,
        "bootstrap_iters": None,
        "gen_kwargs": {},
        "random_seed": None,
        "numpy_seed": None,
        "torch_seed": None,
        "fewshot_seed": contender.harness.shots_seed,
    }


def _configs(task: Task, harness: HarnessConfig, samples: Mapping[str, Sequence[Line]]) -> dict[str, dict[str, Any]]:
    """What is known of each task's definition: how it is asked, and how answers are read."""
    scored, contexts = scorings(task, harness), few_shot_contexts(task, harness)
    filters = [{"name": scoring.filter} for scoring in scored if scoring.filter != "none"]
    common = {
        "target_delimiter": task.delimiter,
        "fewshot_delimiter": BETWEEN_EXAMPLES,
        "fewshot_config": {"sampler": "first_n" if task.sampler == "first" else "default"},
        "num_fewshot": harness.shots,
        "metric_list": [
            {"metric": metric, "aggregation": "mean", "higher_is_better": True}
            for metric in dict.fromkeys(scoring.metric for scoring in scored)
        ],
        "output_type": "generate_until" if task.writes else "multiple_choice",
        **({"generation_kwargs": generation(harness)} if task.writes else {}),
        "repeats": 1,
        **({"filter_list": filters} if filters else {}),
        "metadata": {"version": definition(task).version},
    }
    return {
        name: {"task": name, "description": contexts[lines[0]["doc"]["id"]].description, **common}
        for name, lines in samples.items()
    }


def _scores(lines: Sequence[Line]) -> dict[str, list[float]]:
    """By `metric,filter`; an item that failed is in none."""
    scores: dict[str, list[float]] = {}
    for line in lines:
        for metric in line["metrics"]:
            scores.setdefault(f"{metric},{line['filter']}", []).append(line[metric])
    return scores


def _task_scores(name: str, alias: str, scores: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": name, "alias": alias, "sample_len": max(map(len, scores.values()), default=0)}
    for key, values in scores.items():
        mean = mean_of(values)
        fields |= _mean(key, mean.score, mean.error)
    return fields


def _group_scores(name: str, scores: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, Any]:
    """The score over all items. lm-eval gives it no error where a subtask has none, as one of a single item."""
    fields: dict[str, Any] = {"alias": name, "name": name}
    counts: dict[str, int] = {}
    for key in dict.fromkeys(key for of_task in scores.values() for key in of_task):
        overall = aggregate({task: of_task[key] for task, of_task in scores.items() if key in of_task})
        counts[key] = sum(group.n for group in overall.groups)
        unknown = any(group.mean.error is None for group in overall.groups)
        fields |= _mean(key, overall.micro.score, None if unknown else overall.micro.error)
    return {**fields, "sample_len": max(counts.values(), default=0), "sample_count": counts}


def _mean(key: str, score: float, error: float | None) -> dict[str, Any]:
    metric, _, filter_name = key.partition(",")
    return {key: score, f"{metric}_stderr,{filter_name}": NO_ERROR if error is None else error}
