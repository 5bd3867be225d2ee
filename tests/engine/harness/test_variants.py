"""Other words around a question, and never other words in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.harness.variants import PROMPT_VARIANTS

SHORT, FIRST = PROMPT_VARIANTS["short labels"], PROMPT_VARIANTS["instruction first"]


@given(st.text())
def test_only_the_labels_are_renamed(question: str) -> None:
    assert SHORT.apply(f"Question: {question}\nAnswer:") == f"Q: {question}\nA:"


@pytest.mark.parametrize(
    "context", ["Question: Why?", "Why?\nAnswer:", "She", "", "A question: why?\nAnswer: so\nAnswer"]
)
def test_a_text_without_both_labels_is_left_alone(context: str) -> None:
    assert SHORT.apply(context) == context
    assert not SHORT.affects(context)


@given(st.text())
def test_the_tasks_own_words_change_nothing(context: str) -> None:
    assert PROMPT_VARIANTS["task"].apply(context) == FIRST.apply(context) == context
    assert not PROMPT_VARIANTS["task"].affects(context)
    assert FIRST.affects(context)


def test_an_answer_ends_where_the_next_question_would_begin() -> None:
    until = ("Question:", "</s>", "Q")
    assert SHORT.stop_strings(until) == ("Q:", "</s>", "Q")
    assert FIRST.stop_strings(until) == until
