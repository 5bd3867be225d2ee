"""A talk: said, judged, answered, each written down before the next, whatever fails on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from engine.models import OpenAIClient
from labs import case_of
from tests.raw_server import HEAD, STREAM, drip, endless, serving
from tests.tutor.judge.test_assessment import CASE, FIRST, LAB, Toy
from tutor import journal
from tutor import judge as judging
from tutor.dialogue import authored_voice, talk
from tutor.dialogue.model_voice import ModelVoice
from tutor.dialogue.summary import closing_summary
from tutor.dialogue.talk import MESSAGE_LIMIT, Tutor
from tutor.endpoint import TutorEndpoint
from tutor.errors import EndpointFailure, TutorError
from tutor.exchange import Exchange
from tutor.journal import Talk, TurnTaken
from tutor.judge.assessment import lab_progress
from tutor.judge.llm import LlmJudge

THOUGHTS = (
    "Nobody says who prompted Aster-2, so its lead may be the prompt.",
    "A vendor that copies a rival's number has not measured the rival.",
    "Four options reward test technique, so reasoner promises more than was seen.",
    "With cameras I would ask for the same scene, because light decides much.",
)


class Speaker:
    """A voice that says these pieces, and then fails when told to."""

    def __init__(self, *pieces: str, fails: bool = False) -> None:
        self.name, self.pieces, self.fails, self.drafts = "toy-model", pieces, fails, []

    def stream_reply(self, lab: Any, exchanges: Any, move: Any, draft: str) -> Iterator[str]:
        self.drafts.append(draft)
        yield from self.pieces
        if self.fails:
            raise EndpointFailure("stream", "it broke off")


@pytest.fixture(autouse=True)
def fallback(monkeypatch: pytest.MonkeyPatch) -> Toy:
    """The local judge's place is taken, so that no test loads it."""
    toy = Toy("gibberish")
    toy.name = "local"
    monkeypatch.setattr(judging, "local_judge", lambda: toy)
    return toy


def said(text: str = THOUGHTS[0], *, told: bool = False) -> Talk:
    return talk.add_message(talk.resume("ada", "lab1"), text, asked_to_be_told=told)


def answered(tutor: Tutor, text: str = THOUGHTS[0], *, told: bool = False) -> Exchange:
    """One whole turn; what the journal then holds of it."""
    now = said(text, told=told)
    list(talk.respond(now, tutor))
    return journal.read(now.id).exchanges[-1]


# ----------------------------------------------------------------------- opening


def test_the_tutor_opens_a_lab_with_its_first_case():
    now = talk.resume("ada", "lab1")
    assert (now.case, now.question, now.exchanges) == (CASE.id, FIRST.ask, ())


def test_who_comes_back_goes_on_in_the_same_talk():
    turn = answered(Tutor(judge=Toy()))
    now = talk.resume("ada", "lab1")
    assert now.exchanges == (turn,) and now.question == turn.reply


def test_starting_over_keeps_the_old_talk_among_the_transcripts():
    answered(Tutor(judge=Toy()))
    new = talk.start_over("ada", "lab1", "l1-c")
    assert (new.case, new.exchanges) == ("l1-c", ())
    assert [len(one.exchanges) for one in journal.talks("ada")] == [1, 0]
    assert talk.resume("ada", "lab1") == new


# ---------------------------------------------------------------- order of writes


def test_each_step_is_written_down_before_the_next_begins():
    seen = []

    class Watch:
        name = "watch"

        def look(self) -> None:
            turn = journal.latest("ada", "lab1").exchanges[-1]
            seen.append((turn.learner, turn.assessment is not None, turn.reply))

        def assess(self, message: Any, own: Any) -> Any:
            self.look()
            return Toy().assess(message, own)

        def stream_reply(self, *given: Any) -> Iterator[str]:
            self.look()
            yield "And who ran it?"
            self.look()

    turn = answered(Tutor(judge=Watch(), voice=Watch()))
    assert seen == [(THOUGHTS[0], False, None), (THOUGHTS[0], True, None), (THOUGHTS[0], True, None)]
    assert (turn.reply, turn.counted) == ("And who ran it?", True)


