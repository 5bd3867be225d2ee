"""The grade of two logs: definitive, indicative or not comparable, with a reason for each setting."""

from __future__ import annotations

import pytest

from engine.logs import Comparability, Log, LogRow, align, comparability

EVERYTHING = {
    "model": "acme/ruby", "task": "sums", "task version": "1", "metric": "exact_match", "shots": "3", "template": "none",
    "system prompt": "none", "wording": "Question:", "decoding": "greedy", "extraction": "strict", "harness": "lm-eval",
    "harness version": "0.4.13",
}  # fmt: skip
IN_PROMPTS = ("shots", "template", "system prompt", "wording")


def judged(
    a: dict[str, str], b: dict[str, str], prompts: tuple[tuple[str | None, str | None], ...] = ((None, None),) * 2
) -> Comparability:
    logs = []
    for side, (name, settings) in enumerate((("ruby", a), ("jade", b))):
        rows = {str(i): LogRow(id=str(i), score=1.0, prompt=pair[side]) for i, pair in enumerate(prompts)}
        logs.append(Log(name=name, file=name, format="test", rows=rows, settings=settings))
    return comparability(align(*logs))


def without(settings: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in settings.items() if name not in names}


JADE = {**EVERYTHING, "model": "acme/jade"}


def test_all_stated_and_the_same() -> None:
    found = judged(EVERYTHING, JADE)
    assert (found.grade, found.compared) == ("definitive", "model")
    assert {check.setting for check in found.checks if check.outcome == "same"} == EVERYTHING.keys() - {"model"}


@pytest.mark.parametrize("name", EVERYTHING.keys())
def test_whatever_is_not_stated_makes_it_indicative(name: str) -> None:
    for a, b in ((without(EVERYTHING, name), JADE), (EVERYTHING, without(JADE, name))):
        found = judged(a, b)
        assert found.grade == "indicative"
        assert f"Not stated for both: {name}." in found.sentence
        (check,) = [check for check in found.checks if check.setting == name]
        assert check.outcome == "not stated" and "not stated for" in check.reason


@pytest.mark.parametrize("name", ["task", "task version", "metric"])
def test_another_exam_is_not_comparable(name: str) -> None:
    found = judged(EVERYTHING, {**JADE, name: "another"})
    assert (found.grade, found.compared) == ("not comparable", None)
    assert found.sentence.startswith("The two logs are not comparable.")
    assert f"{name.capitalize()}: {EVERYTHING[name]} for ruby, another for jade" in found.sentence


@pytest.mark.parametrize("name", [*IN_PROMPTS, "decoding", "extraction", "harness", "harness version", "dtype"])
def test_a_setting_that_differs_beside_the_model_makes_it_indicative(name: str) -> None:
    found = judged({"dtype": "float32", **EVERYTHING}, {"dtype": "float32", **JADE, name: "another"})
    assert (found.grade, found.compared) == ("indicative", None)
    assert "another for jade" in found.sentence


@pytest.mark.parametrize("name", [*IN_PROMPTS, "decoding", "extraction", "harness version"])
def test_the_one_setting_that_differs_for_the_same_model_is_what_is_compared(name: str) -> None:
    found = judged(EVERYTHING, {**EVERYTHING, name: "another"})
    assert (found.grade, found.compared) == ("definitive", name)
    assert f"The model is the same and the {name} is what is compared." in found.sentence


def test_two_settings_that_differ_for_the_same_model() -> None:
    found = judged(EVERYTHING, {**EVERYTHING, "shots": "5", "decoding": "sampling"})
    assert (found.grade, found.compared) == ("indicative", None)


def test_a_setting_that_differs_where_the_model_is_not_stated_may_not_be_all_that_differs() -> None:
    nameless = without(EVERYTHING, "model")
    found = judged(nameless, {**nameless, "shots": "5"})
    assert (found.grade, found.compared) == ("indicative", None)


def test_two_runs_of_one_thing() -> None:
    found = judged(EVERYTHING, EVERYTHING)
    assert (found.grade, found.compared) == ("definitive", None)
    assert "two runs of one model" in found.sentence


def test_nothing_stated() -> None:
    found = judged({}, {})
    assert found.grade == "indicative"
    assert {check.outcome for check in found.checks} == {"not stated"}


SAME = (("x:1", "x:1"), ("x:2", "x:2"))


def test_the_same_prompts_settle_what_went_into_them() -> None:
    found = judged(without(EVERYTHING, *IN_PROMPTS), without(JADE, *IN_PROMPTS), SAME)
    assert found.grade == "definitive"
    assert judged(without(EVERYTHING, "decoding"), JADE, SAME).grade == "indicative"


def test_other_prompts_are_a_difference_though_nothing_else_tells_of_it() -> None:
    found = judged(EVERYTHING, JADE, (("x:1", "x:1"), ("x:2", "x:9")))
    assert found.grade == "indicative"
    assert "Prompts: 2 prompts for ruby, 1 of them the same for jade" in found.sentence


def test_other_prompts_follow_from_other_shots() -> None:
    found = judged(EVERYTHING, {**EVERYTHING, "shots": "5"}, (("x:1", "x:9"), ("x:2", "x:8")))
    assert (found.grade, found.compared) == ("definitive", "shots")


@pytest.mark.parametrize("prompts", [(("x:1", None), ("x:2", "x:2")), (("x:1", "y:1"), ("x:2", "y:2"))])
def test_prompts_that_cannot_be_compared_say_nothing(prompts: tuple[tuple[str | None, str | None], ...]) -> None:
    assert "prompts" not in {check.setting for check in judged(EVERYTHING, JADE, prompts).checks}


def test_one_fingerprint_stands_for_all_that_was_asked_of_our_own_harness() -> None:
    told = without(EVERYTHING, *IN_PROMPTS, "decoding", "extraction") | {"fingerprint": "h2:1"}
    assert judged(told, {**told, "model": "jade"}).grade == "definitive"
    assert judged(told, {**told, "model": "jade", "fingerprint": "h2:2"}).grade == "indicative"
    assert "fingerprint" not in judged(told, JADE).sentence


def test_what_further_settings_say_counts_too() -> None:
    assert judged({**EVERYTHING, "dtype": "float32"}, {**JADE, "dtype": "float32"}).grade == "definitive"
    assert judged({**EVERYTHING, "dtype": "float32"}, JADE).grade == "indicative"
