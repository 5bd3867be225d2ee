"""A measured claim on its way into the talk: written down step by step, final once something can be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labs import Lab, load_lab
from labs.measurement import measured, recorded_scores
from tutor import dialogue, journal
from tutor.dialogue.measured import BATTLE, CLAIM, PREDICTION, in_unit, interval_in_words, is_near, measuring
from tutor.dialogue.policy import question_at
from tutor.errors import TutorError
from tutor.exchange import Assessment, Point
from tutor.journal import Talk


def claim_of(lab: Lab):
    measurement = lab.measurement
    assert measurement is not None
    return measured(measurement, [recorded_scores(battle.recording) for battle in measurement.battles])


def talk_of(lab: Lab) -> Talk:
    return dialogue.resume("ann", lab.slug)


def predicted(slug: str, value: float) -> tuple[Lab, Talk]:
    lab = load_lab(slug)
    assert lab.measurement is not None
    talk = talk_of(lab)
    dialogue.measured.predict(talk, lab.measurement, value)
    return lab, talk


def shown(slug: str, value: float) -> tuple[Lab, Talk]:
    lab, talk = predicted(slug, value)
    dialogue.measured.keep_battles(talk, dialogue.measured.RECORDED)
    dialogue.measured.keep_claim(talk, claim_of(lab))
    return lab, talk


def test_each_step_is_on_the_sheet_and_other_rows_stay():
    lab, talk = predicted("lab1", 3.5)
    journal.save_answers(talk.id, {"verdict": "mine"})
    assert measuring(journal.read_sheet(talk.id)).prediction == 3.5
    dialogue.measured.keep_battles(talk, "one", "two")
    assert measuring(journal.read_sheet(talk.id)).battles == ("one", "two")
    claim = claim_of(lab)
    dialogue.measured.keep_claim(talk, claim)
    assert measuring(journal.read_sheet(talk.id)).claim == claim
    assert journal.read_sheet(talk.id)["verdict"] == "mine"


def test_a_prediction_may_change_until_the_measurement_begins_and_not_after():
    lab, talk = predicted("lab1", 3.5)
    assert lab.measurement is not None
    dialogue.measured.predict(talk, lab.measurement, -2)
    dialogue.measured.keep_battles(talk, "one")
    with pytest.raises(TutorError, match="stands as it is"):
        dialogue.measured.predict(talk, lab.measurement, 11)
    dialogue.measured.keep_battles(talk, dialogue.measured.RECORDED)
    dialogue.measured.keep_claim(talk, claim_of(lab))
    with pytest.raises(TutorError, match="stands as it is"):
        dialogue.measured.predict(talk, lab.measurement, 11)
    with pytest.raises(TutorError, match="measured already"):
        dialogue.measured.keep_battles(talk, "another")
    assert measuring(journal.read_sheet(talk.id)).prediction == -2


def test_nothing_is_shown_before_a_prediction():
    lab = load_lab("lab1")
    talk = talk_of(lab)
    journal.keep(talk)
    for step in (
        lambda: dialogue.measured.keep_battles(talk, "one"),
        lambda: dialogue.measured.keep_claim(talk, claim_of(lab)),
    ):
        with pytest.raises(TutorError, match="Predict first"):
            step()
    with pytest.raises(TutorError, match="no measured number"):
        dialogue.measured.bring_in(lab, talk)


@pytest.mark.parametrize(("slug", "value", "words"), [("lab1", 51, "-50 to 50"), ("lab2", 5, "1, 2, 3, 4")])
def test_a_prediction_that_cannot_be_chosen_is_refused(slug: str, value: float, words: str):
    with pytest.raises(TutorError, match=words):
        predicted(slug, value)


def test_the_question_holds_both_numbers_and_waits_in_the_talk():
    lab, talk = shown("lab1", 3)
    question = dialogue.measured.measured_question(lab, journal.read_sheet(talk.id))
    assert "You expected +3.0 points" in question and "+11.0 points (+6.6 to +15.5 points)" in question
    now = dialogue.measured.bring_in(lab, talk)
    assert (now.question, str(now.point), now.case) == (question, "measured:claim", talk.case)
    assert Point.parse("measured:claim") == now.point


@pytest.mark.parametrize("slug", ["lab1", "lab2", "lab3", "lab4"])
def test_every_labs_question_is_one_and_its_figures_are_filled_in(slug: str):
    value = {"lab2": 2, "lab4": 500}.get(slug, 10)
    lab, talk = shown(slug, value)
    sheet = journal.read_sheet(talk.id)
    for text in (dialogue.measured.measured_question(lab, sheet), dialogue.measured.measured_remark(lab, sheet)):
        assert "{" not in text and text
    assert dialogue.measured.measured_question(lab, sheet).count("?") == 1
    assert dialogue.measured.measured_question(lab, sheet).endswith("?")


def test_near_is_inside_the_interval_or_as_near_as_the_lab_says():
    lab1, lab3 = load_lab("lab1"), load_lab("lab3")
    assert lab1.measurement and lab3.measurement
    claim = claim_of(lab1)  # 6.59 to 15.48
    assert [is_near(lab1.measurement, each, claim) for each in (6.5, 6.6, 15.4, 15.5)] == [False, True, True, False]
    claim = replace(claim_of(lab3), value=38.4)  # 10 either way
    assert [is_near(lab3.measurement, each, claim) for each in (28, 29, 48, 49)] == [False, True, True, False]


def test_the_remark_says_how_near_and_whether_an_order_turned():
    lab, talk = shown("lab3", 40)
    assert lab.measurement
    remark = dialogue.measured.measured_remark(lab, journal.read_sheet(talk.id))
    assert "narrow by 40 percent" in remark and "38 percent: close." in remark and lab.measurement.turned in remark
    lab, talk = shown("lab4", 100)
    assert "lies outside the 605 to 1,144 questions" in dialogue.measured.measured_remark(
        lab, journal.read_sheet(talk.id)
    )


def test_numbers_stand_in_their_unit():
    lab1, lab4 = load_lab("lab1"), load_lab("lab4")
    assert lab1.measurement and lab4.measurement
    assert in_unit(lab1.measurement, -0.5) == "−0.5 points"
    assert in_unit(lab4.measurement, 1144) == "1,144 questions"
    words = interval_in_words(lab4.measurement, claim_of(lab4))
    assert words == "95% interval 605 to 1,144 questions (Wilson, of the share that differs), from 100 questions."


@pytest.mark.parametrize("row", ["", "{", "[]", '{"value": "x"}', "9" * 4_000])
def test_a_row_that_cannot_be_read_is_measured_once_more(row: str):
    found = measuring({PREDICTION: "2", BATTLE: "recorded", CLAIM: row})
    assert (found.prediction, found.recorded, found.claim) == (2, True, None)
    assert measuring({PREDICTION: row, CLAIM: row}).claim is None


def test_the_answer_is_judged_like_any_other_and_the_talk_goes_on():
    lab, talk = shown("lab1", 3)
    now = dialogue.measured.bring_in(lab, talk)
    assert lab.measurement and question_at(lab, lab.cases[0], now.point) == lab.measurement.prompt
    now = dialogue.add_message(now, "dunno")
    list(dialogue.respond(now, dialogue.Tutor(judge=Hollow())))
    now = journal.read(talk.id)
    assert now.exchanges[0].reply and str(now.point) == "measured:claim"


class Hollow:
    """A judge to whom nothing counts."""

    name = "hollow"

    def assess(self, message, own):
        assert message.tutor.startswith("You expected +3.0 points")
        return Assessment(why="too_short", judge=self.name)
