"""The lm-eval command that measures the same thing: for checking us, and for taking a battle elsewhere."""

from __future__ import annotations

import json
import shlex

from engine.battle import Battle, Side
from engine.models import find
from engine.task import load_items
from engine.tasks import load_task


def command(battle: Battle, side: Side) -> str:
    """One contender's run as an lm-eval 0.4.13 command line, over the same items.

    The examples of a few-shot run are those lm-eval draws in a full run; with `--samples` it draws others.
    """
    contender, task = battle.contender(side), load_task(battle.task)
    card = find(contender.model)
    parts = ["lm_eval", *_model(contender.model, _precision(battle, side)), "--tasks", task.name]
    parts += ["--num_fewshot", str(contender.harness.shots)]
    if battle.n < task.size:
        parts += ["--samples", json.dumps(_rows(battle), separators=(",", ":"))]
    if card.kind != "endpoint":
        parts += ["--device", battle.device, "--batch_size", "8"]
    parts += ["--log_samples", "--output_path", f"lm-eval-{side}"]
    return " ".join(shlex.quote(part) for part in parts)


def comparable(battle: Battle) -> bool:
    """Whether lm-eval puts the items this way: it knows no other wording or order of options, and for a drawn subset
    it draws other worked examples."""
    task = load_task(battle.task)
    if any(c.harness.wording != "task" or c.harness.option_order != "given" for c in (battle.a, battle.b)):
        return False
    return battle.n == task.size or task.sampler == "first" or not (battle.a.harness.shots or battle.b.harness.shots)


def _precision(battle: Battle, side: Side) -> str:
    """What auto comes to on the battle's device (float16 on GPUs without bfloat16)."""
    asked = battle.contender(side).harness.dtype
    if asked != "auto":
        return asked
    return "bfloat16" if battle.device == "cuda" else "float32"


def _model(address: str, precision: str) -> list[str]:
    card = find(address)
    if card.kind == "endpoint":
        where = f"model={card.title},base_url={card.location}/chat/completions"
        return ["--model", "local-chat-completions", "--model_args", where, "--apply_chat_template"]
    arguments = [f"pretrained={card.upstream or card.location}", f"dtype={precision}"]
    if card.kind == "gguf":
        folder, _, name = card.location.rpartition("/")
        arguments = [f"pretrained={folder}", f"gguf_file={name}", f"dtype={precision}"]
    if card.kind == "pack" and card.weights is not None:
        name = card.weights.parts[0][1].rpartition("/")[2].removesuffix(".part00")
        arguments = ["pretrained=FOLDER_OF_THE_GGUF", f"gguf_file={name}", f"dtype={precision}"]
    if card.revision:
        arguments.append(f"revision={card.revision}")
    return ["--model", "hf", "--model_args", ",".join(arguments)]


def _rows(battle: Battle) -> dict[str, list[int]]:
    """Row numbers of the items, by lm-eval's name of the (sub)task."""
    by_id = {item.id: item for item in load_items(load_task(battle.task))}
    rows: dict[str, list[int]] = {}
    for item in (by_id[item_id] for item_id in battle.item_ids if item_id in by_id):
        rows.setdefault(f"{battle.task}_{item.group}" if item.group else battle.task, []).append(item.index)
    return {name: sorted(numbers) for name, numbers in rows.items()}
