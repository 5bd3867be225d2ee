"""A talk between learner and tutor: a message, its assessment, the reply. Each is written down before the next begins.

Whatever fails, the message stays: `respond` takes up an unanswered turn where it was left, after a reload as well.
"""

from __future__ import annotations

import datetime
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from labs import Case, Lab, case_of, load_lab
from labs.worksheet import sheet_facts
from tutor import journal, judge
from tutor.dialogue import authored_voice
from tutor.dialogue.measured import measured_remark
from tutor.dialogue.model_voice import ModelVoice
from tutor.dialogue.policy import DialogueMove, next_move, opening_move
from tutor.dialogue.state import question_at
from tutor.dialogue.summary import closing_summary
from tutor.errors import EndpointFailure, TutorError
from tutor.exchange import Assessment, Exchange, Message, Point
from tutor.journal import Talk
from tutor.judge.assessment import Judge, assess
from tutor.text.languages import language_of

MESSAGE_LIMIT = 6_000  # characters; more is a document, not an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Tutor:
    """Who judges and who speaks. Without a model both are local: authored words and a judge that needs no server."""

    judge: Judge
    voice: ModelVoice | None = None
    most_replies: int | None = None
    """For which the model is asked a day, by everybody; after them both are local. None: no limit."""
    reply_seconds: float | None = None
    """How long a reply of the voice takes, as it was measured. None: nobody measured it."""

    def describe(self) -> str:
        """One line for the page: who is asked to judge and to speak. Each turn tells who did."""
        if self.voice is None:
            return f"Judge: {self.judge.name}; the authored tutor speaks."
        return f"Asked to judge: {self.judge.name}; asked to speak: {self.voice.name}."


def resume(learner: str, lab: str) -> Talk:
    """The learner's talk in this lab, else a draft of one: written down with the first thing the learner does in it."""
    return journal.latest(learner, lab) or journal.draft(learner, lab, *_opening(lab))


def start_over(learner: str, lab: str, case: str | None = None) -> Talk:
    """A new talk; the old one is kept among the learner's transcripts.

    learner  the learner's key
    lab      slug of the lab
    case     id of the case to begin with; the lab's first when not given
    """
    return journal.begin(learner, lab, *_opening(lab, case))


def _opening(lab: str, case: str | None = None) -> tuple[str, Point, str]:
    """The case the tutor opens with, the point and the words."""
    taught = load_lab(lab)
    first = case_of(taught, case) if case else taught.cases[0]
    move = opening_move(first)
    return first.id, move.point, move.question


def switch_case(talk: Talk, case: Case) -> Talk:
    """The same talk at another case. What counted stays counted."""
    move = opening_move(case)
    journal.keep(talk)
    journal.set_open_question(talk.id, case.id, move.point, move.question)
    return journal.read(talk.id)


def add_message(talk: Talk, text: str, *, asked_to_be_told: bool = False) -> Talk:
    """Writes the learner's message down. Nothing is judged yet.

    talk              as the learner saw it when writing
    text              the message, of at most `MESSAGE_LIMIT` characters
    asked_to_be_told  whether it is the wish to be told the answer, and no answer of their own

    Raises:
        journal.TurnTaken: this turn was answered already.
        TutorError: the message is too long; nothing of it is kept.
    """
    if len(text) > MESSAGE_LIMIT:
        raise TutorError(
            f"A message has at most {MESSAGE_LIMIT:,} characters, and this one has {len(text):,}. Nothing was sent: "
            "shorten it to what you think yourself, and send it again."
        )
    whole = text.encode(errors="replace").decode()  # half a surrogate pair cannot be kept
    journal.keep(talk)
    journal.record_message(talk, whole, told=asked_to_be_told)
    return journal.read(talk.id)


def unanswered_turn(talk: Talk) -> Exchange | None:
    """The turn that still waits for its reply, after a reload or a failure."""
    return talk.exchanges[-1] if talk.exchanges and talk.exchanges[-1].reply is None else None


