"""The policy, row by row: what the tutor does next is read from the transcript and from nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs import Case, Expectation, Lab, Question, case_of, fresh_case, load_lab, slugs
from tests.tutor.judge.test_assessment import CASE, FIRST, HOLLOW, LAB
from tutor.dialogue.policy import DialogueMove, next_move, opening_move
from tutor.dialogue.state import question_at
from tutor.dialogue.summary import closing_summary
from tutor.dialogue.talk import authored_reply
from tutor.exchange import SUBSTANTIVE, Assessment, Evidence, Exchange, Point, Why
from tutor.judge.assessment import lab_progress

LABS = [load_lab(slug) for slug in slugs()]
BELIEF = LAB.misconception("number_is_objective")
SECOND = CASE.questions[1]
NO_TRIES = [why for why in HOLLOW if why != "too_short"]
every_lab = pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)


class Walk:
    """A talk in memory: judged as the test says, answered in the authored words."""

    def __init__(self, lab: Lab = LAB, case: Case = CASE) -> None:
        self.lab, self.move, self.exchanges = lab, opening_move(case), ()
        self.reply = self.move.question

    def on(self, why: Why, learner: str = "my words", *, told: bool = False, **parts: object) -> DialogueMove:
        """The move that answers a message of this kind; `parts` are the rest of its assessment."""
        case, point = self.move.case.id, self.move.point
        turn = Exchange(number=1, case=case, point=point, tutor=self.reply, learner=learner, told=told)
        turn = replace(turn, assessment=Assessment(why=why, **parts))  # type: ignore[arg-type]
        self.move = next_move(self.lab, (*self.exchanges, turn))
        self.reply = authored_reply(self.lab, (*self.exchanges, turn), self.move, "en")
        self.exchanges = (*self.exchanges, replace(turn, reply=self.reply))
        return self.move

    def thinks(self, learner: str = "the parser may differ", **parts: object) -> DialogueMove:
        """A counted message; it states nothing unless the test says so."""
        return self.on("applies_concept", learner, **{"quote": learner, **parts})

    def states(self, *expectations: str, quote: str = "the parser may differ") -> DialogueMove:
        """A counted message that states expectations, each `<question>/<expectation>`."""
        stated = tuple(evidence(one, quote) for one in expectations)
        return self.thinks(f"I say {quote}.", stated=stated)

    def holds(self, belief: str = BELIEF.id) -> DialogueMove:
        return self.thinks("a number is a number", misconception=belief)

    def greets(self, words: str = "hello") -> DialogueMove:
        return self.on("empty_agreement", words)

    def looks_up(self, words: str = "What is MMLU?") -> DialogueMove:
        return self.on("question_only_lookup", words)

    def does_not_know(self) -> DialogueMove:
        return self.on("too_short", "I don't know", honest_unknown=True)

    def asks_to_be_told(self) -> DialogueMove:
        return self.on("question_only_lookup", "tell me", told=True)

    def says(self, words: str) -> DialogueMove:
        """A word or two, as a judge takes them that knows of no offer."""
        return self.on("too_short", words)

    def turns_to(self, case: Case) -> None:
        """As the page's button does."""
        self.move = opening_move(case)


def evidence(expectation: str, quote: str = "the parser may differ") -> Evidence:
    question, _, id = expectation.partition("/")
    return Evidence(question=question, expectation=id, quote=quote)


def expected(expectation: str) -> Expectation:
    """What `<question>/<expectation>` of the first case stands for."""
    question, _, id = expectation.partition("/")
    source = next(one for one in CASE.questions if one.id == question)
    return next(one for one in source.expect if one.id == id)


def two_of(question: Question) -> tuple[str, ...]:
    return tuple(f"{question.id}/{one.id}" for one in question.expect[:2])


def at_the_closing_question() -> Walk:
    walk = Walk()
    walk.thinks(), walk.thinks(), walk.thinks()
    return walk


def closed() -> Walk:
    walk = at_the_closing_question()
    walk.thinks("light decides with cameras")
    return walk


def at_an_offer() -> Walk:
    walk = Walk()
    for _ in range(4):
        walk.on("copy_paste")
    return walk


def questions_in(text: str) -> int:
    """Question marks outside quotation marks."""
    return re.sub(r"“[^“”]*(?:“[^“”]*”[^“”]*)*”", "", text).count("?")


