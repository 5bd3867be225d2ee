"""What a learner showed and missed, read from the transcript; no praise that was not earned."""

from __future__ import annotations

import pytest
from hypothesis import given

from labs import case_of, fresh_case, load_lab
from tests.tutor.dialogue.test_policy import Walk, evidence, talks
from tests.tutor.judge.test_assessment import HOLLOW, LAB, turn
from tutor.dialogue.authored_voice import phrase_languages, phrases
from tutor.dialogue.summary import closing_summary, summarise
from tutor.exchange import Exchange, Point, Why

BELIEF = LAB.misconception("number_is_objective")
ASKED = Point(kind="confirm", id=BELIEF.id)
RAN = "a0/two_sources"  # an expectation about the concept `evaluator`
USE = "a0/knowledge_not_reasoning"  # about `task_relevance`


def stating(*expectations: str, quote: str = "who ran both", **other: object) -> Exchange:
    return turn(stated=tuple(evidence(one, quote) for one in expectations), **other)  # type: ignore[arg-type]


def shown(*exchanges: Exchange) -> dict[str, str]:
    return {concept.id: quote for concept, quote in summarise(LAB, exchanges).shown}


def beliefs(*exchanges: Exchange) -> tuple[list[str], list[str]]:
    """(repaired, open) by id."""
    found = summarise(LAB, exchanges)
    return [one.id for one in found.repaired], [one.id for one in found.open]


HELD, DENIED = turn(misconception=BELIEF.id), turn(denied=BELIEF.id)


# ------------------------------------------------------------- shown and missed


def test_an_empty_talk_showed_nothing_and_missed_everything():
    found = summarise(LAB, [])
    assert (found.shown, found.repaired, found.open) == ((), (), ())
    assert found.missed == LAB.concepts


def test_a_concept_is_shown_with_the_words_that_stated_it_first():
    assert shown(stating(RAN), stating(RAN, quote="again")) == {"evaluator": "who ran both"}


def test_every_quote_stands_in_a_message_of_the_learners():
    walk = Walk()
    walk.states(RAN, quote="who measured the 88.1"), walk.states(USE, quote="a quiz is no reasoning")
    said = [exchange.learner for exchange in walk.exchanges]
    found = shown(*walk.exchanges)
    assert len(found) == 2 and all(any(quote in message for message in said) for quote in found.values())


def test_what_is_shown_follows_the_labs_order():
    order = [concept.id for concept in LAB.concepts if concept.id in ("evaluator", "task_relevance")]
    assert list(shown(stating(USE, RAN))) == order


def test_a_concept_that_was_used_and_not_stated_is_neither_shown_nor_missed():
    used = turn(concepts=("evaluator",))
    assert shown(used) == {}
    assert "evaluator" not in [concept.id for concept in summarise(LAB, [used]).missed]


@pytest.mark.parametrize("why", HOLLOW)
def test_a_turn_that_did_not_count_shows_nothing(why: Why):
    hollow = turn(why, concepts=("evaluator",), stated=(evidence(RAN),), misconception=BELIEF.id)
    assert shown(hollow) == {} and beliefs(hollow) == ([], [])


def test_what_a_fresh_case_expects_is_shown_as_well():
    case = fresh_case(LAB, 3)
    question = case.questions[0]
    one = question.expect[0]
    found = stating(f"{question.id}/{one.id}", case=case.id, point=Point(kind="question", id=question.id))
    assert shown(found) == {one.concept: "who ran both"}


def test_what_a_closing_question_expects_is_shown_as_well():
    one = LAB.transfer[1].expect[0]
    assert shown(stating(f"transfer:1/{one.id}", point=Point(kind="transfer", id="1"))) == {one.concept: "who ran both"}


# ---------------------------------------------------------------------- beliefs


def test_a_belief_is_open_until_a_later_turn_denies_it():
    assert beliefs(HELD) == beliefs(HELD, turn(concepts=(BELIEF.concept,))) == ([], [BELIEF.id])
    assert beliefs(HELD, DENIED) == ([BELIEF.id], [])


def test_a_belief_that_comes_back_is_open_again():
    assert beliefs(HELD, DENIED, HELD) == ([], [BELIEF.id])
    assert beliefs(HELD, DENIED, HELD, DENIED) == ([BELIEF.id], [])


def test_who_denies_a_belief_before_or_without_holding_it_repaired_nothing():
    assert beliefs(DENIED) == ([], [])
    assert beliefs(DENIED, HELD) == ([], [BELIEF.id])


def test_a_belief_that_may_be_held_is_neither_open_nor_repaired():
    assert beliefs(turn(suspected=BELIEF.id), DENIED) == ([], [])


def test_a_learner_who_says_yes_to_a_belief_holds_it_and_one_who_says_no_does_not():
    assert beliefs(turn("too_short", point=ASKED, learner="yes")) == ([], [BELIEF.id])
    assert beliefs(turn("too_short", point=ASKED, learner="yes"), DENIED) == ([BELIEF.id], [])
    assert beliefs(turn("too_short", point=ASKED, learner="no")) == ([], [])


def test_one_belief_can_be_repaired_while_another_opens():
    mended = turn(denied=BELIEF.id, misconception="shots_irrelevant")
    assert beliefs(HELD, mended) == ([BELIEF.id], ["shots_irrelevant"])


# --------------------------------------------------------------------- in words


@pytest.mark.parametrize("language", phrase_languages())
def test_the_closing_words_quote_what_was_shown_and_name_what_is_open_and_missed(language: str):
    said = closing_summary(LAB, [stating(RAN), HELD], language)
    assert LAB.concept("evaluator").name in said and "who ran both" in said
    assert all(concept.name in said for concept in LAB.concepts)
    assert "a published number is a plain fact" in said and "Believes" not in said
    assert "{" not in said


def test_whoever_left_nothing_untouched_hears_that():
    book = phrases("en")["close"]
    said = closing_summary(LAB, [turn(concepts=tuple(concept.id for concept in LAB.concepts))], "en")
    assert said.endswith(book["whole"]) and book["missed"].split("{")[0] not in said


def test_nobody_is_told_they_showed_something_who_did_not():
    assert closing_summary(LAB, [turn()], "en").startswith(phrases("en")["close"]["none"])


@given(talks())
def test_nothing_is_shown_that_was_not_stated_and_no_belief_is_both_open_and_repaired(talk):
    walk = Walk(load_lab(talk[0]), case_of(load_lab(talk[0]), talk[1]))
    for message in talk[2]:
        walk.on(**message)
    found = summarise(walk.lab, walk.exchanges)
    quotes = {one.quote for each in walk.exchanges if each.counted for one in each.assessment.stated}
    assert all(quote in quotes for _, quote in found.shown)
    assert not set(found.open) & set(found.repaired)
    assert not {concept for concept, _ in found.shown} & set(found.missed)
