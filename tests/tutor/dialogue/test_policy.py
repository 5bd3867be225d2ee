"""The ladder, row by row: what the tutor does next is read from the transcript and from nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs import Case, Lab, case_of, fresh_case, load_lab, slugs
from tests.tutor.judge.test_assessment import CASE, FIRST, HOLLOW, LAB
from tutor.dialogue.policy import DialogueMove, next_move, opening_move, question_at
from tutor.dialogue.summary import closing_summary
from tutor.dialogue.talk import authored_reply
from tutor.exchange import SUBSTANTIVE, WHYS, Assessment, Exchange, Point, Why
from tutor.judge.assessment import lab_progress
from tutor.judge.words import tokens, word_count

LABS = [load_lab(slug) for slug in slugs()]
THINKS, BELIEF = "applies_concept", LAB.misconception("number_is_objective")
every_lab = pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)


class Walk:
    """A talk in memory: judged as the test says, answered in the authored words."""

    def __init__(self, lab: Lab = LAB, case: Case = CASE) -> None:
        self.lab, self.move, self.exchanges = lab, opening_move(case), ()
        self.reply = self.move.question

    def on(self, why: Why, learner: str = "my words", *, told: bool = False, **parts: object) -> DialogueMove:
        case, point = self.move.case.id, self.move.point
        turn = Exchange(number=1, case=case, point=point, tutor=self.reply, learner=learner, told=told)
        turn = replace(turn, assessment=Assessment(why=why, **parts))
        self.move = next_move(self.lab, (*self.exchanges, turn))
        self.reply = authored_reply(self.lab, (*self.exchanges, turn), self.move, "en")
        self.exchanges = (*self.exchanges, replace(turn, reply=self.reply))
        return self.move


def thought(walk: Walk, *concepts: str, **parts: object) -> DialogueMove:
    return walk.on(THINKS, concepts=concepts or ("extraction",), quote="the parser may differ", **parts)


def asks(walk: Walk) -> DialogueMove:
    """The wish to be told."""
    return walk.on("question_only_lookup", "tell me", told=True)


def to_the_closing_question() -> Walk:
    walk = Walk()
    for concept in ("extraction", "evaluator", "contamination"):
        thought(walk, concept)
    return walk


def questions_in(text: str) -> int:
    """Question marks outside quotation marks."""
    return re.sub(r"“[^”]*”", "", text).count("?")


# --------------------------------------------------------------------- opening


@every_lab
def test_the_tutor_opens_with_the_cases_first_question(lab: Lab):
    for case in lab.cases:
        move = opening_move(case)
        assert move.question == case.questions[0].ask
        assert move.point == Point(kind="question", id=case.questions[0].id)


# --------------------------------------------------------------------- counted


def test_counted_names_what_is_right_in_the_learners_words_and_goes_on():
    walk = Walk()
    move = thought(walk, "evaluator")
    assert (move.reaction, move.body) == ("counted", LAB.concept("evaluator").affirm[0])
    assert "“the parser may differ”" in walk.reply
    assert (move.point.id, move.question) == ("a1", CASE.questions[1].ask)


def test_what_is_right_is_said_in_other_words_the_next_time():
    walk = Walk()
    said = [thought(walk, "evaluator").body for _ in range(2)]
    assert said == list(LAB.concept("evaluator").affirm[:2])


def test_of_several_concepts_the_one_that_was_asked_for_is_named():
    walk = Walk()
    assert thought(walk, "contamination", "shot_count").body == LAB.concept("shot_count").affirm[0]


def test_a_question_whose_concepts_are_all_covered_is_not_asked_again():
    walk = Walk()
    assert thought(walk, "shot_count", "extraction").point.id == "a3"  # past a1 and a2, on to who ran it
    assert thought(walk, "evaluator").point.id == "a4"


def test_after_the_cases_questions_come_its_open_concepts_then_another_case():
    walk = Walk()
    move = thought(walk, "shot_count", "extraction", "evaluator", "statistical_noise")
    assert (move.point, move.question) == (
        Point(kind="concept", id="task_relevance"),
        LAB.concept("task_relevance").ask,
    )
    move = thought(walk, "task_relevance")
    assert (move.case.id, move.point.id, move.lead) == ("l1-b", "b0", "fresh")
    assert walk.reply.endswith(move.case.questions[0].ask)


def test_a_concept_that_the_case_does_not_raise_falls_from_no_sky():
    for lab in LABS:
        for case in lab.cases:
            raised = {concept for question in case.questions for concept in question.concepts}
            move = Walk(lab, case).on(THINKS, concepts=tuple(raised))
            assert move.case.id != case.id and move.point.kind == "question"


def test_when_every_written_case_was_seen_a_fresh_one_is_drawn():
    walk = Walk()
    for case in LAB.cases:
        walk.move = opening_move(case)  # the learner turns to it
        walk.on("off_topic")
    move = thought(walk, *(concept.id for concept in LAB.concepts))
    assert move.case.fresh and move.case == case_of(LAB, move.case.id)
    assert walk.reply.endswith(move.case.questions[0].ask)


def test_of_counted_turns_every_next_one_is_taken_up_in_other_words_whatever_its_kind():
    walk = Walk()
    variants = [walk.on(why, concepts=("evaluator",), quote="q").variant for why in WHYS[:2]]
    assert variants == [0, 1]


def test_a_lab_that_changed_under_a_talk_has_no_question_for_what_is_gone():
    gone = [Point(kind="question", id="z9"), Point(kind="transfer", id="3"), Point(kind="concept", id="gone")]
    assert [question_at(LAB, CASE, point) for point in gone] == ["", "", ""]
    assert question_at(LAB, CASE, Point(kind="transfer", id="2")) == LAB.transfer[2].ask


# --------------------------------------------------------------------- beliefs


def test_a_belief_is_met_in_the_same_turn_with_the_question_that_repairs_it():
    walk = Walk()
    move = thought(walk, "evaluator", misconception=BELIEF.id)
    assert (move.reaction, move.body, move.question) == ("misled", BELIEF.meet, BELIEF.ask)
    assert move.point == Point(kind="belief", id=BELIEF.id)
    assert LAB.concept("evaluator").affirm[0] not in walk.reply


def test_a_belief_is_met_once_and_another_one_once_more():
    walk = Walk()
    thought(walk, misconception=BELIEF.id)
    assert thought(walk, misconception=BELIEF.id).reaction == "counted"
    assert thought(walk, misconception="shots_irrelevant").reaction == "misled"


def test_a_concept_used_with_a_belief_is_still_open():
    walk = Walk()
    thought(walk, "shot_count", "extraction", "evaluator", misconception=BELIEF.id)
    assert thought(walk, "task_set").point.id == "a1"


def test_a_belief_at_the_third_counted_turn_is_met_before_the_closing_question():
    walk = Walk()
    thought(walk), thought(walk)
    assert thought(walk, misconception=BELIEF.id).reaction == "misled"
    assert thought(walk).reaction == "closing"


# ---------------------------------------------------------------- hollow turns


@pytest.mark.parametrize("why", [why for why in HOLLOW if why not in ("question_only_lookup",)])
def test_not_counted_once_says_why_and_where_to_look(why: Why):
    walk = Walk()
    move = walk.on(why)
    assert (move.reaction, move.body, move.point) == (why, FIRST.hint, Point(kind="question", id=FIRST.id))
    assert FIRST.hint in walk.reply and FIRST.tell not in walk.reply


def test_too_short_quotes_the_learner():
    walk = Walk()
    walk.on("too_short", "the shots perhaps")
    assert "“the shots perhaps”" in walk.reply


def test_of_a_longer_message_its_first_six_words_are_quoted():
    walk = Walk()
    walk.on("too_short", "it is the shots I would say")
    assert "“it is the shots I would…”" in walk.reply
    walk.on("too_short", "or it is who ran it")
    assert "“or it is who ran it”" in walk.reply


@pytest.mark.parametrize("why", HOLLOW)
def test_twice_in_a_row_gets_a_smaller_question(why: Why):
    walk = Walk()
    walk.on("off_topic")
    assert walk.on(why).question == FIRST.prompt
    assert walk.reply.endswith(FIRST.prompt)


def test_three_times_after_honest_tries_it_is_told_and_the_talk_goes_on():
    walk = Walk()
    walk.on("too_short"), walk.on("too_short")
    move = walk.on("too_short")
    assert move.body == FIRST.tell
    assert move.point.id == "a1" and walk.reply.endswith(CASE.questions[1].ask)


def test_of_the_three_two_must_be_honest_tries_to_be_told():
    two, one = Walk(), Walk()
    for why in ("off_topic", "too_short", "too_short"):
        two.on(why)
    for why in ("off_topic", "off_topic", "too_short"):
        one.on(why)
    assert (two.move.reaction, two.move.body) == ("told", FIRST.tell)
    assert FIRST.tell not in one.reply and one.move.point.id == FIRST.id


def test_three_times_without_a_try_gets_a_case_of_everyday_life_and_no_answer():
    walk = Walk()
    for _ in range(3):
        move = walk.on("empty_agreement")
    assert move.body == LAB.concept(FIRST.concepts[0]).worked
    assert move.lead == "parallel" and move.point.id == FIRST.id
    assert FIRST.tell not in walk.reply


def test_four_times_begins_a_fresh_case_and_who_did_not_try_is_not_told():
    walk = Walk()
    for _ in range(4):
        move = walk.on("copy_paste")
    assert (move.case.id, move.point.id, move.lead) == ("l1-b", "b0", "fresh")
    assert move.body == LAB.concept(FIRST.concepts[0]).gist
    assert all(FIRST.tell not in one.reply for one in walk.exchanges)


def test_four_times_with_two_tries_among_them_tells_what_was_tried_for():
    for kinds, told in (
        ("injection too_short injection too_short", True),
        ("injection injection injection too_short", False),
    ):
        walk = Walk()
        for why in kinds.split():
            move = walk.on(why)
        assert (move.body == FIRST.tell, move.case.id) == (told, "l1-b")


def test_in_the_fresh_case_the_ladder_begins_anew():
    walk = Walk()
    for _ in range(5):
        move = walk.on("copy_paste")
    assert move.body == move.case.questions[0].hint and move.case.id == "l1-b"


def test_a_counted_turn_starts_the_ladder_again():
    walk = Walk()
    walk.on("off_topic"), walk.on("off_topic"), thought(walk, "evaluator")
    assert walk.on("off_topic").body == CASE.questions[1].hint


@every_lab
@pytest.mark.parametrize("why", [why for why in HOLLOW if why not in ("too_short", "question_only_lookup")])
def test_who_never_tries_is_never_told_however_long(lab: Lab, why: Why):
    walk = Walk(lab, lab.cases[0])
    for _ in range(12):
        question, case = walk.move.point.id, walk.move.case
        walk.on(why)
        tale = next(one.tell for one in case.questions if one.id == question)
        assert tale not in walk.reply


# -------------------------------------------------------- not knowing and asking


def test_i_dont_know_is_met_with_a_smaller_step_at_once_and_no_rebuke():
    walk = Walk()
    move = walk.on("too_short", "I don't know", honest_unknown=True)
    assert (move.reaction, move.question) == ("unsure", FIRST.prompt)


def test_a_fact_that_was_asked_for_is_given_and_the_talk_goes_back_to_the_case():
    walk = Walk()
    move = walk.on("question_only_lookup", "What is MMLU?")
    assert move.reaction == "defined" and LAB.glossary["mmlu"] in walk.reply
    assert walk.reply.endswith(FIRST.prompt)


def test_a_fact_the_lab_does_not_hold_is_not_made_up():
    walk = Walk()
    assert walk.on("question_only_lookup", "Who founded Borealis?").reaction == "undefined"
    assert FIRST.hint in walk.reply


def test_tell_me_before_two_honest_tries_gets_a_smaller_step_instead():
    walk = Walk()
    assert asks(walk).reaction == "early"
    walk.on("too_short")
    assert asks(walk).reaction == "early"
    assert walk.move.question == FIRST.prompt and FIRST.tell not in walk.reply


@pytest.mark.parametrize("why", ["too_short", "question_only_lookup"])
def test_tell_me_after_two_honest_tries_is_told_and_goes_on(why: Why):
    walk = Walk()
    walk.on(why), walk.on(why)
    move = asks(walk)
    assert (move.reaction, move.body, move.point.id) == ("told", FIRST.tell, "a1")


@pytest.mark.parametrize("why", [why for why in HOLLOW if why not in ("too_short", "question_only_lookup")])
def test_what_is_no_try_does_not_open_the_answer(why: Why):
    walk = Walk()
    walk.on(why), walk.on(why)
    assert asks(walk).reaction == "early"


def test_asking_again_and_again_is_no_try():
    walk = Walk()
    assert [asks(walk).reaction for _ in range(5)] == ["early"] * 5


def test_tries_at_another_question_do_not_open_this_one():
    walk = Walk()
    walk.on("too_short"), walk.on("too_short"), thought(walk, "evaluator")
    assert walk.move.point.id == "a1"
    assert asks(walk).reaction == "early"


# --------------------------------------------------------------------- the end


def test_the_third_counted_turn_brings_the_closing_question():
    walk = to_the_closing_question()
    assert (walk.move.reaction, walk.move.point.kind) == ("closing", "transfer")
    assert walk.move.question in [one.ask for one in LAB.transfer] and walk.reply.endswith(walk.move.question)


def test_its_answer_closes_with_what_was_shown_and_missed():
    walk = to_the_closing_question()
    assert thought(walk, "evaluator").reaction == "closed"
    assert walk.reply.endswith(closing_summary(LAB, walk.exchanges, "en"))


@pytest.mark.parametrize("why", HOLLOW)
def test_who_wants_to_leave_after_completion_gets_the_summary(why: Why):
    walk = to_the_closing_question()
    assert walk.on(why).reaction == "leaving"
    assert walk.reply.endswith(closing_summary(LAB, walk.exchanges, "en"))


def test_the_closing_question_waits_for_who_left_and_came_back():
    walk = to_the_closing_question()
    walk.on("empty_agreement")
    assert walk.move.point.kind == "transfer"
    assert thought(walk, "evaluator").reaction == "closed"


def test_a_belief_in_the_closing_answer_is_met_and_then_the_talk_closes():
    walk = to_the_closing_question()
    assert thought(walk, misconception=BELIEF.id).reaction == "misled"
    assert thought(walk, "evaluator").reaction == "closed"
    assert thought(walk, "evaluator").reaction == "closed"


def test_who_leaves_while_that_belief_is_open_gets_the_summary_too():
    walk = to_the_closing_question()
    thought(walk, misconception=BELIEF.id)
    assert walk.on("empty_agreement").reaction == "leaving"


def test_who_turns_to_another_case_after_the_end_goes_on():
    walk = to_the_closing_question()
    thought(walk, "evaluator")
    walk.move = opening_move(LAB.cases[3])
    assert thought(walk, "task_relevance").reaction == "counted"
    assert walk.move.point.id == "d1"


def test_tell_me_after_the_end_gives_the_summary():
    walk = to_the_closing_question()
    thought(walk, "evaluator")
    assert asks(walk).reaction == "leaving"


# ------------------------------------------------------------------- all replies


@every_lab
@pytest.mark.parametrize("why", WHYS)
def test_the_same_kind_of_turn_again_never_gets_the_same_reply_twice_running(lab: Lab, why: Why):
    walk = Walk(lab, lab.cases[0])
    concept = (lab.concepts[0].id,) if why in SUBSTANTIVE else ()
    said = [walk.reply]
    while len(said) < 13 and not lab_progress(walk.exchanges).complete:
        walk.on(why, concepts=concept)
        said.append(walk.reply)
    assert all(one != other for one, other in pairwise(said))


def test_asking_to_be_told_twice_gets_another_reply():
    walk = Walk()
    asks(walk)
    first = walk.reply
    asks(walk)
    assert walk.reply != first


@pytest.mark.parametrize("lab", [pytest.param(lab, id=lab.slug) for lab in LABS])
def test_what_stands_before_a_question_asks_nothing(lab: Lab):
    spoken = [text for concept in lab.concepts for text in (*concept.affirm, concept.gist, concept.worked)]
    spoken += [belief.meet for belief in lab.misconceptions] + list(lab.glossary.values())
    for case in (*lab.cases, *lab.templates):
        spoken += [text for question in case.questions for text in (question.hint, question.tell)]
    assert [text for text in spoken if questions_in(text)] == []


@st.composite
def talks(draw: st.DrawFn) -> tuple[str, str, list[dict[str, object]]]:
    """Any way a talk in any lab may go, as the judge sees it: lab, first case, turns."""
    lab = draw(st.sampled_from(LABS))
    beliefs = st.none() | st.sampled_from([belief.id for belief in lab.misconceptions])
    concepts = st.lists(st.sampled_from([concept.id for concept in lab.concepts]), max_size=2, unique=True).map(tuple)
    words = st.sampled_from(["It is noise, ±0.8 or so.", "why?", "what is MMLU?", "{quote} %s", "un deux trois"])
    quote = st.sampled_from(["", "is it {noise}?", "one two three four five six seven eight nine ten eleven twelve"])
    fair = {"why": st.sampled_from(WHYS[:4]), "concepts": concepts, "misconception": beliefs, "quote": quote}
    hollow, unsure = {"why": st.sampled_from(HOLLOW)}, {"why": st.just("too_short"), "honest_unknown": st.just(True)}
    told = {"why": st.just("question_only_lookup"), "told": st.just(True)}
    kinds = (fair, hollow, hollow, unsure, told)
    turn = st.one_of(*(st.fixed_dictionaries({"learner": words} | kind) for kind in kinds))
    case = draw(st.sampled_from(lab.cases) | st.integers(0, 99).map(lambda seed: fresh_case(lab, seed)))
    return lab.slug, case.id, draw(st.lists(turn, min_size=1, max_size=14))


def played(talk: tuple[str, str, list[dict[str, object]]]) -> Iterator[tuple[Walk, str]]:
    """The walk after every turn until its lab is complete, with the reply before."""
    lab = load_lab(talk[0])
    walk = Walk(lab, case_of(lab, talk[1]))
    for turn in talk[2]:
        before = walk.reply
        walk.on(**turn)  # type: ignore[arg-type]
        yield walk, before
        if lab_progress(walk.exchanges).complete:
            return


@given(talks())
def test_every_reply_is_short_and_ends_with_its_only_question(talk):
    for walk, _ in played(talk):
        assert walk.reply.strip() and word_count(tokens(walk.reply)) <= 190
        assert walk.reply.endswith("?")
        assert questions_in(walk.reply.replace(walk.move.body, "")) == 1


@given(talks())
def test_every_reply_differs_from_the_one_before(talk):
    for walk, before in played(talk):
        told = [turn.told for turn in walk.exchanges[-2:]]
        assert walk.reply != before or told == [True, True]  # see the expected failure above


@given(talks())
def test_the_same_transcript_always_gets_the_same_move(talk):
    for walk, _ in played(talk):
        assert next_move(walk.lab, walk.exchanges) == walk.move


@given(talks())
def test_every_move_leads_to_a_place_that_exists(talk):
    for walk, _ in played(talk):
        lab, move = walk.lab, walk.move
        assert case_of(lab, move.case.id) == move.case
        known = {
            "question": [question.id for question in move.case.questions],
            "concept": [concept.id for concept in lab.concepts],
            "belief": [belief.id for belief in lab.misconceptions],
            "transfer": [str(number) for number in range(len(lab.transfer))],
        }
        assert move.point.id in known[move.point.kind]


TRIES = {*SUBSTANTIVE, "too_short", "question_only_lookup"}


@given(talks())
def test_nobody_is_told_the_answer_to_a_question_they_did_not_try(talk):
    for walk, _ in played(talk):
        last = walk.exchanges[-1]
        here = [one for one in walk.exchanges if (one.case, one.point) == (last.case, last.point)]
        tried = any(one.assessment.why in TRIES and not one.told for one in here)
        case = case_of(walk.lab, last.case)
        assert tried or not any(question.tell in walk.reply for question in case.questions)