# --------------------------------------------------------------------- opening


@every_lab
def test_the_tutor_opens_with_the_cases_first_question(lab: Lab):
    for case in lab.cases:
        move = opening_move(case)
        assert (move.question, move.point) == (case.questions[0].ask, Point(kind="question", id=case.questions[0].id))


# ----------------------------------------------------- definitions come first


@pytest.mark.parametrize(
    "judged",
    [{"why": "applies_concept", "quote": "votes"}, {"why": "too_short", "honest_unknown": True}, {"why": "off_topic"}],
    ids=["counted", "unsure", "not counted"],
)
def test_a_term_that_is_asked_for_is_explained_before_anything_else(judged: dict):
    walk = Walk()
    walk.on(learner="Votes change the method. What is MMLU?", **judged)
    assert walk.reply.startswith(f"MMLU: {LAB.glossary['mmlu']}")
    assert walk.reply.endswith("?")


def test_terms_are_written_as_their_owners_write_them():
    walk = Walk()
    walk.looks_up("What is humaneval?")
    assert walk.reply.startswith("HumanEval: ")


def test_a_lookup_gets_its_answer_and_the_open_question_again():
    walk = Walk()
    assert walk.looks_up().reaction == "defined"
    assert walk.reply == f"MMLU: {LAB.glossary['mmlu']}\n\n{FIRST.ask}"


def test_what_the_lab_does_not_hold_is_not_made_up():
    walk = Walk()
    assert walk.looks_up("Who founded Borealis?").reaction == "undefined"
    assert walk.reply.endswith(FIRST.ask)


def test_a_lookup_at_the_closing_question_is_no_wish_to_leave():
    walk = at_the_closing_question()
    ask = walk.move.question
    assert walk.looks_up().reaction == "defined"
    assert walk.reply.endswith(ask)


# ------------------------------------------------------------ praise and asking


def test_praise_is_what_the_stated_expectation_affirms_with_the_words_that_state_it():
    walk = Walk()
    move = walk.states("a0/two_sources", quote="who measured the 88.1")
    assert (move.reaction, move.body) == ("counted", expected("a0/two_sources").affirm)
    assert "“who measured the 88.1”" in walk.reply


def test_without_a_stated_expectation_an_answer_is_noted_and_not_praised():
    walk = Walk()
    move = walk.thinks(concepts=("evaluator",))
    assert (move.reaction, move.body) == ("noted", "")
    affirmed = [one.affirm for question in CASE.questions for one in question.expect]
    assert not any(praise in walk.reply for praise in [*affirmed, *LAB.concept("evaluator").affirm])


def test_a_message_that_does_not_count_is_not_praised_whatever_it_states():
    walk = Walk()
    assert walk.on("too_short", stated=(evidence("a0/two_sources"),)).reaction == "too_short"
    assert expected("a0/two_sources").affirm not in walk.reply


def test_nobody_is_praised_twice_for_the_same():
    walk = Walk()
    walk.states("a0/two_sources")
    assert walk.states("a0/two_sources").reaction == "noted"


def test_of_two_stated_expectations_the_open_question_has_the_praise():
    walk = Walk()
    assert walk.states("a1/lead_may_shrink", "a0/two_sources").body == expected("a0/two_sources").affirm


def test_what_is_missing_from_the_answer_is_asked_for_next():
    walk = Walk()
    move = walk.thinks()
    assert move.point == Point(kind="expectation", id="a0/aster_shots_missing")
    assert move.question == expected("a0/aster_shots_missing").ask


def test_a_covered_expectation_is_not_asked_for_again():
    walk = Walk()
    assert walk.states("a0/aster_shots_missing").point.id == "a0/two_sources"
    assert all(turn.point.id != "a0/aster_shots_missing" for turn in walk.exchanges)


def test_a_question_with_two_covered_expectations_is_done():
    walk = Walk()
    move = walk.states(*two_of(FIRST))
    assert (move.point, move.question) == (Point(kind="question", id="a1"), SECOND.ask)


def test_a_question_that_took_two_counted_turns_is_done_too():
    walk = Walk()
    walk.thinks()
    assert walk.thinks().point == Point(kind="question", id="a1")


def test_a_question_that_was_covered_on_the_way_is_not_asked():
    walk = Walk()
    assert walk.states(*two_of(FIRST), *two_of(SECOND)).point.id == "a2"


