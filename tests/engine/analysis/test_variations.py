"""Which settings can be changed for which task, one at a time, and what is said of those that cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

import pytest

from engine import HarnessConfig, Task, load_task
from engine.analysis.variations import NotApplicable, variation, variations
from engine.errors import NoSource
from engine.harness.config import Decoding
from tests.conftest import Shelf, toy_rows, toy_task
from tests.engine.quiz import quiz

AddTask = Callable[[Task], Task]


def labels(task: Task, device: str = "cpu", **settings: object) -> list[tuple[str, str]]:
    return [(v.part, v.label) for v in variations(task, task.harness(**settings), device).possible]


def reasons(task: Task, device: str = "cpu", **settings: object) -> dict[str, str]:
    return {way.label: way.reason for way in variations(task, task.harness(**settings), device).impossible}


def test_a_task_that_lists_options(add_task: AddTask) -> None:
    task = add_task(quiz())
    assert labels(task) == [
        ("protocol", "options reversed"),
        ("protocol", "short labels"),
        ("protocol", "instruction first"),
        ("protocol", "5 worked examples"),
        ("rerun", "the same again"),
        ("rerun", "one item at a time"),
        ("rerun", "bfloat16"),
    ]
    assert reasons(task) == {
        "other worked examples": "none are shown",
        "seed": "nothing is drawn, choices are ranked",
    }


def test_each_changes_one_setting_and_keeps_the_rest(add_task: AddTask) -> None:
    task = add_task(quiz())
    base = task.harness(shots=2)
    for found in variations(task, base, "cpu").possible:
        changed = {name for name, value in asdict(found.harness).items() if value != asdict(base)[name]}
        assert len(changed) == (found.label != "the same again"), found.label
        assert variation(base, found.harness) == found
    assert len({v.label for v in variations(task, base, "cpu").possible}) == 8


def test_from_another_starting_point_the_way_back_is_a_variation(add_task: AddTask) -> None:
    task = add_task(quiz())
    told = labels(task, option_order="reversed", prompt_variant="short labels", batch=1, dtype="bfloat16", shots=5)
    assert told == [
        ("protocol", "options as given"),
        ("protocol", "the task's own words"),
        ("protocol", "instruction first"),
        ("protocol", "8 worked examples"),
        ("protocol", "other worked examples"),
        ("rerun", "the same again"),
        ("rerun", "as many items at a time as fit"),
        ("rerun", "float32"),
    ]


def test_a_task_without_a_list_or_labels(toy: Task) -> None:
    """The toy's text begins with Q: already, and its worked examples are an empty shelf."""
    assert [label for part, label in labels(toy) if part == "protocol"] == ["instruction first"]
    told = reasons(toy)
    assert told["options reversed"] == "each choice is scored by itself, so no order is ever seen"
    assert told["short labels"] == "the task's text has no such labels"
    assert "0 worked examples to choose from, 5 were asked for" in told["5 worked examples"]
    assert not any(reason.endswith(".") for reason in told.values())


@pytest.mark.parametrize(("held", "shots", "told"), [(9, 0, 5), (9, 5, 8), (7, 5, 3), (4, 0, 3), (9, 25, 5)])
def test_another_number_of_examples_is_one_there_are_enough_for(
    held: int, shots: int, told: int, add_task: AddTask
) -> None:
    assert ("protocol", f"{told} worked examples") in labels(add_task(quiz(shots=held)), shots=shots)


def test_too_few_examples_for_any_number(add_task: AddTask) -> None:
    assert "2 worked examples to choose from" in reasons(add_task(quiz(shots=2)))["5 worked examples"]


def test_examples_that_are_the_same_for_all_are_not_drawn_anew(add_task: AddTask) -> None:
    task = add_task(quiz(sampler="first"))
    assert "none are drawn" in reasons(task, shots=2)["other worked examples"]


def test_missing_examples_are_a_reason(add_task: AddTask) -> None:
    task = add_task(quiz(shots_from=(Shelf(here=False),)))
    assert "put it on the shelf" in reasons(task)["5 worked examples"]


def test_missing_items_are_an_error(add_task: AddTask) -> None:
    with pytest.raises(NoSource):
        variations(add_task(quiz(items_from=(Shelf(here=False),))), HarnessConfig(), "cpu")


def test_a_server_has_batches_and_a_precision_of_its_own(add_task: AddTask) -> None:
    task = add_task(quiz())
    assert [label for part, label in labels(task, "endpoint") if part == "rerun"] == ["the same again"]
    assert {"one item at a time", "precision"} <= reasons(task, "endpoint").keys()


@pytest.mark.parametrize(
    ("dtype", "device", "other"),
    [
        ("auto", "cpu", "bfloat16"),
        ("auto", "cuda", "float32"),  # auto is half precision there
        ("auto", "mps", "float16"),
        ("float32", "cuda", "bfloat16"),
        ("float16", "cuda", "float32"),
        ("bfloat16", "cpu", "float32"),
    ],
)
def test_the_other_precision(dtype: str, device: str, other: str, toy: Task) -> None:
    assert ("rerun", other) in labels(toy, device, dtype=dtype)


def test_writing_is_greedy_unless_a_server_draws(add_task: AddTask) -> None:
    decoding = Decoding(max_tokens=9, until=())
    task = add_task(toy_task(rows=toy_rows({"sky": 4}), decoding=decoding, extractions={"all": str.strip}))
    assert reasons(task)["seed"] == "nothing is drawn, decoding is greedy"
    assert reasons(task)["options reversed"] == "no options are listed"
    assert "seed" not in reasons(task, "endpoint", decoding=replace(decoding, temperature=0.7))


def test_mmlu_has_an_order_and_no_question_label() -> None:
    told = labels(load_task("mmlu"))
    assert ("protocol", "options reversed") in told and ("protocol", "short labels") not in told


def test_a_reason_names_its_source_and_its_way(toy: Task) -> None:
    reason = NotApplicable(part="rerun", label="seed", reason="nothing is drawn, choices are ranked")
    assert reason in variations(toy, toy.harness(), "cpu").impossible
