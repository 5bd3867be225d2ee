"""What two logs bring to their comparison: the settings they state, and the prompts of their paired items."""

from __future__ import annotations

import pytest

from engine.harness import Comparability
from engine.logs import Log, LogRow, align, comparability

STATED = {
    "task": "sums", "task version": "1", "metric": "exact_match", "decoding": "greedy", "extraction": "strict",
    "harness": "lm-eval", "harness version": "0.4.13",
}  # fmt: skip
Prompts = tuple[tuple[str | None, str | None], ...]


def judged(prompts: Prompts, b: dict[str, str] | None = None) -> Comparability:
    """Two logs, of ruby and of jade, which state all but what goes into the prompts unless B states otherwise."""
    logs = []
    for side, (name, settings) in enumerate((("ruby", STATED), ("jade", STATED | (b or {})))):
        rows = {str(i): LogRow(id=str(i), score=1.0, prompt=pair[side]) for i, pair in enumerate(prompts)}
        logs.append(Log(name=name, file=name, format="test", rows=rows, settings={**settings, "model": name}))
    return comparability(align(*logs))


def test_the_same_prompts_settle_what_went_into_them() -> None:
    found = judged((("x:1", "x:1"), ("x:2", "x:2")))
    assert (found.grade, found.compared) == ("definitive", "model")
    (check,) = [check for check in found.checks if check.setting == "prompts"]
    assert (check.outcome, check.reason) == ("same", "Prompts: 2 prompts for both.")


def test_without_prompts_it_is_not_known_what_the_models_were_shown() -> None:
    found = judged(((None, None), (None, None)))
    assert found.grade == "indicative"
    assert "Not stated for both: shots, template, system prompt, wording." in found.sentence


def test_other_prompts_are_a_difference_though_nothing_else_tells_of_it() -> None:
    found = judged((("x:1", "x:1"), ("x:2", "x:9")))
    assert found.grade == "indicative"
    assert "Prompts: 2 prompts for ruby, 1 of them the same for jade" in found.sentence


@pytest.mark.parametrize("prompts", [(("x:1", None), ("x:2", "x:2")), (("x:1", "y:1"), ("x:2", "y:2"))])
def test_prompts_that_cannot_be_compared_say_nothing(prompts: Prompts) -> None:
    assert "prompts" not in {check.setting for check in judged(prompts).checks}


def test_another_exam_is_not_comparable() -> None:
    found = judged((("x:1", "x:1"), ("x:2", "x:2")), {"metric": "f1"})
    assert found.grade == "not comparable"
    assert found.sentence.startswith("The two logs are not comparable. Metric: exact_match for ruby, f1 for jade")