@every_lab
def test_whoever_covers_all_of_a_case_at_once_goes_to_the_closing_question(lab: Lab):
    for case in lab.cases:
        walk = Walk(lab, case)
        move = walk.states(*(one for question in case.questions for one in two_of(question)))
        assert (move.point.kind, move.lead) == ("transfer", "covered")
        assert move.question in [one.ask for one in lab.transfer]


def test_after_an_early_closing_question_another_case_is_offered_and_the_third_turn_ends_the_lab():
    walk = Walk()
    walk.states(*(one for question in CASE.questions for one in two_of(question)))
    assert walk.thinks("with cameras I would ask for the light").point.kind == "offer"
    assert walk.says("yes please").case.id == "l1-b"
    assert walk.thinks("they voted, the others did not").reaction == "closed"


# --------------------------------------------------------------------- beliefs


def test_a_belief_is_met_in_the_same_turn_with_the_question_that_tests_it():
    walk = Walk()
    move = walk.holds()
    assert (move.reaction, move.body, move.question) == ("misled", BELIEF.meet, BELIEF.ask)
    assert move.point == Point(kind="belief", id=BELIEF.id)


def test_a_belief_stands_before_praise():
    walk = Walk()
    walk.thinks(misconception=BELIEF.id, stated=(evidence("a0/two_sources"),))
    assert walk.move.reaction == "misled" and expected("a0/two_sources").affirm not in walk.reply


def test_a_belief_that_is_held_again_is_met_from_another_angle():
    walk = Walk()
    walk.holds()
    move = walk.holds()
    assert (move.reaction, move.body) == ("insisted", LAB.concept(BELIEF.concept).worked)
    assert move.point == Point(kind="belief", id=BELIEF.id)


def test_a_belief_that_is_held_a_third_time_is_left_open_and_the_talk_goes_on():
    walk = Walk()
    walk.holds(), walk.holds()
    move = walk.holds()
    assert move.reaction == "left_open" and move.point.kind == "transfer"
    assert BELIEF.meet not in walk.reply


def test_a_belief_that_may_be_held_is_asked_about_and_not_corrected():
    walk = Walk()
    move = walk.thinks(suspected=BELIEF.id)
    assert (move.reaction, move.point) == ("confirm", Point(kind="confirm", id=BELIEF.id))
    assert f"“{BELIEF.held[0]}”" in walk.reply and BELIEF.meet not in walk.reply


def test_nobody_is_asked_twice_whether_they_hold_a_belief():
    walk = Walk()
    walk.thinks(suspected=BELIEF.id), walk.says("no")
    assert walk.thinks(suspected=BELIEF.id).reaction == "noted"


def test_yes_to_a_belief_has_it_met():
    walk = Walk()
    walk.thinks(suspected=BELIEF.id)
    move = walk.says("yes")
    assert (move.reaction, move.question) == ("misled", BELIEF.ask)


def test_no_to_a_belief_is_believed_and_the_talk_goes_on():
    walk = Walk()
    walk.thinks(suspected=BELIEF.id)
    assert (walk.says("no").reaction, walk.move.point.id) == ("misread", "a1")


@pytest.mark.parametrize("kind", ["greets", "does_not_know", "looks_up", "asks_to_be_told"])
def test_neither_yes_nor_no_to_a_belief_leads_back_to_the_question_before(kind: str):
    walk = Walk()
    walk.thinks(suspected=BELIEF.id)
    getattr(walk, kind)()
    assert walk.move.point == Point(kind="question", id="a0")
    assert walk.reply.endswith(FIRST.prompt) and BELIEF.meet not in walk.reply


def test_a_thought_in_place_of_yes_or_no_is_taken_up_as_a_thought():
    walk = Walk()
    walk.thinks(suspected=BELIEF.id)
    assert walk.states("a0/two_sources").reaction == "counted"


def test_a_belief_is_worked_past_when_it_was_held_and_is_denied():
    walk = Walk()
    walk.holds()
    assert walk.thinks(denied=BELIEF.id).reaction == "repaired"


def test_who_denies_what_they_never_held_has_worked_past_nothing():
    assert Walk().thinks(denied=BELIEF.id).reaction == "noted"