def respond(talk: Talk, tutor: Tutor) -> Iterator[str]:
    """Judges the unanswered turn and streams the reply; both are in the journal when the iterator ends.

    Yields pieces of the reply. That a model will be asked is counted before it is. A model's voice that fails, or whose
    reply may not be shown, is replaced by the authored words: the learner sees one whole reply and nothing of the
    other, and the journal says who wrote it and why.
    """
    lab = load_lab(talk.lab)
    last = unanswered_turn(talk)
    if last is None:
        return
    if tutor.voice is not None:
        asked = journal.count_model_turn(datetime.datetime.now(datetime.UTC).date())
        if tutor.most_replies is not None and asked > tutor.most_replies:
            tutor = Tutor(judge=judge.local_judge())
    if last.assessment is None:
        last = replace(last, assessment=assess_turn(talk, last, tutor.judge))
    exchanges = (*talk.exchanges[:-1], last)
    language = language_of(*(exchange.learner for exchange in exchanges[-3:]))
    move = next_move(lab, exchanges, _aside(talk, lab, last, language))
    draft = authored_reply(lab, exchanges, move, language)
    reply, author = draft, "authored"
    if tutor.voice is None or move.reaction in ("closed", "leaving", "ended"):
        yield draft
    else:
        reply, author = yield from _stream(tutor.voice, lab, exchanges, move, draft)
    journal.record_reply(talk.id, last.number, reply, author, (move.case.id, move.point, reply))


def _aside(talk: Talk, lab: Lab, last: Exchange, language: str) -> str:
    """What the tutor says of the number that was measured, or once of a line of the sheet that the case contradicts."""
    try:
        sheet = journal.read_sheet(talk.id)
    except TutorError:
        return ""  # a damaged sheet stops no talk; its page says so
    if last.point.kind == "measured":
        return measured_remark(lab, sheet)
    said = "\n".join(exchange.tutor for exchange in talk.exchanges)
    for fact in sheet_facts(lab, case_of(lab, last.case), sheet):
        if fact.outcome == "differs" and f"“{fact.label}”" not in said:
            slots = {"label": fact.label, "entry": fact.entry, "card": fact.card}
            return str(authored_voice.phrases(language)["sheet"]["differs"]).format(**slots)
    return ""


def _stream(
    voice: ModelVoice, lab: Lab, exchanges: Sequence[Exchange], move: DialogueMove, draft: str
) -> Generator[str, None, tuple[str, str]]:
    """Yields the model's reply once it is whole, or the draft where it fails; returns the reply and who wrote it."""
    try:
        pieces = list(voice.stream_reply(lab, exchanges, move, draft))
    except EndpointFailure as failure:
        yield draft
        happened = f"refused: {failure}" if failure.step == "reply" else "failed"
        return draft, f"authored ({failure.step} of {voice.name} {happened})"
    yield from pieces
    return "".join(pieces), voice.name


def assess_turn(talk: Talk, turn: Exchange, judged_by: Judge) -> Assessment:
    """Judges one turn and writes the assessment down. The wish to be told is never a substantive turn.

    talk       the talk it belongs to: what was said before is part of the setting
    turn       one of its exchanges, not judged yet
    judged_by  who judges; the local judge stands in when that one fails
    """
    if turn.told:
        given = Assessment(why="question_only_lookup", judge="rules")
    else:
        given = assess(_message(talk, turn), judged_by, judge.local_judge())
    journal.record_assessment(talk.id, turn.number, given)
    return given


def _message(talk: Talk, turn: Exchange) -> Message:
    """The turn as a judge sees it."""
    lab, before = load_lab(talk.lab), talk.exchanges[: turn.number - 1]
    case = case_of(lab, turn.case)
    return Message(
        lab=lab,
        case=case,
        tutor=turn.tutor,
        learner=turn.learner,
        question=question_at(lab, case, turn.point),
        earlier=tuple(exchange.learner for exchange in before if not exchange.told),
        counted=tuple(exchange.learner for exchange in before if exchange.counted),
        shown=tuple(exchange.tutor for exchange in before),
    )


def authored_reply(lab: Lab, exchanges: Sequence[Exchange], move: DialogueMove, language: str) -> str:
    """The reply in the labs' own words; the last one carries the summary of what this learner showed, once.

    lab        whose words they are
    exchanges  the talk so far, oldest first; the last one is judged and waits for its reply
    move       what the reply does
    language   code of the phrases around the lab's own English texts, such as "es"
    """
    words = authored_voice.render(move, language, lab)
    note = authored_voice.phrases(language)["note"]
    if note and all(language_of(exchange.learner) != language for exchange in exchanges[:-1]):
        words = f"{note} {words}"
    if move.reaction not in ("closed", "leaving"):
        return words
    summary = closing_summary(lab, exchanges, language)
    read = any(summary in (exchange.reply or "") for exchange in exchanges[:-1])
    return words if read and words else f"{words}\n\n{summary}".strip()
