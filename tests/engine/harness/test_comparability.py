"""The grade of two measurements: definitive, indicative or not comparable, with a reason for each setting."""

from __future__ import annotations

import pytest

from engine.harness.comparability import Comparability, Setting, SettingCheck, compare_settings, grade_of

EVERYTHING = {
    "model": "acme/ruby", "task": "sums", "task version": "1", "metric": "exact_match", "shots": "3", "template": "none",
    "system prompt": "none", "wording": "Question:", "decoding": "greedy", "extraction": "strict", "harness": "lm-eval",
    "harness version": "0.4.13",
}  # fmt: skip
IN_PROMPTS = ("shots", "template", "system prompt", "wording")


def judged(a: dict[str, str], b: dict[str, str]) -> Comparability:
    return compare_settings(a, b, ("ruby", "jade"), kind="logs")


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


SAME, FIRST, SECOND = ({"prompts": stated} for stated in ("2 prompts", "2 prompts", "1 of them the same"))


def test_the_same_prompts_settle_what_went_into_them() -> None:
    found = judged(without(EVERYTHING, *IN_PROMPTS) | SAME, without(JADE, *IN_PROMPTS) | SAME)
    assert found.grade == "definitive"
    assert judged(without(EVERYTHING, "decoding") | SAME, JADE | SAME).grade == "indicative"


def test_other_prompts_are_a_difference_though_nothing_else_tells_of_it() -> None:
    found = judged(EVERYTHING | FIRST, JADE | SECOND)
    assert found.grade == "indicative"
    assert "Prompts: 2 prompts for ruby, 1 of them the same for jade" in found.sentence


def test_other_prompts_follow_from_other_shots() -> None:
    found = judged(EVERYTHING | FIRST, EVERYTHING | {"shots": "5"} | SECOND)
    assert (found.grade, found.compared) == ("definitive", "shots")


def test_prompts_that_one_side_alone_states_say_nothing() -> None:
    assert "prompts" not in {check.setting for check in judged(EVERYTHING | SAME, JADE).checks}


def test_one_fingerprint_stands_for_all_that_was_asked_of_our_own_harness() -> None:
    told = without(EVERYTHING, *IN_PROMPTS, "decoding", "extraction") | {"fingerprint": "h2:1"}
    assert judged(told, {**told, "model": "jade"}).grade == "definitive"
    assert judged(told, {**told, "model": "jade", "fingerprint": "h2:2"}).grade == "indicative"
    assert "fingerprint" not in judged(told, JADE).sentence


def test_what_further_settings_say_counts_too() -> None:
    assert judged({**EVERYTHING, "dtype": "float32"}, {**JADE, "dtype": "float32"}).grade == "definitive"
    assert judged({**EVERYTHING, "dtype": "float32"}, JADE).grade == "indicative"


# ---- one setting, and the grade of several, whatever they are called


@pytest.mark.parametrize(
    ("a", "b", "outcome", "reason"),
    [
        ("greedy", "greedy", "same", "Decoding: greedy for both."),
        ("greedy", "sampled", "differs", "Decoding: greedy for P, sampled for Q; it matters."),
        ("greedy", None, "not stated", "Decoding: greedy for P, not stated for Q; it matters."),
        (None, None, "not stated", "Decoding: not stated for both; it matters."),
    ],
)
def test_a_setting_side_by_side(a: str | None, b: str | None, outcome: str, reason: str) -> None:
    setting = Setting(name="decoding", a=a, b=b, why="it matters")
    check = setting.check(("P", "Q"))
    assert (setting.outcome, check.outcome, check.reason) == (outcome, outcome, reason)
    assert (check.setting, check.a, check.b) == ("decoding", a, b)


def test_whoever_reads_more_in_two_texts_has_the_say() -> None:
    same = Setting(name="decoding", a="greedy", b="T=0", why="it matters").check(("P", "Q"), "same")
    assert (same.outcome, same.reason) == ("same", "Decoding: greedy for both.")
    differs = Setting(name="evaluator", a="own report", b="own report").check(("P", "Q"), "differs")
    assert (differs.outcome, differs.reason) == ("differs", "Evaluator: own report for P, own report for Q.")


def checks(**outcomes: str) -> list[SettingCheck]:
    return [SettingCheck(setting=name, a="x", b="y", outcome=one, reason="") for name, one in outcomes.items()]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcomes", "grade"),
    [
        ({"board": "same", "model": "differs", "shots": "same"}, "definitive"),
        ({"board": "same", "model": "differs", "shots": "differs"}, "indicative"),
        ({"board": "same", "model": "differs", "shots": "not stated"}, "indicative"),
        ({"board": "not stated", "model": "differs", "shots": "same"}, "indicative"),
        ({"board": "differs", "model": "differs", "shots": "not stated"}, "not comparable"),
    ],
)
def test_the_grade_of_settings(outcomes: dict[str, str], grade: str) -> None:
    assert grade_of(checks(**outcomes), exam=("board",), compared=("model",)) == grade


def test_what_is_not_compared_may_not_differ() -> None:
    assert grade_of(checks(model="differs"), exam=()) == "indicative"