def test_who_does_without_a_belief_has_not_yet_worked_past_it():
    walk = Walk()
    walk.holds()
    assert walk.thinks(concepts=(BELIEF.concept,)).reaction == "noted"


def test_an_objection_is_met_with_the_ground_the_tutor_stands_on():
    walk = Walk()
    walk.holds()
    move = walk.thinks("I disagree, the makers know their model best")
    assert (move.reaction, move.body) == ("objected", LAB.concept(BELIEF.concept).worked)


# -------------------------------------------------------------- the hint ladder


@pytest.mark.parametrize("why", [why for why in HOLLOW if why not in ("question_only_lookup", "empty_agreement")])
def test_not_counted_once_says_why_and_where_to_look(why: Why):
    walk = Walk()
    move = walk.on(why)
    assert (move.reaction, move.body, move.lead) == (why, FIRST.hint, "pump")
    assert move.point == Point(kind="question", id=FIRST.id) and FIRST.tell not in walk.reply


def test_a_greeting_is_returned_with_the_open_question():
    walk = Walk()
    assert walk.greets().reaction == "empty_agreement"
    assert walk.reply.endswith(FIRST.ask)


def test_of_an_answer_without_a_reason_the_first_words_are_quoted():
    walk = Walk()
    walk.says("it is the shots I would say")
    assert "“it is the shots I would…”" in walk.reply


@pytest.mark.parametrize("why", [why for why in HOLLOW if why not in ("question_only_lookup", "empty_agreement")])
def test_twice_in_a_row_gets_a_smaller_question(why: Why):
    walk = Walk()
    walk.on("off_topic"), walk.on(why)
    assert walk.reply.endswith(FIRST.prompt)


def test_i_dont_know_is_met_with_the_smaller_question_at_once():
    walk = Walk()
    move = walk.does_not_know()
    assert (move.reaction, move.question) == ("unsure", FIRST.prompt)


def test_three_times_after_honest_tries_it_is_told_and_the_talk_goes_on_to_the_next_question():
    walk = Walk()
    walk.says("the shots"), walk.does_not_know()
    move = walk.says("the vendor")
    assert (move.reaction, move.body) == ("told", FIRST.tell)
    assert move.point == Point(kind="question", id="a1")


def test_of_the_three_two_must_be_honest_tries():
    walk = Walk()
    walk.on("off_topic"), walk.on("off_topic"), walk.says("the shots")
    assert walk.move.reaction == "too_short" and FIRST.tell not in walk.reply


def test_three_times_without_a_try_gets_a_case_of_everyday_life():
    walk = Walk()
    for _ in range(3):
        move = walk.on("copy_paste")
    assert (move.body, move.lead) == (LAB.concept(FIRST.concepts[0]).worked, "parallel")
    assert move.point.id == FIRST.id


def test_four_times_has_another_case_offered_and_not_begun():
    move = at_an_offer().move
    assert (move.case, move.point) == (CASE, Point(kind="offer", id="l1-b"))
    assert move.offered == LAB.cases[1].title


def test_a_counted_turn_starts_the_ladder_again():
    walk = Walk()
    walk.on("off_topic"), walk.on("off_topic"), walk.thinks()
    assert walk.on("off_topic").body == FIRST.hint


@every_lab
@pytest.mark.parametrize("why", NO_TRIES)
def test_who_never_tries_is_never_told_however_long(lab: Lab, why: Why):
    walk = Walk(lab, lab.cases[0])
    answers = [question.tell for case in lab.cases for question in case.questions]
    for _ in range(12):
        walk.on(why), walk.asks_to_be_told()
    assert not any(tale in turn.reply for turn in walk.exchanges for tale in answers)


# ---------------------------------------------------------------- being told


def test_hello_hi_there_and_ok_do_not_unlock_the_answer():
    walk = Walk()
    walk.greets("hello"), walk.greets("hi there"), walk.greets("ok")
    assert walk.asks_to_be_told().reaction == "early"
    assert FIRST.tell not in walk.reply and walk.reply.endswith(FIRST.prompt)


def test_two_honest_i_dont_knows_do():
    walk = Walk()
    walk.does_not_know(), walk.does_not_know()
    move = walk.asks_to_be_told()
    assert (move.reaction, move.body, move.point) == ("told", FIRST.tell, Point(kind="question", id="a1"))


