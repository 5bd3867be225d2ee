"""The assessment policy: what counts is read from the transcript, and nothing but judged and answered messages moves it.

The toys here (a message, a turn, a judge) stand in for learners and judges in the other tests of the tutor as well.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs import load_lab
from tutor.errors import JudgeFailure
from tutor.exchange import QUESTIONS_REQUIRED, REQUIRED, SUBSTANTIVE, WHYS, Assessment, Exchange, Message, Point, Why
from tutor.judge import rules
from tutor.judge.assessment import assess, lab_progress
from tutor.judge.rules import OwnWords, extract_own_words

LAB = load_lab("lab1")
CASE = LAB.cases[0]
FIRST = CASE.questions[0]
OTHER = Point(kind="question", id=CASE.questions[1].id)
HOLLOW = tuple(why for why in WHYS if why not in SUBSTANTIVE)
THOUGHT = "Nobody says who prompted Aster-2, so its lead may be the prompt and not the model."


def message(
    learner: str, *, earlier: tuple[str, ...] = (), tutor: str = FIRST.ask, shown: tuple[str, ...] = ()
) -> Message:
    """An answer to the first question of lab 1."""
    return Message(lab=LAB, case=CASE, tutor=tutor, learner=learner, earlier=earlier, shown=shown)


def turn(why: Why | None = "reasons_about_claim", *, number: int = 1, told: bool = False, **other: Any) -> Exchange:
    """A turn in lab 1 that was judged and answered, unless told otherwise."""
    judged = {field.name: other.pop(field.name) for field in fields(Assessment) if field.name in other}
    assessment = None if why is None else Assessment(why=why, **judged)
    given = {"learner": THOUGHT, "reply": "And then?", "case": CASE.id, "tutor": FIRST.ask, "voice": "authored"}
    given |= {"point": Point(kind="question", id=FIRST.id)}
    return Exchange(number=number, told=told, assessment=assessment, **(given | other))


class Toy:
    """A judge that says the same of every message, or fails; it remembers what it was asked."""

    def __init__(self, why: Why = "reasons_about_claim", *, fails: str = "", **parts: Any) -> None:
        self.name, self.why, self.fails, self.parts = "toy", why, fails, parts
        self.asked: list[Message] = []
        self.own: list[OwnWords] = []

    def assess(self, message: Message, own: OwnWords) -> Assessment:
        self.asked.append(message)
        self.own.append(own)
        if self.fails:
            raise JudgeFailure(self.fails)
        return Assessment(why=self.why, judge=self.name, **self.parts)


# ------------------------------------------------------------------- the count


@pytest.mark.parametrize("why", WHYS)
def test_a_judged_and_answered_turn_counts_when_it_was_substantive(why: Why):
    assert lab_progress([turn(why)]).counted == (why in SUBSTANTIVE)


def test_a_turn_whose_reply_was_not_saved_does_not_count():
    assert lab_progress([turn(reply=None)]).counted == 0


def test_the_last_turn_can_be_taken_as_it_will_be_once_its_reply_is_saved():
    assert lab_progress([turn(), turn(reply=None)], replied=True).counted == 2
    assert lab_progress([turn()], replied=True).counted == 1
    assert lab_progress([turn("off_topic", reply=None)], replied=True).counted == 0


def test_a_turn_nobody_judged_does_not_count():
    assert lab_progress([turn(None), turn(None, reply=None)]).counted == 0


def test_three_counted_turns_on_one_question_do_not_complete_a_lab_and_on_two_they_do():
    assert not lab_progress([turn(), turn(), turn()]).complete
    assert lab_progress([turn(), turn("off_topic"), turn(), turn(point=OTHER)]).complete


def test_two_counted_turns_do_not_complete_a_lab():
    assert not lab_progress([turn(), turn(point=OTHER)]).complete


def test_what_is_missing_from_an_answer_belongs_to_the_question_it_answers():
    missing = Point(kind="expectation", id=f"{FIRST.id}/{FIRST.expect[0].id}")
    assert lab_progress([turn(), turn(point=missing)]).questions == 1


def test_the_same_question_of_two_cases_is_two_questions():
    assert lab_progress([turn(), turn(case="l1-b")]).questions == 2


def test_what_counted_stays_counted_whatever_follows():
    assert lab_progress([turn(), turn(), turn(), *[turn("injection")] * 9]).counted == 3


@given(st.lists(st.tuples(st.sampled_from([None, *WHYS]), st.booleans(), st.sampled_from("abc"))))
def test_a_lab_is_complete_if_and_only_if_three_turns_on_two_questions_counted(turns: list[tuple[Any, bool, str]]):
    exchanges = [
        turn(why, reply="And then?" if replied else None, point=Point(kind="question", id=about))
        for why, replied, about in turns
    ]
    counted = [about for why, replied, about in turns if replied and why in SUBSTANTIVE]
    now = lab_progress(exchanges)
    assert (now.counted, now.questions) == (len(counted), len(set(counted)))
    assert now.complete == (len(counted) >= 3 == REQUIRED and len(set(counted)) >= 2 == QUESTIONS_REQUIRED)


@given(st.lists(st.tuples(st.sampled_from(HOLLOW), st.booleans()), max_size=60))
def test_no_number_of_hollow_turns_and_no_asking_completes_a_lab(turns: list[tuple[Why, bool]]):
    now = lab_progress([turn(why, told=told) for why, told in turns])
    assert now.counted == 0 and not now.complete


# -------------------------------------------------- rules, judge, fallback, veto


def test_what_was_asked_is_the_question_or_else_the_last_of_the_tutors_words():
    said = message(THOUGHT, tutor="You name the prompt.\n\nWhich way could it move the gap?")
    assert said.asked == "Which way could it move the gap?"
    assert replace(said, question=FIRST.ask).asked == FIRST.ask


def test_what_the_rules_settle_no_judge_is_asked():
    toy = Toy()
    given = assess(message(CASE.text), toy, toy)
    assert (given.why, given.judge, toy.asked) == ("copy_paste", "rules", [])


@pytest.mark.parametrize("why", WHYS)
def test_of_words_of_ones_own_the_judge_says_what_they_are(why: Why):
    said = message(THOUGHT)
    toy = Toy(why)
    assert assess(said, toy, Toy(fails="not to be asked")).why == why
    assert toy.asked == [said]


def test_a_judge_that_fails_is_replaced_by_the_fallback_and_the_judgement_says_so():
    failing, fallback = Toy(fails="the server is out"), Toy("applies_concept")
    fallback.name = "local"
    given = assess(message(THOUGHT), failing, fallback)
    assert (given.why, given.judge) == ("applies_concept", "local")
    assert given.notice == "toy gave no judgement (the server is out); judged locally."


def test_only_a_failing_judge_is_replaced_a_bug_is_not_hidden():
    broken = Toy()
    broken.assess = lambda message, own: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(ZeroDivisionError):
        assess(message(THOUGHT), broken, Toy())


def test_the_learners_own_words_are_worked_out_once_and_passed_on(monkeypatch: pytest.MonkeyPatch):
    worked_out = []

    def count(said: Message) -> OwnWords:
        worked_out.append(extract_own_words(said))
        return worked_out[-1]

    monkeypatch.setattr(rules, "extract_own_words", count)
    failing, fallback = Toy(fails="out"), Toy()
    assess(message(f"{CASE.text} {THOUGHT}"), failing, fallback)
    (own,) = worked_out
    assert own.text == THOUGHT and failing.own == fallback.own == [own]


def test_without_a_fallback_a_failing_judge_fails():
    with pytest.raises(JudgeFailure, match="the server is out"):
        assess(message(THOUGHT), Toy(fails="the server is out"))


@pytest.mark.parametrize("judge", [Toy(), Toy(fails="out")], ids=["the judge", "the fallback"])
def test_the_rules_refuse_what_the_judge_or_the_fallback_lets_pass(judge: Toy):
    barely = message(f"{CASE.text} Yes, that seems fine.")
    given = assess(barely, judge, Toy())
    assert (given.why, given.judge) == ("copy_paste", "rules")
    assert given.notice.endswith("toy would have counted it; the rules found no words of the learner's own.")
    assert ("gave no judgement (out)" in given.notice) == bool(judge.fails)  # a fallback is still told of