def test_saying_something_judges_nothing():
    now = said()
    assert now.exchanges[0].assessment is None and lab_progress(now.exchanges).counted == 0
    assert talk.unanswered_turn(now) == now.exchanges[0]


def test_a_document_is_refused_with_its_length_and_nothing_is_kept():
    """Failed before: what stood behind the limit was gone without a word."""
    assert said("w" * MESSAGE_LIMIT).exchanges[0].learner == "w" * MESSAGE_LIMIT
    with pytest.raises(TutorError, match="at most 6,000 characters, and this one has 8,001"):
        talk.add_message(talk.resume("bob", "lab1"), "w" * 8_001)
    assert journal.talks("bob") == ()


def test_the_judge_sees_the_question_and_the_earlier_messages_but_no_wish_to_be_told():
    toy = Toy("too_short")
    answered(Tutor(judge=Toy()), THOUGHTS[0])
    answered(Tutor(judge=toy), "tell me", told=True)
    answered(Tutor(judge=toy), THOUGHTS[1])
    (message,) = toy.asked
    assert (message.learner, message.earlier, message.counted) == (THOUGHTS[1], (THOUGHTS[0],), (THOUGHTS[0],))
    assert message.tutor == journal.latest("ada", "lab1").exchanges[-1].tutor
    assert message.question == FIRST.expect[0].ask  # what those words are about, also where they ask for less
    assert message.shown == tuple(turn.tutor for turn in journal.latest("ada", "lab1").exchanges[:-1])


# --------------------------------------------------------------------- who speaks


def test_without_a_model_the_authored_words_are_the_reply():
    turn = answered(Tutor(judge=Toy("too_short")))
    assert turn.voice == "authored" and FIRST.hint in turn.reply


def test_a_models_reply_is_kept_as_it_was_streamed_with_its_name():
    now = said()
    pieces = list(talk.respond(now, Tutor(judge=Toy(), voice=Speaker("You name ", "the prompt. ", "Why?"))))
    (turn,) = journal.read(now.id).exchanges
    assert turn.reply == "".join(pieces) == "You name the prompt. Why?"
    assert turn.voice == "toy-model" and journal.read(now.id).question == turn.reply


@pytest.mark.parametrize("pieces", [(), ("You name ", "the prom")], ids=["before the first word", "in mid-stream"])
def test_a_speaker_that_fails_is_replaced_by_the_authored_words_and_the_voice_says_so(pieces: tuple[str, ...]):
    speaker, now = Speaker(*pieces, fails=True), said()
    shown = "".join(talk.respond(now, Tutor(judge=Toy(), voice=speaker)))
    (turn,) = journal.read(now.id).exchanges
    (draft,) = speaker.drafts
    assert turn.reply == shown == draft  # and nothing of what was written before
    assert turn.voice == "authored (stream of toy-model failed)"
    assert turn.counted


def test_a_judge_that_fails_is_replaced_by_the_local_one_and_the_transcript_says_so():
    turn = answered(Tutor(judge=Toy(fails="the server is out")))
    assert (turn.assessment.judge, turn.assessment.why) == ("local", "gibberish")
    assert "the server is out" in turn.assessment.notice


def test_the_last_words_are_always_authored_because_they_hold_the_summary():
    tutor = Tutor(judge=Toy(concepts=("evaluator",)), voice=Speaker("And now?"))
    turns = [answered(tutor, thought) for thought in THOUGHTS]
    assert [turn.voice for turn in turns] == ["toy-model"] * 3 + ["authored"]
    assert turns[-1].reply.endswith(closing_summary(LAB, turns, "en"))


def test_a_spanish_learner_is_answered_in_spanish():
    turn = answered(Tutor(judge=Toy("off_topic")), "¿Qué tiempo hace hoy en la ciudad, y va a llover por la tarde?")
    subject = authored_voice.phrases("es")["reactions"]["off_topic"][0].format(subject=CASE.subject)
    assert subject in turn.reply and "es" in authored_voice.phrase_languages()