def test_what_was_told_is_not_asked_for_in_parts():
    walk = Walk()
    walk.does_not_know(), walk.does_not_know(), walk.asks_to_be_told()
    walk.thinks()
    assert walk.move.point.id.startswith("a1")


def test_asking_too_early_leaves_the_question_open():
    walk = Walk()
    walk.asks_to_be_told(), walk.asks_to_be_told()
    assert walk.thinks().point.id == "a0/aster_shots_missing"


@pytest.mark.parametrize("why", NO_TRIES)
def test_what_is_no_try_does_not_open_the_answer(why: Why):
    walk = Walk()
    walk.on(why), walk.on(why)
    assert walk.asks_to_be_told().reaction == "early"


def test_asking_again_and_again_is_no_try():
    walk = Walk()
    assert [walk.asks_to_be_told().reaction for _ in range(5)] == ["early"] * 5


def test_tries_at_another_question_do_not_open_this_one():
    walk = Walk()
    walk.does_not_know(), walk.does_not_know(), walk.asks_to_be_told()
    assert walk.asks_to_be_told().reaction == "early"


# ---------------------------------------------------------------------- offers


def test_yes_to_an_offer_turns_to_that_case():
    walk = at_an_offer()
    move = walk.says("yes please")
    assert (move.reaction, move.case.id, move.question) == ("accepted", "l1-b", LAB.cases[1].questions[0].ask)


def test_no_to_an_offer_stays_with_the_last_question():
    walk = at_an_offer()
    move = walk.says("no, stay here")
    assert (move.reaction, move.case, move.point) == ("declined", CASE, Point(kind="question", id="a0"))
    assert move.question == FIRST.prompt


def test_after_no_the_ladder_begins_anew():
    walk = at_an_offer()
    walk.says("no")
    assert walk.on("off_topic").body == FIRST.hint


@pytest.mark.parametrize("words", ["hmm", "what is MMLU?", "which one is it?"])
def test_anything_else_has_the_same_offer_made_again(words: str):
    walk = at_an_offer()
    offered = walk.move.offered
    walk.looks_up(words)
    assert (walk.move.point.id, walk.move.offered) == ("l1-b", offered)
    assert walk.reply.endswith("?")


def test_a_thought_in_place_of_an_answer_to_an_offer_is_taken_up_here():
    walk = at_an_offer()
    move = walk.states("a0/two_sources")
    assert (move.reaction, move.case) == ("counted", CASE)


def test_when_every_written_case_was_seen_a_fresh_one_is_offered_and_can_be_taken():
    walk = Walk()
    for case in LAB.cases:
        walk.turns_to(case), walk.on("off_topic")
    for _ in range(3):
        walk.on("copy_paste")
    offered = case_of(LAB, walk.move.point.id)
    assert offered.fresh
    assert walk.says("yes").case == offered and walk.move.question == offered.questions[0].ask


# --------------------------------------------------------------------- the end


def test_three_counted_turns_on_two_questions_bring_the_closing_question():
    walk = at_the_closing_question()
    assert lab_progress(walk.exchanges).complete
    assert (walk.move.point.kind, walk.move.lead) == ("transfer", "closing")
    assert walk.reply.endswith(walk.move.question)


def test_three_counted_turns_on_one_question_complete_nothing():
    walk = Walk()
    for _ in range(3):
        walk.turns_to(CASE)
        walk.thinks()
    assert not lab_progress(walk.exchanges).complete and walk.move.point.kind != "transfer"


def test_the_answer_to_the_closing_question_ends_the_lab_with_the_summary():
    walk = closed()
    assert (walk.move.reaction, walk.move.point.kind) == ("closed", "closed")
    assert walk.reply.endswith(closing_summary(LAB, walk.exchanges, "en"))


def test_a_closing_answer_that_states_something_is_praised_for_it():
    walk = at_the_closing_question()
    point = walk.move.point
    wanted = LAB.transfer[int(point.id)].expect[0]
    walk.thinks(stated=(Evidence(question=str(point), expectation=wanted.id, quote="the parser may differ"),))
    assert wanted.affirm in walk.reply


@pytest.mark.parametrize("kind", ["greets", "does_not_know", "asks_to_be_told"])
def test_who_wants_to_leave_at_the_closing_question_gets_the_summary_and_gets_it_once(kind: str):
    walk = at_the_closing_question()
    assert getattr(walk, kind)() and walk.move.reaction == "leaving"
    summary = closing_summary(LAB, walk.exchanges, "en")
    assert walk.reply.endswith(summary)
    getattr(walk, kind)()
    assert walk.reply and summary not in walk.reply


