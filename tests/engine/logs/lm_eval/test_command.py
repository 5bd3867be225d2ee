"""The command we show must be one that lm-eval 0.4.13 takes, over the very items of the battle.

All forms below were parsed by lm-eval's own `HarnessCLI` and `EvaluatorConfig`, which found in them what is asserted.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from engine import Battle, BattleRequest, Task, load_items, load_task, runs
from engine.harness.config import Decoding
from engine.logs import lm_eval
from engine.logs.lm_eval import definitions
from engine.tasks.task import Scorer
from tests.conftest import toy_rows, toy_task

A, B = "smollm2-135m-instruct", "gemma-3-270m"
SERVED = "openai:qwen@https://host.example/v1"


def options(command: str) -> dict[str, str]:
    """What each option says; an option is followed by its value, or by the next option."""
    words = shlex.split(command)
    told = {}
    for word, after in zip(words, [*words[1:], "--"], strict=True):
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            told[name] = value if equals else "" if after.startswith("--") else after
    return told


def asked(task: str = "piqa", side: str = "a", **other: Any) -> dict[str, str]:
    return options(lm_eval.command(planned(task, **other), side))  # type: ignore[arg-type]


def planned(task: str = "piqa", **other: Any) -> Battle:
    return runs.plan(BattleRequest(**{"a": A, "b": B, "task": task, "limit": 20, "device": "cpu"} | other))


@pytest.fixture
def writing(add_task: Callable[[Task], Task], monkeypatch: pytest.MonkeyPatch) -> Task:
    """A task whose answers are written, which lm-eval is taken to have."""
    monkeypatch.setitem(definitions.DEFINITIONS, "toy", definitions.Definition(version=1.0))  # type: ignore[arg-type]
    how = Decoding(max_tokens=40, until=("Q:",))
    return add_task(toy_task(decoding=how, extractions={"as it is": Scorer(lambda text: text)}))


def test_rows_are_those_of_the_battle() -> None:
    battle = planned("mmlu", limit=300, shots=5)
    said = options(lm_eval.command(battle, "a"))
    assert (said["--num_fewshot"], said["--tasks"]) == ("5", "mmlu")
    rows = json.loads(said["--samples"])
    by_id = {item.id: item for item in load_items(load_task("mmlu"))}
    expected = {(f"mmlu_{by_id[i].group}", by_id[i].index) for i in battle.item_ids}
    assert {(name, row) for name, numbers in rows.items() for row in numbers} == expected


def test_only_subtasks_with_items_are_named() -> None:
    """lm-eval runs the whole of a subtask for which `--samples` holds no rows (seen in 0.4.13)."""
    said = asked("mmlu")
    rows = json.loads(said["--samples"])
    assert said["--tasks"].split(",") == list(rows) and 0 < len(rows) <= 20 and all(rows.values())


def test_a_whole_benchmark_needs_no_rows() -> None:
    battle = runs.plan(BattleRequest(a=A, b="hf:org/name@abc", task="openbookqa", device="cpu"))
    assert "--samples" not in options(lm_eval.command(battle, "a"))
    assert options(lm_eval.command(battle, "b"))["--model_args"] == "pretrained=org/name,dtype=float32,revision=abc"


def test_seeds_batch_and_precision() -> None:
    said = asked(dtype="bfloat16", settings={"shots_seed": 7, "batch": 3})
    assert (said["--seed"], said["--batch_size"], said["--device"]) == ("0,1234,1234,7", "3", "cpu")
    assert said["--model_args"].endswith("dtype=bfloat16")


@pytest.mark.parametrize("revision", ["12e45", "0x1f", "true", "None", "a,b"])
def test_a_value_that_would_be_taken_for_something_else_makes_it_json(revision: str) -> None:
    """As `key=value` lm-eval makes a number of 12e45 (infinity), 31 of 0x1f, and two arguments of a,b."""
    said = asked(side="b", b=f"hf:org/name@{revision}")
    assert json.loads(said["--model_args"]) == {"pretrained": "org/name", "dtype": "float32", "revision": revision}


# ---- conversations


def test_a_plain_battle_has_no_template() -> None:
    said = asked()
    assert not {"--apply_chat_template", "--fewshot_as_multiturn", "--system_instruction", "--gen_kwargs"} & said.keys()


@pytest.mark.parametrize("multiturn", [True, False])
def test_a_conversation(multiturn: bool) -> None:
    """lm-eval makes turns of the examples unless told not to."""
    said = asked(settings={"template": "chat", "multiturn": multiturn, "system": '-v is "verbose"'})
    assert said["--apply_chat_template"] == "" and said["--fewshot_as_multiturn"] == str(multiturn).lower()
    assert said["--system_instruction"] == '-v is "verbose"'


def test_reasoning_that_is_wanted_or_not(writing: Task) -> None:
    off = asked("toy", settings={"template": "chat", "thinking": 0})
    assert off["--model_args"].endswith(",enable_thinking=false") and "--gen_kwargs" not in off
    on = asked("toy", settings={"template": "chat", "thinking": 100})
    assert on["--model_args"].endswith(",enable_thinking=true,think_end_token=</think>")
    assert json.loads(on["--gen_kwargs"]) == {"max_gen_toks": 140}


def test_only_what_is_not_the_tasks_own_way_of_writing_is_told(writing: Task) -> None:
    how = Decoding(max_tokens=40, until=("Q:", "\n"), temperature=0.5)
    said = asked("toy", settings={"decoding": how})
    assert json.loads(said["--gen_kwargs"]) == {"until": ["Q:", "\n"], "do_sample": True, "temperature": 0.5}
    assert "--gen_kwargs" not in asked("toy")


# ---- endpoints


def test_an_endpoint_that_writes_is_asked_by_chat(writing: Task) -> None:
    said = asked("toy", "b", b=SERVED)
    assert said["--model"] == "local-chat-completions" and "--apply_chat_template" in said
    assert said["--model_args"] == "model=qwen,base_url=https://host.example/v1/chat/completions"
    assert not {"--device", "--batch_size"} & said.keys()


def test_an_endpoint_that_ranks_is_asked_for_completions() -> None:
    """lm-eval counts the tokens of a context itself, so it needs the tokenizer, which no address tells."""
    said = asked(side="b", b=SERVED)
    assert said["--model"] == "local-completions" and "--apply_chat_template" not in said
    arguments = dict(pair.split("=") for pair in said["--model_args"].split(","))
    assert arguments["base_url"] == "https://host.example/v1/completions"
    assert (arguments["tokenized_requests"], arguments["tokenizer"]) == ("false", "HUB_NAME_OF_ITS_TOKENIZER")
    assert "tokenizer=" not in asked(side="b", b=SERVED.replace("qwen", "org/qwen"))["--model_args"]


def test_an_endpoint_is_told_of_reasoning_in_the_request(writing: Task) -> None:
    said = asked("toy", "b", b=SERVED, settings={"template": "chat", "thinking": 100})
    template = {"enable_thinking": True}
    assert json.loads(said["--gen_kwargs"]) == {"max_gen_toks": 140, "chat_template_kwargs": template}
    assert said["--model_args"].endswith(",think_end_token=</think>")


# ---- what lm-eval does in another way


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, ""),
        ({"batch": 1}, ""),
        ({"prompt_variant": "instruction first"}, "lm-eval has no wording 'instruction first'."),
        ({"option_order": "reversed"}, "lm-eval does not reverse options."),
        (
            {"normalisation": "characters"},
            "lm-eval does not report acc_norm of mmlu; what it logs of each item is enough to work it out.",
        ),
    ],
)
def test_settings_of_ours(settings: dict[str, object], reason: str) -> None:
    battle = planned("mmlu", settings=settings)
    assert lm_eval.differences(battle) == reason


@pytest.mark.parametrize(("limit", "same"), [(20, False), (None, True)])
def test_a_subset_is_asked_with_other_drawn_examples(
    limit: int | None, same: bool, add_task: Callable[[Task], Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(definitions.DEFINITIONS, "toy", definitions.Definition(version=1.0, metrics=("acc",)))  # type: ignore[arg-type]
    add_task(toy_task(shots=toy_rows({"sky": 5, "sea": 5}, "example")))
    battle = planned("toy", limit=limit, shots=2)
    assert bool(lm_eval.differences(battle)) is not same
    assert same or "draws other worked examples" in lm_eval.differences(battle)


def test_written_answers(writing: Task) -> None:
    assert not lm_eval.differences(planned("toy", b=SERVED))
    warm = Decoding(max_tokens=40, until=("Q:",), temperature=1.0)
    assert "no two runs write the same" in lm_eval.differences(planned("toy", settings={"decoding": warm}))
    thinks = planned("toy", settings={"template": "chat", "thinking": 9})
    assert lm_eval.differences(thinks) == "lm-eval ends a text at a stop string in its reasoning, too."
    many = planned("toy", b=SERVED, settings={"decoding": Decoding(max_tokens=9, until=tuple("abcde"))})
    assert lm_eval.differences(many) == "lm-eval gives a chat endpoint 4 stop strings, and cuts at no others."
    plain = planned("toy", b=SERVED, settings={"template": "plain", "system": "Be brief."})
    assert "as the system's message" in lm_eval.differences(plain)


def test_a_task_of_our_own(toy: Task) -> None:
    assert lm_eval.differences(planned("toy")) == "lm-eval 0.4.13 has no task toy."