def test_that_the_labs_own_texts_are_english_is_said_once():
    note = authored_voice.phrases("es")["note"]
    turns = [
        answered(Tutor(judge=Toy("off_topic")), f"¿Qué tiempo hace en la {where}?") for where in ("plaza", "costa")
    ]
    assert note and [note in turn.reply for turn in turns] == [True, False]


def test_the_page_can_say_who_judges_and_who_speaks():
    """Of a model it says that it is asked: whether it will answer, nobody knows."""
    assert Tutor(judge=Toy()).describe() == "Judge: toy; the authored tutor speaks."
    assert Tutor(judge=Toy(), voice=Speaker()).describe() == "Asked to judge: toy; asked to speak: toy-model."


# ------------------------------------------------------------ reloads and failures


def test_a_turn_left_before_its_judgement_is_taken_up_again_and_counts_once(monkeypatch: pytest.MonkeyPatch):
    now = said()
    broken = Toy()
    monkeypatch.setattr(broken, "assess", lambda message, own: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(talk.respond(now, Tutor(judge=broken)))
    again = talk.resume("ada", "lab1")  # after the reload
    assert talk.unanswered_turn(again).learner == THOUGHTS[0] and lab_progress(again.exchanges).counted == 0
    list(talk.respond(again, Tutor(judge=Toy())))
    after = talk.resume("ada", "lab1")
    assert (lab_progress(after.exchanges).counted, talk.unanswered_turn(after)) == (1, None)
    assert list(talk.respond(after, Tutor(judge=Toy()))) == []


def test_a_turn_left_after_its_judgement_is_not_judged_again():
    toy, now = Toy(), said()
    turn = now.exchanges[0]
    talk.assess_turn(now, turn, toy)
    list(talk.respond(talk.resume("ada", "lab1"), Tutor(judge=toy)))
    assert len(toy.asked) == 1 and lab_progress(talk.resume("ada", "lab1").exchanges).counted == 1


def test_who_leaves_in_mid_stream_finds_the_turn_open_and_is_answered_later():
    now = said()
    stream = talk.respond(now, Tutor(judge=Toy(), voice=Speaker("You name ", "the prompt. ", "Why?")))
    assert next(stream) == "You name "
    stream.close()  # the learner shut the page
    left = talk.resume("ada", "lab1")
    assert left.exchanges[0].reply is None and left.exchanges[0].assessment is not None
    assert lab_progress(left.exchanges).counted == 0 and left.question == FIRST.ask
    list(talk.respond(left, Tutor(judge=Toy())))
    assert lab_progress(talk.resume("ada", "lab1").exchanges).counted == 1


def test_a_second_tab_cannot_answer_the_same_question():
    stale = talk.resume("ada", "lab1")
    talk.add_message(stale, THOUGHTS[0])
    with pytest.raises(TurnTaken):
        talk.add_message(stale, THOUGHTS[1])


def test_two_tabs_that_answer_one_turn_leave_one_reply_and_count_it_once():
    now = said()
    for words in ("The first?", "The second?"):
        list(talk.respond(now, Tutor(judge=Toy(), voice=Speaker(words))))
    after = journal.read(now.id)
    assert [turn.reply for turn in after.exchanges] == ["The first?"] == [after.question]
    assert lab_progress(after.exchanges).counted == 1


# ------------------------------------------------------------- turning and telling


def test_turning_to_another_case_keeps_what_counted():
    answered(Tutor(judge=Toy()))
    now = talk.switch_case(talk.resume("ada", "lab1"), case_of(LAB, "l1-c"))
    assert (now.case, now.question) == ("l1-c", case_of(LAB, "l1-c").questions[0].ask)
    assert lab_progress(now.exchanges).counted == 1 and now.exchanges[0].case == CASE.id


def test_a_fresh_case_comes_back_after_a_reload():
    talk.switch_case(talk.resume("ada", "lab1"), case_of(LAB, "t2-17"))
    turn = answered(Tutor(judge=Toy("too_short")))
    assert turn.case == "t2-17" and case_of(LAB, "t2-17").questions[0].hint in turn.reply


def test_the_wish_to_be_told_is_judged_by_nobody_and_never_counts():
    toy = Toy()
    turns = [answered(Tutor(judge=toy), THOUGHTS[n], told=True) for n in range(4)]
    assert toy.asked == [] and not any(turn.counted for turn in turns)
    assert {(turn.assessment.why, turn.assessment.judge) for turn in turns} == {("question_only_lookup", "rules")}


def test_after_two_honest_tries_the_wish_is_granted():
    tutor = Tutor(judge=Toy("too_short"))
    assert FIRST.tell not in answered(tutor, "Tell me, please", told=True).reply
    answered(tutor, "the shots perhaps"), answered(tutor, "or the vendor")
    assert FIRST.tell in answered(tutor, "Tell me, please", told=True).reply


# ------------------------------------------------------------------ the whole way


def test_three_counted_turns_complete_the_lab_then_one_question_closes_it():
    tutor = Tutor(judge=Toy(concepts=("evaluator",)))
    progress = []
    for thought in THOUGHTS:
        answered(tutor, thought)
        now = talk.resume("ada", "lab1")
        progress.append((lab_progress(now.exchanges).counted, lab_progress(now.exchanges).complete, now.point.kind))
    assert progress == [
        (1, False, "expectation"),
        (2, False, "question"),
        (3, True, "transfer"),
        (4, True, "closed"),
    ]


def test_after_the_end_the_summary_is_not_said_again():
    tutor = Tutor(judge=Toy())
    summary = closing_summary(LAB, [answered(tutor, thought) for thought in THOUGHTS], "en")
    last = answered(tutor, "Thanks, that was useful!")
    assert last.reply and summary not in last.reply and last.voice == "authored"


def test_the_same_thought_three_times_counts_once():
    tutor = Tutor(judge=Toy())
    turns = [answered(tutor, THOUGHTS[0]) for _ in range(3)]
    assert [turn.assessment.why for turn in turns] == ["reasons_about_claim", "repetition", "repetition"]


# ------------------------------------------------------------------- endpoints that misbehave


def piece(text: str) -> bytes:
    return b'data: {"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n' % text.encode()


@pytest.mark.parametrize(
    "script",
    [
        lambda asked: (time.sleep(30) or b"" for _ in "x"),
        lambda asked: (p for part in ([STREAM], drip(piece("Who ran it? ") * 99)) for p in part),
        lambda asked: (p for part in ([STREAM], endless(piece("so "), 0.05)) for p in part),
        lambda asked: (
            p for part in ([STREAM, piece("That is a start. And ")], endless(b": \n\n", 0.05)) for p in part
        ),
        lambda asked: (p for part in ([STREAM], endless(piece("x" * 999))) for p in part),
    ],
    ids=["silent", "drips", "slow", "stalls", "endless"],
)
def test_a_reply_that_never_ends_gives_way_to_the_authored_words_and_the_talk_goes_on(script: Any):
    started = time.monotonic()
    with serving(script) as server:
        endpoint = TutorEndpoint(server.url, "m")
        speaks = ModelVoice(OpenAIClient(endpoint, deadline=1.0, retries=0))
        first = answered(Tutor(judge=Toy(), voice=speaks))
    assert time.monotonic() - started < 6.0
    assert first.reply is not None and "That is a start" not in first.reply and "xxx" not in first.reply
    assert first.voice.startswith("authored (") and ("failed" in first.voice or "refused" in first.voice)
    assert "?" in first.reply
    assert answered(Tutor(judge=Toy()), THOUGHTS[1]).number == 2


def test_a_judge_that_never_answers_gives_way_to_the_local_one(caplog: pytest.LogCaptureFixture):
    with serving(lambda asked: (p for part in ([HEAD + b"\r\n"], endless(b" ", 0.05)) for p in part)) as server:
        judge = LlmJudge(OpenAIClient(TutorEndpoint(server.url, "m"), deadline=1.0, retries=0), "JSON")
        started = time.monotonic()
        turn = answered(Tutor(judge=judge))
        assert time.monotonic() - started < 6.0
    assert turn.assessment is not None and turn.assessment.judge == "local"
    assert turn.assessment.notice == "llm m gave no judgement (it could not be asked); judged locally."
    assert "127.0.0.1" in caplog.text  # where it is, is the operator's to read