def test_the_closing_question_waits_for_who_comes_back():
    walk = at_the_closing_question()
    walk.greets("bye")
    assert walk.move.point.kind == "transfer"
    assert walk.thinks().reaction == "closed"


def test_the_closing_question_comes_again_to_who_turned_away_from_it():
    walk = at_the_closing_question()
    walk.turns_to(LAB.cases[1])
    assert walk.thinks().point.kind == "transfer"


@pytest.mark.parametrize("kind", ["thinks", "greets", "does_not_know", "asks_to_be_told"])
def test_after_the_end_a_message_gets_a_short_friendly_word_and_no_second_summary(kind: str):
    walk = closed()
    assert getattr(walk, kind)().reaction == "ended"
    assert 0 < len(walk.reply) < 160


def test_after_the_end_a_term_is_still_explained():
    walk = closed()
    walk.looks_up()
    assert walk.reply.startswith("MMLU: ")


def test_a_belief_in_the_closing_answer_is_met_and_then_the_lab_ends():
    walk = at_the_closing_question()
    assert walk.holds().reaction == "misled"
    assert walk.thinks(denied=BELIEF.id).reaction == "closed"


def test_at_the_end_and_beside_what_is_right_nobody_is_asked_about_a_suspicion():
    assert at_the_closing_question().thinks(suspected=BELIEF.id).reaction == "closed"


def test_who_turns_to_another_case_after_the_end_talks_on():
    walk = closed()
    walk.turns_to(LAB.cases[3])
    move = walk.thinks()
    assert (move.reaction, move.case) == ("noted", LAB.cases[3]) and move.point.kind == "expectation"


# ----------------------------------------------------------------- fresh cases


@every_lab
def test_a_fresh_case_works_as_a_written_one_does(lab: Lab):
    case = fresh_case(lab, 7)
    walk, first = Walk(lab, case), case.questions[0]
    move = walk.states(f"{first.id}/{first.expect[0].id}")
    assert (move.reaction, move.body) == ("counted", first.expect[0].affirm)
    assert move.question == first.expect[1].ask
    assert walk.on("off_topic").case == case
    assert "{" not in walk.reply


# ------------------------------------------------------------ openings and state


def test_a_lab_that_changed_under_a_talk_has_no_question_for_what_is_gone():
    gone = [("question", "z9"), ("expectation", "a0/z9"), ("transfer", "9"), ("concept", "gone"), ("belief", "gone")]
    assert all(question_at(LAB, CASE, Point(kind=kind, id=id)) in ("", FIRST.ask) for kind, id in gone)  # type: ignore[arg-type]


def opening(walk: Walk) -> str:
    """The first sentence of the tutor's own, with the learner's words and the case left out."""
    return re.sub(r"“[^”]*”", "…", walk.reply).split(". ")[0].split("\n")[0]


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)
@given(data=st.data())
def test_no_opening_comes_twice_in_a_row_or_more_than_three_times_in_twenty_mixed_turns(lab: Lab, data: st.DataObject):
    kinds = ["thinks", "does_not_know", "off_topic", "copy_paste", "injection", "repetition"]
    mixed = [data.draw(st.permutations(kinds)) for _ in range(4)]
    walk, said = Walk(lab, data.draw(st.sampled_from(lab.cases))), []
    for kind in [kind for row in mixed for kind in row][:20]:
        getattr(walk, kind)() if hasattr(walk, kind) else walk.on(kind, kind)
        if walk.move.point.kind == "closed" or walk.move.reaction in ("leaving", "ended"):
            break
        said.append(opening(walk))
    assert all(one != other for one, other in pairwise(said))
    assert max(Counter(said).values()) <= 3


# ------------------------------------------------------------- any talk whatever


