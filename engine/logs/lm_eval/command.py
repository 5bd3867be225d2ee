"""The lm-eval command that measures the same thing: for checking us, and for taking a battle elsewhere."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.battles.battle import Battle, Side
from engine.battles.requests import END_OF_THINKING, decoding
from engine.battles.rescoring import rule_of
from engine.harness.config import HarnessConfig
from engine.logs.lm_eval.definitions import DEFINITIONS, VERSION, definition, metric_and_filter, positions
from engine.models.registry import ModelCard, card_of
from engine.tasks.registry import load_task
from engine.tasks.rendering import few_shot_contexts
from engine.tasks.task import Task

MOST_STOPS = 4  # what lm-eval sends to a chat endpoint; it cuts at no others


def command(battle: Battle, side: Side) -> str:
    """One contender's run as an lm-eval 0.4.13 command line, over the same items.

    Words in capitals are to be replaced: they stand for what an address does not tell. `differences` says where the
    command falls short.
    """
    contender, task = battle.contender(side), load_task(battle.task)
    harness, card = contender.harness, card_of(contender.address)
    parts = ["lm_eval", "--model", _backend(card, task), "--model_args", _argument_list(model_arguments(battle, side))]
    parts += [*_task_and_rows(battle, task), "--num_fewshot", str(harness.shots)]
    parts += ["--seed", f"0,1234,1234,{harness.shots_seed}"]
    if harness.template == "chat" or _is_chat(card, task):
        parts += ["--apply_chat_template", "--fewshot_as_multiturn", str(harness.multiturn).lower()]
    if harness.system:
        parts.append(f"--system_instruction={harness.system}")
    if changed := _changed_generation(card, task, harness):
        parts += ["--gen_kwargs", json.dumps(changed, ensure_ascii=False)]
    if card.kind != "endpoint":
        parts += ["--device", battle.device, "--batch_size", str(harness.batch or 8)]
    parts += ["--log_samples", "--output_path", f"lm-eval-{side}"]
    return " ".join(shlex.quote(part) for part in parts)


def differences(battle: Battle) -> str:
    """What lm-eval would do in another way, as sentences; empty where nothing is known to differ."""
    task = load_task(battle.task)
    reasons = [reason for side in (battle.a, battle.b) for reason in _reasons(battle, task, side.harness, side.address)]
    return " ".join(dict.fromkeys(reasons))


def _reasons(battle: Battle, task: Task, harness: HarnessConfig, model: str) -> list[str]:
    benchmark, card = definition(task), card_of(model)
    if task.name not in DEFINITIONS:
        return [f"lm-eval {VERSION} has no task {task.name}."]
    metric, _ = metric_and_filter(task, rule_of(task, harness))
    with_examples, by_chat = harness.shots > 0, _is_chat(card, task)
    stops = decoding(harness).until if task.writes else ()
    applies = {
        f"lm-eval has no wording {harness.prompt_variant!r}.": harness.prompt_variant != "task",
        "lm-eval does not reverse options.": harness.option_order != "given",
        benchmark.unrepeatable: bool(benchmark.unrepeatable),
        f"lm-eval asks {task.name} without worked examples, whatever --num_fewshot says.": (
            with_examples and not benchmark.shots
        ),
        "For a subset lm-eval draws other worked examples than in a full run, and ours are a full run's.": (
            with_examples and benchmark.shots and task.sampler == "draw" and battle.n != task.size
        ),
        f"lm-eval does not report {metric} of {task.name}; what it logs of each item is enough to work it out.": (
            metric not in benchmark.metrics
        ),
        "At a temperature above 0 no two runs write the same.": bool(harness.decoding and harness.decoding.temperature),
        "lm-eval ends a text at a stop string in its reasoning, too.": bool(harness.thinking and stops),
        f"lm-eval gives a chat endpoint {MOST_STOPS} stop strings, and cuts at no others.": (
            by_chat and len(stops) > MOST_STOPS
        ),
        "lm-eval gives a chat endpoint what stands before the question as the system's message.": (
            by_chat and harness.template == "plain" and _has_opening(battle, task, harness)
        ),
    }
    return [reason for reason, holds in applies.items() if holds]


def _has_opening(battle: Battle, task: Task, harness: HarnessConfig) -> bool:
    contexts = few_shot_contexts(task.with_items(battle.item_ids), replace(harness, shots=0))
    return bool(harness.system) or any(context.description for context in contexts.values())


def model_arguments(battle: Battle, side: Side) -> dict[str, str | bool]:
    """What lm-eval is told of the model."""
    contender, task = battle.contender(side), load_task(battle.task)
    card, harness = card_of(contender.address), contender.harness
    if card.kind == "endpoint":
        served: dict[str, str | bool] = {"model": card.title}
        if _is_chat(card, task):
            served["base_url"] = f"{card.location}/chat/completions"
            return served | ({"think_end_token": END_OF_THINKING} if harness.thinking else {})
        served |= {"base_url": f"{card.location}/completions", "tokenized_requests": False}
        return served | ({} if "/" in card.title else {"tokenizer": "HUB_NAME_OF_ITS_TOKENIZER"})
    arguments: dict[str, str | bool] = {"pretrained": card.upstream or card.location}
    if card.kind == "gguf":
        folder, _, name = card.location.rpartition("/")
        arguments = {"pretrained": folder, "gguf_file": name}
    if card.kind == "pack" and card.weights is not None:
        name = card.weights.parts[0][1].rpartition("/")[2].removesuffix(".part00")
        arguments = {"pretrained": "FOLDER_OF_THE_GGUF", "gguf_file": name}
    arguments["dtype"] = _precision(battle, harness)
    if card.revision:
        arguments["revision"] = card.revision
    if harness.thinking is not None:
        arguments["enable_thinking"] = bool(harness.thinking)
    if harness.thinking:
        arguments["think_end_token"] = END_OF_THINKING
    return arguments


def generation(harness: HarnessConfig) -> dict[str, Any]:
    """How a text is written, by lm-eval's names."""
    settings = decoding(harness)
    return {
        "until": list(settings.until),
        "do_sample": settings.temperature > 0,
        "temperature": settings.temperature,
        "max_gen_toks": settings.max_tokens,
    }


