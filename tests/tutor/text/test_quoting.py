"""A clause of the learner's own to quote back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.text.quoting import LONGEST, best_clause


def test_the_clause_with_the_concepts_cue_is_quoted_before_longer_ones():
    said = "Well, I am no expert at any of this. The shots may differ. And so it goes on and on for ever."
    assert best_clause(said, ["shot"]) == "The shots may differ"


def test_fewer_than_four_words_say_little_even_with_a_cue():
    assert best_clause("The shots. Nobody says what was in front of the question.", ["shot"]).startswith("Nobody")


def test_without_a_cue_the_clause_with_numbers_is_quoted():
    assert best_clause("That is how I see it. 117 of 164 is little.", []) == "117 of 164 is little"


def test_thanks_before_a_thought_are_not_what_is_quoted():
    assert best_clause("Thanks! The vendor ran only its own model.", []) == "The vendor ran only its own model"


def test_a_long_clause_is_cut_to_fourteen_words_and_shows_it():
    said = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrst")
    assert best_clause(said, []) == " ".join(said.split()[:LONGEST]) + "…"
    assert LONGEST == 14


def test_a_script_without_spaces_is_cut_by_its_characters():
    said = "分数差太小样本不够" * 5
    assert best_clause(said, []) == said[:30] + "…"


def test_a_chinese_message_is_quoted_by_its_clauses():
    assert best_clause("谢谢老师。样本只有164道题，所以差距不算什么。", ["样本"]) == "样本只有164道题"


@pytest.mark.parametrize("said", ["", " \n", "?!", "…"])
def test_where_there_are_no_words_there_is_no_quote(said: str):
    assert best_clause(said, ["shot"]) == ""


@given(st.text(), st.lists(st.text(min_size=1, max_size=5), max_size=3))
def test_a_quote_is_always_the_learners_own_words_in_their_order(said: str, cues: list[str]):
    quote = best_clause(said, cues)
    assert quote.removesuffix("…") in " ".join(said.split())
    assert len(quote.split()) <= LONGEST and "\n" not in quote