@st.composite
def talks(draw: st.DrawFn) -> tuple[str, str, list[dict[str, object]]]:
    """Any way a talk in any lab may go, as the judge sees it: lab, first case, turns."""
    lab = draw(st.sampled_from(LABS))
    case = draw(st.sampled_from(lab.cases) | st.integers(0, 99).map(lambda seed: fresh_case(lab, seed)))
    expectations = [f"{question.id}/{one.id}" for question in case.questions for one in question.expect]
    belief = st.none() | st.sampled_from([belief.id for belief in lab.misconceptions])
    words = st.sampled_from(
        ["It is noise, ±0.8 or so.", "why?", "what is MMLU?", "{quote} %s", "yes", "no", "I disagree"]
    )
    stated = st.lists(st.sampled_from(expectations).map(evidence), max_size=4).map(tuple)
    beliefs = {"misconception": belief, "suspected": belief, "denied": belief}
    quote = st.sampled_from(["", "is it {noise}?", "one two three"])
    fair = {"why": st.sampled_from(sorted(SUBSTANTIVE)), "stated": stated, "quote": quote} | beliefs
    hollow, unsure = {"why": st.sampled_from(HOLLOW)}, {"why": st.just("too_short"), "honest_unknown": st.just(True)}
    told = {"why": st.just("question_only_lookup"), "told": st.just(True)}
    kinds = (fair, fair, hollow, hollow, unsure, told)
    turn = st.one_of(*(st.fixed_dictionaries({"learner": words} | kind) for kind in kinds))
    return lab.slug, case.id, draw(st.lists(turn, min_size=1, max_size=14))


def played(talk: tuple[str, str, list[dict[str, object]]]) -> Iterator[Walk]:
    """The walk after every turn."""
    lab = load_lab(talk[0])
    walk = Walk(lab, case_of(lab, talk[1]))
    for turn in talk[2]:
        walk.on(**turn)  # type: ignore[arg-type]
        yield walk


@given(talks())
def test_every_reply_ends_with_its_only_question_unless_the_lab_is_over(talk):
    for walk in played(talk):
        assert walk.reply.strip() and "{quote}" not in walk.reply.replace("“{quote} %s”", "")
        if walk.move.reaction not in ("closed", "leaving", "ended"):
            assert re.search(r"\?[”’]?\??$", walk.reply), walk.reply
            assert questions_in(walk.reply.replace(walk.move.body, "")) <= questions_in(walk.move.question or "?")


@every_lab
def test_what_stands_before_a_question_asks_nothing(lab: Lab):
    spoken = [text for concept in lab.concepts for text in (concept.gist, concept.worked)]
    spoken += [belief.meet for belief in lab.misconceptions] + list(lab.glossary.values())
    for case in (*lab.cases, *lab.templates):
        spoken += [text for question in case.questions for text in (question.hint, question.tell)]
        spoken += [one.affirm for question in case.questions for one in question.expect]
    assert [text for text in spoken if questions_in(text)] == []


@given(talks())
def test_every_move_is_a_function_of_the_transcript(talk):
    for walk in played(talk):
        assert next_move(walk.lab, tuple(replace(turn) for turn in walk.exchanges)) == walk.move


@given(talks())
def test_praise_is_never_without_evidence(talk):
    for walk in played(talk):
        given = walk.exchanges[-1].assessment
        if walk.move.reaction == "counted":
            assert walk.move.quote in [one.quote for one in given.stated]
        affirmed = [one.affirm for question in walk.move.case.questions for one in question.expect]
        assert walk.move.reaction in ("counted", "closed") or walk.move.body not in affirmed


@given(talks())
def test_a_case_never_changes_without_a_yes(talk):
    for walk in played(talk):
        last = walk.exchanges[-1]
        assert walk.move.case.id == last.case or (last.point.kind == "offer" and last.learner == "yes")


@given(talks())
def test_every_move_leads_to_a_place_that_exists(talk):
    for walk in played(talk):
        lab, move = walk.lab, walk.move
        assert case_of(lab, move.case.id) == move.case
        if move.point.kind == "offer":
            assert case_of(lab, move.point.id).title == move.offered
        elif move.point.kind == "confirm":
            assert lab.misconception(move.point.id).held[0] == move.body
        elif move.point.kind != "closed":
            assert question_at(lab, move.case, move.point)


@given(talks())
def test_nobody_is_told_who_did_not_try_twice(talk):
    for walk in played(talk):
        last = walk.exchanges[-1]
        here = [one for one in walk.exchanges if (one.case, one.point) == (last.case, last.point) and not one.told]
        tries = sum(one.assessment.why in {*SUBSTANTIVE, "too_short"} for one in here)
        assert tries >= 2 or walk.move.reaction != "told"
