"""The command we show must be one that lm-eval 0.4.13 takes, over the very items of the battle."""

from __future__ import annotations

import itertools
import json
import shlex

import pytest

from engine import Challenge, arena, lm_eval, load_items, load_task

A, B = "smollm2-135m-instruct", "gemma-3-270m"


def options(command: str) -> dict[str, str]:
    words = shlex.split(command)
    return {word: after for word, after in itertools.pairwise(words) if word.startswith("--")}


def test_rows_are_those_of_the_battle() -> None:
    battle = arena.plan(Challenge(a=A, b=B, task="mmlu", limit=120, shots=5, device="cpu"))
    said = options(lm_eval.command(battle, "a"))
    assert said["--num_fewshot"] == "5"
    rows = json.loads(said["--samples"])
    by_id = {item.id: item for item in load_items(load_task("mmlu"))}
    expected = {(f"mmlu_{by_id[i].group}", by_id[i].index) for i in battle.item_ids}
    assert {(name, row) for name, numbers in rows.items() for row in numbers} == expected


def test_a_whole_benchmark_needs_no_rows() -> None:
    battle = arena.plan(Challenge(a=A, b="hf:org/name@abc", task="openbookqa", device="cpu"))
    assert "--samples" not in options(lm_eval.command(battle, "a"))
    assert options(lm_eval.command(battle, "b"))["--model_args"] == "pretrained=org/name,dtype=float32,revision=abc"


@pytest.mark.parametrize(
    ("settings", "same"),
    [
        ({}, True),
        ({"batch": 1}, True),
        ({"wording": "instruction first"}, False),
        ({"option_order": "reversed"}, False),
    ],
)
def test_lm_eval_has_no_such_wording_or_order(settings: dict[str, object], same: bool) -> None:
    battle = arena.plan(Challenge(a=A, b=B, task="mmlu", limit=20, device="cpu", settings=settings))
    assert lm_eval.comparable(battle) is same


def test_an_endpoint_is_asked_by_chat() -> None:
    battle = arena.plan(Challenge(a=A, b="openai:m@https://host.example/v1", task="piqa", limit=20, device="cpu"))
    said = lm_eval.command(battle, "b")
    assert "local-chat-completions" in said
    assert "base_url=https://host.example/v1/chat/completions" in said
