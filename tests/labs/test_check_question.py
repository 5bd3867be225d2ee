"""The question before a talk and after it: its answers, its two orders, and the four that we ask."""

from __future__ import annotations

from itertools import permutations

import pytest

from labs import Lab, check_result, load_lab
from labs.check_question import AFTER, BEFORE, SKIPPED, in_order
from tests.labs.test_content import EXAMPLE, LABS

every_lab_and_example = pytest.mark.parametrize("lab", [*LABS, EXAMPLE], ids=lambda lab: lab.slug)


def test_both_answers_stand_beside_the_best_one() -> None:
    lab = load_lab("lab3")
    result = check_result(lab, {BEFORE: "equal", AFTER: "open"})
    assert result is not None and result.before is not None
    assert (result.before.id, result.after, result.right.id) == ("equal", result.right, "open")


@pytest.mark.parametrize("before", [{}, {BEFORE: SKIPPED}, {BEFORE: "an option of last year"}])
def test_an_answer_that_is_not_there_is_none(before: dict[str, str]) -> None:
    result = check_result(load_lab("lab3"), {**before, AFTER: SKIPPED})
    assert result is not None and result.before is None and result.after is None


def test_nothing_is_told_before_it_was_asked_twice() -> None:
    assert check_result(load_lab("lab3"), {BEFORE: "open"}) is None
    without = load_lab("lab3").model_copy(update={"check": None})
    assert check_result(without, {BEFORE: "open", AFTER: "open"}) is None


def test_afterwards_no_option_is_where_it_was() -> None:
    check = load_lab("lab1").check
    assert check is not None
    seen = set()
    for number in range(200):
        before, after = (in_order(check, f"talk{number}", name) for name in (BEFORE, AFTER))
        assert in_order(check, f"talk{number}", BEFORE) == before
        assert set(before) == set(after) == set(check.options)
        assert all(one is not other for one, other in zip(before, after, strict=True))
        seen.add(tuple(option.id for option in before))
    assert len(seen) == len(list(permutations(check.options)))


@every_lab_and_example
def test_the_right_answer_is_not_to_be_told_by_its_length(lab: Lab) -> None:
    assert lab.check is not None
    lengths = sorted(len(option.text.split()) for option in lab.check.options)
    assert lengths[-1] <= 2 * lengths[0]
    assert all(len(option.why.split()) <= 45 for option in lab.check.options)
    assert lab.check.ask.endswith("?")


def test_the_right_answer_is_not_always_the_longest() -> None:
    longest = [max(lab.check.options, key=lambda option: len(option.text)).right for lab in LABS if lab.check]
    assert len(longest) == len(LABS) and sum(longest) <= len(LABS) / 2
