"""What a learner showed and missed, read from the transcript; no praise that was not earned."""

from __future__ import annotations

import pytest

from tests.tutor.judge.test_assessment import HOLLOW, LAB, turn
from tutor.dialogue.authored_voice import phrase_languages, phrases
from tutor.dialogue.summary import closing_summary, summarise
from tutor.exchange import Exchange, Point, Why

BELIEF = LAB.misconception("number_is_objective")  # a belief about who ran it
ABOUT = BELIEF.concept
EVERYTHING = tuple(concept.id for concept in LAB.concepts)


def shown(*exchanges: Exchange) -> dict[str, str]:
    return {concept.id: quote for concept, quote in summarise(LAB, exchanges).shown}


def beliefs(*exchanges: Exchange) -> tuple[list[str], list[str]]:
    """(repaired, open) by id."""
    found = summarise(LAB, exchanges)
    return [one.id for one in found.repaired], [one.id for one in found.open]


def test_an_empty_talk_showed_nothing_and_missed_everything():
    found = summarise(LAB, [])
    assert (found.shown, found.repaired, found.open) == ((), (), ())
    assert found.missed == LAB.concepts


def test_a_concept_is_shown_with_the_words_that_used_it_first():
    first, again = turn(concepts=("evaluator",), quote="who ran both"), turn(concepts=("evaluator",), quote="again")
    assert shown(first, again) == {"evaluator": "who ran both"}


def test_shown_and_missed_follow_the_labs_order_and_leave_nothing_out():
    found = summarise(LAB, [turn(concepts=("evaluator", "task_set"))])
    assert [concept.id for concept, _ in found.shown] == ["task_set", "evaluator"]
    assert {concept.id for concept in found.missed} | set(shown(turn(concepts=("evaluator", "task_set")))) == set(
        EVERYTHING
    )


@pytest.mark.parametrize("why", HOLLOW)
def test_a_turn_that_did_not_count_shows_nothing(why: Why):
    assert shown(turn(why, concepts=("evaluator",), misconception=BELIEF.id)) == {}
    assert beliefs(turn(why, concepts=("evaluator",), misconception=BELIEF.id)) == ([], [])


def test_a_concept_used_with_a_belief_that_misleads_is_not_shown():
    assert shown(turn(concepts=("evaluator", "task_set"), misconception=BELIEF.id)) == {}


def test_a_belief_is_open_until_a_later_turn_on_its_concept_does_without_it():
    stated, other = turn(misconception=BELIEF.id), turn(concepts=("contamination",))
    assert beliefs(stated) == beliefs(stated, other) == ([], [BELIEF.id])
    assert beliefs(stated, turn(concepts=(ABOUT,))) == ([BELIEF.id], [])


def test_an_answer_to_the_question_that_repairs_it_is_about_it_whatever_concept_it_names():
    answer = turn(concepts=("contamination",), point=Point(kind="belief", id=BELIEF.id))
    assert beliefs(turn(misconception=BELIEF.id), answer) == ([BELIEF.id], [])


def test_a_belief_that_comes_back_is_open_again():
    stated, mended = turn(misconception=BELIEF.id), turn(concepts=(ABOUT,))
    assert beliefs(stated, mended, stated) == ([], [BELIEF.id])
    assert beliefs(stated, mended, stated, mended) == ([BELIEF.id], [])


def test_a_belief_is_not_repaired_by_what_was_said_before_it():
    assert beliefs(turn(concepts=(ABOUT,)), turn(misconception=BELIEF.id)) == ([], [BELIEF.id])


def test_one_belief_can_be_repaired_while_another_opens():
    mended = turn(concepts=(ABOUT,), misconception="shots_irrelevant")
    assert beliefs(turn(misconception=BELIEF.id), mended) == ([BELIEF.id], ["shots_irrelevant"])


# ------------------------------------------------------------------------- in words


@pytest.mark.parametrize("language", phrase_languages())
def test_the_closing_words_name_what_was_shown_met_and_missed(language: str):
    said = closing_summary(LAB, [turn(concepts=("evaluator",)), turn(misconception=BELIEF.id)], language)
    for concept in LAB.concepts:
        assert concept.name.lower() in said.lower()
    assert "a published number is a plain fact" in said and "Believes" not in said
    assert "{" not in said


def test_the_closing_words_tell_shown_from_missed():
    book = phrases("en")["close"]
    before, after = (book[name].split("{concepts}")[0] for name in ("shown", "missed"))
    said = closing_summary(LAB, [turn(concepts=("evaluator",))], "en").lower()
    assert (
        said.index(before.lower()) < said.index("who ran it") < said.index(after.lower()) < said.index("the task set")
    )


def test_whoever_left_nothing_untouched_hears_that():
    book = phrases("en")["close"]
    said = closing_summary(LAB, [turn(concepts=EVERYTHING)], "en")
    assert said.endswith(book["whole"]) and book["missed"].split("{")[0] not in said


def test_nobody_is_told_they_showed_something_who_did_not():
    book = phrases("en")["close"]
    assert closing_summary(LAB, [], "en").startswith(book["missed"].split("{")[0])
