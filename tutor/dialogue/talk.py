"""A talk between learner and tutor: say, judge, answer. Each step is written down before the next begins.

Whatever fails, the message stays: `answer` takes up an unanswered turn where it was left, after a reload as well.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

from labs import Case, Lab, case_of, load_lab
from tutor import journal
from tutor.dialogue import voice
from tutor.dialogue.languages import language_of
from tutor.dialogue.model_voice import ModelVoice
from tutor.dialogue.policy import Move, next_move, opening, question_of
from tutor.dialogue.summary import closing_words
from tutor.errors import EndpointFailure
from tutor.exchange import Assessment, Exchange, Judge, Message
from tutor.journal import Talk
from tutor.judge.assessment import Standing, assess, standing
from tutor.judge.local import local_judge

LONGEST = 6_000  # characters of a message; more is a document, not an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Tutor:
    """Who judges and who speaks. Without a model both are local: authored words and a judge that needs no server."""

    judge: Judge
    speaker: ModelVoice | None = None

    def describe(self) -> str:
        """One line for the page: who judges and who speaks."""
        speaks = f"{self.speaker.name} speaks" if self.speaker else "the authored tutor speaks"
        return f"Judge: {self.judge.name}; {speaks}."


def resume(learner: str, lab: str) -> Talk:
    """The learner's talk in this lab, begun if there is none: the tutor opens with the first case."""
    return journal.latest(learner, lab) or start_over(learner, lab)


def start_over(learner: str, lab: str, case: str | None = None) -> Talk:
    """A new talk; the old one is kept among the learner's transcripts."""
    taught = load_lab(lab)
    first = case_of(taught, case) if case else taught.cases[0]
    move = opening(taught, first)
    return journal.begin(learner, lab, first.id, move.point, move.question)


def turn_to(talk: Talk, case: Case) -> Talk:
    """The same talk at another case. What counted stays counted."""
    move = opening(load_lab(talk.lab), case)
    journal.turned_to(talk.id, case.id, move.point, move.question)
    return journal.read(talk.id)


def say(talk: Talk, text: str, *, told: bool = False) -> Talk:
    """Writes the learner's message down; `told` when it is the wish to be told. Nothing is judged yet.

    Raises:
        journal.Taken: this turn was said already.
    """
    whole = text[:LONGEST].encode(errors="replace").decode()  # half a surrogate pair cannot be kept
    journal.said(talk, whole, told=told)
    return journal.read(talk.id)


def answer(talk: Talk, tutor: Tutor) -> Iterator[str]:
    """Judges the open turn and streams the reply; both are in the journal when the iterator ends.

    Yields pieces of the reply. A speaker that fails, before or in the middle, is replaced by the authored words: the
    learner sees one whole reply, and the journal says who wrote it.
    """
    lab = load_lab(talk.lab)
    last = open_turn(talk)
    if last is None:
        return
    if last.assessment is None:
        last = replace(last, assessment=judge_turn(lab, talk, last, tutor))
    exchanges = (*talk.exchanges[:-1], last)
    move = next_move(lab, exchanges)
    language = language_of(*(one.learner for one in exchanges[-3:]))
    words = authored(lab, exchanges, move, language)
    reply, spoken_by = words, "authored"
    if tutor.speaker is None or move.reaction in ("closed", "leaving"):
        yield words
    else:
        reply, spoken_by = yield from _spoken(tutor.speaker, lab, exchanges, move, words)
    journal.replied(talk.id, last.number, reply, spoken_by, (move.case.id, move.point, reply))


def _spoken(
    speaker: ModelVoice, lab: Lab, exchanges: tuple[Exchange, ...], move: Move, words: str
) -> Generator[str, None, tuple[str, str]]:
    pieces: list[str] = []
    try:
        for piece in speaker.say(lab, exchanges, move, words):
            pieces.append(piece)
            yield piece
    except EndpointFailure as failure:
        cut = "\n\n" if pieces else ""
        yield f"{cut}{words}"
        return f"{''.join(pieces)}{cut}{words}", f"authored ({failure.step} of {speaker.name} failed)"
    return "".join(pieces), speaker.name


def judge_turn(lab: Lab, talk: Talk, turn: Exchange, tutor: Tutor) -> Assessment:
    """Judges one turn and writes the judgement down. The wish to be told is never a substantive turn."""
    if turn.told:
        given = Assessment(why="question_only_lookup", judge="rules")
    else:
        given = assess(message_of(lab, talk.exchanges[: turn.number - 1], turn), tutor.judge, local_judge())
    journal.judged(talk.id, turn.number, given)
    return given


def message_of(lab: Lab, before: tuple[Exchange, ...], turn: Exchange) -> Message:
    """The turn as a judge sees it."""
    return Message(
        lab=lab,
        case=case_of(lab, turn.case),
        tutor=turn.tutor,
        learner=turn.learner,
        question=question_of(lab, case_of(lab, turn.case), turn.point),
        earlier=tuple(one.learner for one in before if not one.told),
        counted=tuple(one.learner for one in before if one.counted),
    )


def authored(lab: Lab, exchanges: tuple[Exchange, ...], move: Move, language: str) -> str:
    """The reply in the labs' own words; the last one carries the summary of what this learner showed."""
    words = voice.say(move, language)
    note = voice.phrases(language)["note"]
    if note and all(language_of(one.learner) != language for one in exchanges[:-1]):
        words = f"{note} {words}"
    return f"{words}\n\n{closing_words(lab, exchanges, language)}" if move.reaction in ("closed", "leaving") else words


def open_turn(talk: Talk) -> Exchange | None:
    """The turn that still waits for its reply, after a reload or a failure."""
    return talk.exchanges[-1] if talk.exchanges and talk.exchanges[-1].reply is None else None


def where(talk: Talk) -> Standing:
    """How many turns counted, and whether the lab is complete."""
    return standing(talk.exchanges)
