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
from engine.logs.lm_eval.definitions import DEFINITIONS, VERSION, called, definition, places
from engine.models.registry import ModelCard, find
from engine.tasks.registry import load_task
from engine.tasks.rendering import few_shot_contexts
from engine.tasks.task import Task

MOST_STOPS = 4  # what lm-eval sends to a chat endpoint; it cuts at no others


def command(battle: Battle, side: Side) -> str:
    """One contender's run as an lm-eval 0.4.13 command line, over the same items; `why_not` says where it falls short.

    Words in capitals are to be replaced: they stand for what an address does not tell.
    """
    contender, task = battle.contender(side), load_task(battle.task)
    harness, card = contender.harness, find(contender.model)
    parts = ["lm_eval", "--model", _backend(card, task), "--model_args", _pairs(model_arguments(battle, side))]
    parts += [*_items(battle, task), "--num_fewshot", str(harness.shots)]
    parts += ["--seed", f"0,1234,1234,{harness.shots_seed}"]
    if harness.template == "chat" or _converses(card, task):
        parts += ["--apply_chat_template", "--fewshot_as_multiturn", str(harness.multiturn).lower()]
    if harness.system:
        parts.append(f"--system_instruction={harness.system}")
    if generation := _other_generation(card, task, harness):
        parts += ["--gen_kwargs", json.dumps(generation, ensure_ascii=False)]
    if card.kind != "endpoint":
        parts += ["--device", battle.device, "--batch_size", str(harness.batch or 8)]
    parts += ["--log_samples", "--output_path", f"lm-eval-{side}"]
    return " ".join(shlex.quote(part) for part in parts)


def comparable(battle: Battle) -> bool:
    """Whether these commands ask and score as the battle did."""
    return not why_not(battle)


def why_not(battle: Battle) -> str:
    """What lm-eval would do in another way, as sentences; empty where nothing is known to differ."""
    task = load_task(battle.task)
    reasons = [reason for side in (battle.a, battle.b) for reason in _reasons(battle, task, side.harness, side.model)]
    return " ".join(dict.fromkeys(reasons))


def _reasons(battle: Battle, task: Task, harness: HarnessConfig, model: str) -> list[str]:
    stated, card = definition(task), find(model)
    if task.name not in DEFINITIONS:
        return [f"lm-eval {VERSION} has no task {task.name}."]
    shown, served, metric = harness.shots > 0, _converses(card, task), called(task, rule_of(task, harness))[0]
    stops = decoding(harness).until if task.writes else ()
    at_odds = {
        f"lm-eval has no wording {harness.prompt_variant!r}.": harness.prompt_variant != "task",
        "lm-eval does not reverse options.": harness.option_order != "given",
        stated.anew: bool(stated.anew),
        f"lm-eval asks {task.name} without worked examples, whatever --num_fewshot says.": shown and not stated.shots,
        "For a subset lm-eval draws other worked examples than in a full run, and ours are a full run's.": (
            shown and stated.shots and task.sampler == "draw" and battle.n != task.size
        ),
        f"lm-eval does not report {metric} of {task.name}; what it logs of each item is enough to work it out.": (
            metric not in stated.metrics
        ),
        "At a temperature above 0 no two runs write the same.": bool(harness.decoding and harness.decoding.temperature),
        "lm-eval ends a text at a stop string in its reasoning, too.": bool(harness.thinking and stops),
        f"lm-eval gives a chat endpoint {MOST_STOPS} stop strings, and cuts at no others.": (
            served and len(stops) > MOST_STOPS
        ),
        "lm-eval gives a chat endpoint what stands before the question as the system's message.": (
            served and harness.template == "plain" and _has_opening(battle, task, harness)
        ),
    }
    return [reason for reason, holds in at_odds.items() if holds]


def _has_opening(battle: Battle, task: Task, harness: HarnessConfig) -> bool:
    before = few_shot_contexts(task.with_items(battle.item_ids), replace(harness, shots=0))
    return bool(harness.system) or any(prelude.description for prelude in before.values())


def model_arguments(battle: Battle, side: Side) -> dict[str, str | bool]:
    """What lm-eval is told of the model."""
    contender, task = battle.contender(side), load_task(battle.task)
    card, harness = find(contender.model), contender.harness
    if card.kind == "endpoint":
        if _converses(card, task):
            asked: dict[str, str | bool] = {"model": card.title, "base_url": f"{card.location}/chat/completions"}
            return asked | ({"think_end_token": END_OF_THINKING} if harness.thinking else {})
        asked = {"model": card.title, "base_url": f"{card.location}/completions", "tokenized_requests": False}
        return asked | ({} if "/" in card.title else {"tokenizer": "HUB_NAME_OF_ITS_TOKENIZER"})
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
    how = decoding(harness)
    return {
        "until": list(how.until),
        "do_sample": how.temperature > 0,
        "temperature": how.temperature,
        "max_gen_toks": how.max_tokens,
    }


def _other_generation(card: ModelCard, task: Task, harness: HarnessConfig) -> dict[str, Any]:
    """What is not as the task has it by itself. An endpoint is told of reasoning in the request, as we tell it."""
    if harness.decoding is None:
        return {}
    usual = generation(task.harness())
    other = {name: value for name, value in generation(harness).items() if value != usual[name]}
    if card.kind == "endpoint" and harness.thinking is not None:
        other["chat_template_kwargs"] = {"enable_thinking": harness.thinking > 0}
    return other


def _precision(battle: Battle, harness: HarnessConfig) -> str:
    """What auto comes to on the battle's device (float16 on GPUs without bfloat16)."""
    if harness.dtype != "auto":
        return harness.dtype
    return "bfloat16" if battle.device == "cuda" else "float32"


def _backend(card: ModelCard, task: Task) -> str:
    if card.kind != "endpoint":
        return "hf"
    return "local-chat-completions" if task.writes else "local-completions"


def _converses(card: ModelCard, task: Task) -> bool:
    """Whether the model can only be asked in a conversation."""
    return card.kind == "endpoint" and task.writes


def _pairs(arguments: Mapping[str, str | bool]) -> str:
    """`name=value,…`, or JSON where lm-eval would take a value apart or for something else than this text."""
    told = {name: value if isinstance(value, str) else str(value).lower() for name, value in arguments.items()}
    if any(isinstance(value, str) and _misread(value) for value in arguments.values()):
        return json.dumps(arguments, ensure_ascii=False)
    return ",".join(f"{name}={value}" for name, value in told.items())


def _misread(value: str) -> bool:
    if not re.fullmatch(r"[\w./:@~+</>-]+", value, re.ASCII) or value.lower() in ("true", "false"):
        return True
    for read in (float, ast.literal_eval):
        try:
            read(value)
        except (ValueError, SyntaxError):
            continue
        return True
    return False


def _items(battle: Battle, task: Task) -> list[str]:
    """The task, and the rows of a subset. A subtask without any may not be named: lm-eval would run all of it."""
    if battle.n == task.size:
        return ["--tasks", task.name]
    found = places(task.with_items(battle.item_ids))
    rows: dict[str, list[int]] = {}
    for name, row in sorted(found[item_id] for item_id in battle.item_ids if item_id in found):
        rows.setdefault(name, []).append(row)
    whole = len(rows) == len({name for name, _ in found.values()})
    return [
        *("--tasks", task.name if whole else ",".join(rows)),
        *("--samples", json.dumps(rows, separators=(",", ":"))),
    ]