def _changed_generation(card: ModelCard, task: Task, harness: HarnessConfig) -> dict[str, Any]:
    """What is not as the task has it by itself. An endpoint is told of reasoning in the request, as we tell it."""
    if harness.decoding is None:
        return {}
    default = generation(task.harness())
    changed = {name: value for name, value in generation(harness).items() if value != default[name]}
    if card.kind == "endpoint" and harness.thinking is not None:
        changed["chat_template_kwargs"] = {"enable_thinking": harness.thinking > 0}
    return changed


def _precision(battle: Battle, harness: HarnessConfig) -> str:
    """What auto comes to on the battle's device (float16 on GPUs without bfloat16)."""
    if harness.dtype != "auto":
        return harness.dtype
    return "bfloat16" if battle.device == "cuda" else "float32"


def _backend(card: ModelCard, task: Task) -> str:
    if card.kind != "endpoint":
        return "hf"
    return "local-chat-completions" if task.writes else "local-completions"


def _is_chat(card: ModelCard, task: Task) -> bool:
    """Whether the model can only be asked in a conversation."""
    return card.kind == "endpoint" and task.writes


def _argument_list(arguments: Mapping[str, str | bool]) -> str:
    """`name=value,…`, or JSON where lm-eval would take a value apart or for something else than this text."""
    if any(isinstance(value, str) and _misread(value) for value in arguments.values()):
        return json.dumps(arguments, ensure_ascii=False)
    return ",".join(f"{name}={v if isinstance(v, str) else str(v).lower()}" for name, v in arguments.items())


def _misread(value: str) -> bool:
    if not re.fullmatch(r"[\w./:@~+</>-]+", value, re.ASCII) or value.lower() in ("true", "false"):
        return True
    for parse in (float, ast.literal_eval):
        try:
            parse(value)
        except (ValueError, SyntaxError):
            continue
        return True
    return False


def _task_and_rows(battle: Battle, task: Task) -> list[str]:
    """The task, and the rows of a subset. A subtask without any may not be named: lm-eval would run all of it."""
    if battle.n == task.size:
        return ["--tasks", task.name]
    position = positions(task.with_items(battle.item_ids))
    rows: dict[str, list[int]] = {}
    for name, row in sorted(position[item_id] for item_id in battle.item_ids if item_id in position):
        rows.setdefault(name, []).append(row)
    names = task.name if len(rows) == len({name for name, _ in position.values()}) else ",".join(rows)
    return ["--tasks", names, "--samples", json.dumps(rows, separators=(",", ":"))]
