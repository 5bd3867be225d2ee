"""The dialogue policy: from a judged message to the tutor's next move. First the diagnosis, then what to do about it.

A move is made of authored text and of numbers that code computed; a voice puts it in words, with or without a language
model. Everything is read from the transcript (state.py), so the same transcript always gives the same move. The ladder
follows AutoTutor's (Nye, Graesser & Hu 2014, doi 10.1007/s40593-014-0029-5): pump and hint, prompt, assertion, summary.

    asks for a term or a fact               it is given, whatever else the message does
    surely holds a belief that misleads     meet it; held again, another angle; a third time, it is left open
    may hold one                            ask whether it was meant so
    counted                                 say what is right where an expectation is stated, else take it up as it is;
                                            then ask for what is missing, or the next question that is not covered
    not counted, once                       say why, say where to look
    twice in a row                          a smaller question
    three times                             after honest tries it is told, else a case of everyday life
    four times                              another case is offered
    enough counted, or all is covered       the closing question; its answer ends the lab with a summary
    after that                              whoever wants to leave gets the summary, once

Praise needs evidence: a stretch of the learner's words that states an expectation. A case changes when the learner
agrees to it and never else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from labs import Case, Lab, case_of, fresh_case
from tutor.dialogue.glossary import Definition, asked_facts, asked_terms
from tutor.dialogue.numbers import NumberCheck, check_numbers
from tutor.dialogue.state import DialogueState, expectation_point, find_question, question_at, question_point
from tutor.exchange import Exchange, Point, Why
from tutor.text.stances import Answer, answer_to_offer, objects

Reaction = Literal[
    "counted", "noted", "objected", "misled", "insisted", "left_open", "confirm", "misread", "repaired", "told",
    "early", "closed", "leaving", "ended", "accepted", "declined", "defined", "undefined", "unsure", "too_short",
    "off_topic", "copy_paste", "repetition", "keyword_stuffing", "injection", "empty_agreement", "gibberish",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueMove:
    """What the tutor does next.

    reaction     to what kind of turn; the phrases that open the reply go by it
    case         the case that is talked about from now on
    point        what the question is about
    quote        the learner's words that are taken up
    definitions  terms and facts that the learner asked for; they come first
    checks       numbers of the message that are confirmed, corrected or asked about
    body         authored text: what is right, a hint, a worked case, the answer
    aside        of a number that was measured, or of the learner's sheet
    lead         the phrase between body and question, by its name in the phrase book
    question     authored: the one question at the end
    offered      title of the case that is offered
    variant      how often this reaction came before, so that words change
    """

    reaction: Reaction
    case: Case
    point: Point
    quote: str = ""
    definitions: tuple[Definition, ...] = ()
    checks: tuple[NumberCheck, ...] = ()
    body: str = ""
    aside: str = ""
    lead: str = ""
    question: str = ""
    offered: str = ""
    variant: int = 0


def opening_move(case: Case) -> DialogueMove:
    """The tutor begins with the case, never with an empty box."""
    first = case.questions[0]
    return DialogueMove(reaction="noted", case=case, point=question_point(first), question=first.ask)


def next_move(lab: Lab, exchanges: Sequence[Exchange], aside: str = "") -> DialogueMove:
    """The move that answers the last exchange, which has been judged.

    lab        what is taught
    exchanges  the talk so far, oldest first
    aside      what is to be said of a number that was measured, or of the learner's sheet, beside a counted answer
    """
    return _Policy(lab, exchanges, aside).move()


class _Policy:
    """The rows of the table above. Lives for one call."""

    def __init__(self, lab: Lab, exchanges: Sequence[Exchange], aside: str) -> None:
        self.lab, self.state, self.aside = lab, DialogueState(lab, exchanges), aside
        self.case, self.last, self.assessment = self.state.case, self.state.last, self.state.assessment
        self.definitions = () if self.last.told else _asked(self.last.learner, lab, self.case)

    def move(self) -> DialogueMove:
        """The first row that applies."""
        state, given = self.state, self.assessment
        if self.last.told and not state.ending:
            answers = self.last.point.kind not in ("offer", "confirm", "transfer")
            return self._tell() if answers and state.attempts() >= 2 else self._defer_telling()
        answer: Answer = "" if given.honest_unknown else answer_to_offer(self.last.learner)
        if self.last.point.kind == "offer" and not given.substantive:
            return self._after_offer(answer)
        if self.last.point.kind == "confirm" and not (given.misconception or given.denied):
            return self._after_confirming(answer)
        if not given.substantive:
            return self._step_down()
        if given.misconception:
            return self._meet_belief(given.misconception)
        if self._may_hold(given.suspected):
            return self._confirm(str(given.suspected))
        if state.ending:
            return self._close()
        return self._go_on()

    def _may_hold(self, belief: str | None) -> bool:
        """Whether to ask about a suspicion: once, not at the end, and not of somebody who states what is right."""
        asked = f"confirm:{belief}" in self.state.asked
        return bool(belief) and not (asked or self.definitions or self.state.ending or self.assessment.stated)

    def _move(self, reaction: Reaction, **parts: object) -> DialogueMove:
        earlier = (exchange.assessment for exchange in self.state.before if exchange.assessment)
        variant = sum(_kind(one.why) == _kind(self.assessment.why) for one in earlier)
        given: dict[str, object] = {
            "case": self.case,
            "point": self.last.point,
            "quote": self.assessment.quote,
            "definitions": self.definitions,
        }
        return DialogueMove(reaction=reaction, variant=variant, **{**given, **parts})  # type: ignore[arg-type]

    # ------------------------------------------------------------------ counted

    def _go_on(self) -> DialogueMove:
        reaction, body, quote = self._reading()
        checks = check_numbers(self.last.learner, self.case)
        return self._move(reaction, body=body, quote=quote, checks=checks, aside=self.aside, **self._next_step())

    def _reading(self) -> tuple[Reaction, str, str]:
        """How the answer is taken up: the reaction, what is right about it, and the words that show it."""
        state, given = self.state, self.assessment
        if given.denied and given.denied in state.open_beliefs:
            return "repaired", "", given.quote
        evidence = state.newly_stated()
        if evidence and (expectation := state.expectation(evidence)):
            return "counted", expectation.affirm, evidence.quote
        if objects(self.last.learner) and state.before:
            return "objected", self._ground(), given.quote
        return "noted", "", given.quote

    def _ground(self) -> str:
        """What the tutor rests on, for somebody who objects."""
        if self.last.point.kind in ("belief", "confirm"):
            return self.lab.concept(self.lab.misconception(self.last.point.id).concept).worked
        concepts = self._concepts()
        return self.lab.concept(concepts[0]).gist if concepts else ""

    def _next_step(self, *, told: bool = False) -> dict[str, object]:
        """What is asked next: what is missing here, the next question of the case, the closing one, another case.

        told  whether the answer to the open question was just told: nothing of it is missing then
        """
        state, enough = self.state, self.state.progress.complete
        if not enough or state.transferred:
            here = None if told else state.open_question
            if here and not state.done(here) and (missing := state.missing(here)):
                return {"point": expectation_point(here, missing[0]), "question": missing[0].ask}
            for question in self.case.questions:
                if not state.done(question) and str(question_point(question)) not in state.asked:
                    return {"point": question_point(question), "question": question.ask}
        if not state.transferred and self.last.point.kind != "transfer":
            return self._transfer("closing" if enough else "covered")
        return self._offer(self._other_case())

    def _transfer(self, lead: str) -> dict[str, object]:
        which = sum(ord(letter) for letter in self.case.id) % len(self.lab.transfer)
        return {
            "point": Point(kind="transfer", id=str(which)),
            "question": self.lab.transfer[which].ask,
            "lead": lead,
        }

    def _offer(self, other: Case) -> dict[str, object]:
        """Another case, if the learner likes: the phrase book has the question."""
        return {"point": Point(kind="offer", id=other.id), "lead": "offer", "offered": other.title}

    def _close(self) -> DialogueMove:
        if self.last.point.kind == "closed":
            return self._move("ended", quote="")
        _, body, quote = self._reading()
        checks = check_numbers(self.last.learner, self.case)
        return self._move("closed", body=body, quote=quote, checks=checks, point=Point(kind="closed", id="end"))

    # -------------------------------------------------------------- the beliefs

    def _meet_belief(self, id: str) -> DialogueMove:
        belief, met = self.lab.misconception(id), self.state.times_met(id)
        checks = check_numbers(self.last.learner, self.case)
        point = Point(kind="belief", id=id)
        if met == 0:
            return self._move("misled", body=belief.meet, question=belief.ask, point=point, checks=checks)
        if met == 1:
            worked = self.lab.concept(belief.concept).worked
            return self._move("insisted", body=worked, lead="parallel", point=point, checks=checks)
        if self.state.ending:
            return self._close()
        return self._move("left_open", checks=checks, **self._next_step())

    def _confirm(self, id: str) -> DialogueMove:
        """The belief in the words of somebody who holds it, as a question."""
        belief = self.lab.misconception(id)
        body = belief.held[0] if belief.held else belief.belief
        checks = check_numbers(self.last.learner, self.case)
        return self._move("confirm", body=body, point=Point(kind="confirm", id=id), lead="confirm", checks=checks)

    def _after_confirming(self, answer: Answer) -> DialogueMove:
        belief = self.lab.misconception(self.last.point.id)
        if answer == "yes":
            point = Point(kind="belief", id=belief.id)
            return self._move("misled", body=belief.meet, question=belief.ask, point=point, quote="")
        if self.state.ending and (answer == "no" or self.assessment.substantive):
            return self._close()
        if answer == "no":
            return self._move("misread", quote="", **self._next_step())
        if self.assessment.substantive:
            return self._go_on()
        if self.state.ending:
            return self._step_down()
        return self._move(self._uncounted(), quote="", **self._smaller_step())

    # --------------------------------------------------------------- being told

    def _tell(self) -> DialogueMove:
        return self._move("told", body=self._answer(), quote="", **self._next_step(told=True))

    def _defer_telling(self) -> DialogueMove:
        return self._move("early", quote="", **self._smaller_step())

    # -------------------------------------------------------------- not counted

    def _step_down(self) -> DialogueMove:
        """The hint ladder of the table above, one step lower with every message at this point that does not count."""
        given, state = self.assessment, self.state
        why = given.why
        if self.last.point.kind == "closed":
            return self._move("ended", quote="")
        if state.ending and not self.definitions:
            return self._move("leaving", quote="")
        if why == "question_only_lookup":
            return self._move(self._uncounted(), question=self._open_ask(), quote="")
        reaction = self._uncounted()
        quote = _first_words(self.last.learner) if reaction == "too_short" else ""
        if why == "empty_agreement" and state.refusals() < 3:
            return self._move(reaction, question=self._open_ask(), quote="")
        step = min(state.refusals(), 4)
        if step >= 3 and state.attempts() >= 2:
            return self._tell()
        if step == 4:
            return self._move(reaction, body=self._gist(), quote="", **self._offer(self._other_case()))
        if step <= 1 and (hint := self._hint()) and reaction != "unsure":
            return self._move(reaction, body=hint, lead="pump", quote=quote)
        if step == 3 and (worked := self._worked_case()):
            return self._move(reaction, body=worked, lead="parallel", quote=quote)
        return self._move(reaction, quote=quote, **self._smaller_step())

    def _uncounted(self) -> Reaction:
        """The reaction to a message that does not count, by what kind of message it is."""
        if self.assessment.honest_unknown and self.last.point.kind != "offer":
            return "unsure"
        asks = self.assessment.why == "question_only_lookup"
        return "defined" if asks and self.definitions else _REACTIONS[self.assessment.why]

    def _after_offer(self, answer: Answer) -> DialogueMove:
        if answer == "yes":
            case = case_of(self.lab, self.last.point.id)
            first = case.questions[0]
            return self._move("accepted", case=case, point=question_point(first), question=first.ask, quote="")
        if self.state.ending or (answer == "no" and self.state.progress.complete):
            return self._move("leaving", quote="")
        if answer == "no":
            return self._move("declined", quote="", **self._smaller_step())
        same = self._offer(case_of(self.lab, self.last.point.id))
        return self._move(self._uncounted(), quote="", **same)

    def _smaller_step(self) -> dict[str, object]:
        """The open question in its smaller form; after one for a yes or no, the last question before that."""
        if self.last.point.kind not in ("offer", "confirm"):
            return {"question": self._smaller_question()}
        at = (find_question(self.case, turn.point) for turn in reversed(self.state.before) if turn.case == self.case.id)
        last = next((question for question in at if question), self.case.questions[0])
        return {"point": question_point(last), "question": last.prompt}

    def _other_case(self) -> Case:
        seen = {exchange.case for exchange in self.state.before} | {self.case.id}
        for case in self.lab.cases:
            if case.id not in seen:
                return case
        return fresh_case(self.lab, len(self.state.before)) if self.lab.templates else self.case

    # ------------------------------------------------- authored texts at this point

    def _concepts(self) -> tuple[str, ...]:
        """What the open point is about, by id."""
        point = self.last.point
        if question := self.state.open_question:
            return question.concepts
        if point.kind == "concept":
            return (point.id,)
        if point.kind == "measured":
            return (self.lab.measurement.concept,) if self.lab.measurement else ()
        return (self.lab.misconception(point.id).concept,) if point.kind in ("belief", "confirm") else ()

    def _open_ask(self) -> str:
        """The question that is open, in its own words."""
        return question_at(self.lab, self.case, self.last.point) or self._smaller_question()

    def _hint(self) -> str:
        """Where to look, for a question about the case; other points have none."""
        question = self.state.open_question
        return question.hint if question else ""

    def _smaller_question(self) -> str:
        question = self.state.open_question
        return question.prompt if question else question_at(self.lab, self.case, self.last.point)

    def _worked_case(self) -> str:
        """A case of everyday life that works the same way."""
        concepts = self._concepts()
        return self.lab.concept(concepts[0]).worked if concepts else ""

    def _gist(self) -> str:
        """What the point is about, without the answer: nobody is told who did not try."""
        concepts = self._concepts()
        return self.lab.concept(concepts[0]).gist if concepts else ""

    def _answer(self) -> str:
        question = self.state.open_question
        return question.tell if question else self._worked_case()


_REACTIONS: dict[Why, Reaction] = {
    "too_short": "too_short", "off_topic": "off_topic", "copy_paste": "copy_paste", "repetition": "repetition",
    "keyword_stuffing": "keyword_stuffing", "injection": "injection", "empty_agreement": "empty_agreement",
    "gibberish": "gibberish", "question_only_lookup": "undefined",
}  # fmt: skip


def _asked(message: str, lab: Lab, case: Case) -> tuple[Definition, ...]:
    """What the message asks to know, at most two things."""
    return (*asked_terms(message, lab), *asked_facts(message, case))[:2]


def _kind(why: Why) -> str:
    return "counted" if why not in _REACTIONS else why


def _first_words(text: str) -> str:
    words = text.split()
    return " ".join(words[:6]) + ("…" if len(words) > 6 else "")
