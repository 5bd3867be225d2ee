"""The dialogue policy: from a judged message to the tutor's next move. First the diagnosis, then what to do about it.

A move is made of authored text and of numbers that code computed; a voice puts it in words, with or without a language
model. Everything is read from the transcript, so the same transcript always gives the same move. The ladder follows
AutoTutor's (Nye, Graesser & Hu 2014, doi 10.1007/s40593-014-0029-5): pump and hint, prompt, assertion, summary.

    counted, with a belief that misleads    meet the belief, ask the question that repairs it
    counted                                 name what is right, go on to the next question
    not counted, once                       say why, say where to look
    twice in a row                          a smaller question
    three times                             after honest tries it is told, else a case of everyday life
    four times                              what was tried for twice is told, and a fresh case begins
    third counted turn                      the closing question; its answer ends the lab with a summary
    after that                              whoever wants to leave gets the summary
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from labs import Case, Lab, Question, case_of, fresh_case
from tutor.dialogue.arithmetic import Calculation, check_margin
from tutor.dialogue.glossary import look_up_term
from tutor.exchange import REQUIRED, Assessment, Exchange, Point
from tutor.judge.assessment import lab_progress

Reaction = Literal[
    "counted", "misled", "repaired", "told", "early", "closing", "closed", "leaving", "defined", "undefined",
    "unsure", "too_short", "off_topic", "copy_paste", "repetition", "keyword_stuffing", "injection",
    "empty_agreement", "gibberish",
]  # fmt: skip
_ATTEMPTS = ("too_short", "question_only_lookup")  # kinds of turn that do not count and are honest tries all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueMove:
    """What the tutor does next.

    reaction     to what kind of turn; the phrases that open the reply go by it
    case         the case that is talked about from now on
    point        what the question is about
    body         authored text: what is right, a hint, a worked case, the answer
    question     authored: the one question at the end
    lead         the phrase between body and question, by its name in the phrase book
    quote        the learner's words that are taken up
    calculation  computed, when the learner stated a margin
    variant      how often this reaction came before, so that words change
    """

    reaction: Reaction
    case: Case
    point: Point
    body: str = ""
    question: str = ""
    lead: str = ""
    quote: str = ""
    calculation: Calculation | None = None
    variant: int = 0


def opening_move(case: Case) -> DialogueMove:
    """The tutor begins with the case, never with an empty box."""
    first = case.questions[0]
    return DialogueMove(reaction="counted", case=case, point=_point(first), question=first.ask)


def next_move(lab: Lab, exchanges: Sequence[Exchange]) -> DialogueMove:
    """The move that answers the last exchange, which has been judged."""
    return _DialogueState(lab, exchanges).move()


def question_at(lab: Lab, case: Case, point: Point) -> str:
    """The authored question behind a point; "" when the lab is closed or has changed since.

    lab    holds the questions about its concepts and beliefs, and the closing ones
    case   holds the questions about itself
    point  which of them
    """
    if point.kind == "question":
        question = _find(case, point.id)
        return question.ask if question else ""
    if point.kind == "transfer":
        return lab.transfer[int(point.id)].ask if int(point.id) < len(lab.transfer) else ""
    if point.kind == "measured":  # the whole question has the learner's figures (measured.py); this is the smaller one
        return lab.measurement.prompt if lab.measurement else ""
    known = {f"concept:{concept.id}": concept.ask for concept in lab.concepts} | {
        f"belief:{belief.id}": belief.ask for belief in lab.misconceptions
    }
    return known.get(str(point), "")


class _DialogueState:
    """What a transcript says about where the dialogue stands. Lives for one call."""

    def __init__(self, lab: Lab, exchanges: Sequence[Exchange]) -> None:
        self.lab, self.before, self.last = lab, exchanges[:-1], exchanges[-1]
        assert self.last.assessment is not None
        self.assessment: Assessment = self.last.assessment
        self.case = case_of(lab, self.last.case)
        self.uncounted_streak = lab_progress(exchanges).uncounted_streak
        self.counted = lab_progress(self.before).counted + self.assessment.substantive
        self.asked = {str(exchange.point) for exchange in exchanges if exchange.case == self.case.id}
        self.covered = {
            concept
            for exchange in exchanges
            if exchange.assessment and exchange.assessment.misconception is None
            for concept in exchange.assessment.concepts
        }
        self.met = {exchange.point.id for exchange in exchanges if exchange.point.kind == "belief"}
        kinds = [exchange.point.kind for exchange in exchanges if exchange.point.kind != "belief"]
        self.ending = self.counted >= REQUIRED and kinds[-1:] in (["transfer"], ["closed"])

    def move(self) -> DialogueMove:
        """The rows of the table above, the first that applies."""
        if self.last.told and self.last.point.kind != "closed":
            return self._tell() if self.attempts() >= 2 else self._defer_telling()
        if not self.assessment.substantive:
            return self._step_down()
        if self.assessment.misconception and self.assessment.misconception not in self.met:
            return self._meet_belief(self.assessment.misconception)
        if self.ending:
            return self._close()
        if self.counted >= REQUIRED and not any(exchange.point.kind == "transfer" for exchange in self.before):
            return self._ask_transfer()
        return self._go_on()

    def attempts(self) -> int:
        """Honest tries at the open point. It is told after two: asking alone opens nothing."""
        here = (self.last.point, self.case.id)
        turns = [turn for turn in (*self.before, self.last) if (turn.point, turn.case) == here]
        judged = [turn.assessment for turn in turns if turn.assessment and not turn.told]
        return sum(given.substantive or given.honest_unknown or given.why in _ATTEMPTS for given in judged)

    # ------------------------------------------------------------------ the moves

    def _move(self, reaction: Reaction, **parts: object) -> DialogueMove:
        earlier = [exchange for exchange in self.before if exchange.assessment]
        variant = sum(_kind(exchange) == _kind(self.last) for exchange in earlier)
        given: dict[str, object] = {"case": self.case, "point": self.last.point, "quote": self.assessment.quote}
        return DialogueMove(reaction=reaction, variant=variant, **{**given, **parts})  # type: ignore[arg-type]

    def _go_on(self) -> DialogueMove:
        point, question, case = self._next_question()
        last = self.last.point
        repaired = last.kind == "belief" and self.assessment.misconception != last.id
        return self._move(
            "repaired" if repaired else "counted",
            body=self._affirmation(),
            calculation=check_margin(self.last.learner, self.case),
            point=point,
            question=question,
            case=case,
            lead="fresh" if case.id != self.case.id else "",
        )

    def _meet_belief(self, belief_id: str) -> DialogueMove:
        belief = self.lab.misconception(belief_id)
        calculation = check_margin(self.last.learner, self.case)
        point = Point(kind="belief", id=belief_id)
        return self._move("misled", body=belief.meet, question=belief.ask, point=point, calculation=calculation)

    def _ask_transfer(self) -> DialogueMove:
        which = sum(ord(letter) for letter in self.case.id) % len(self.lab.transfer)
        return self._move(
            "closing",
            body=self._affirmation(),
            calculation=check_margin(self.last.learner, self.case),
            point=Point(kind="transfer", id=str(which)),
            question=self.lab.transfer[which].ask,
            lead="closing",
        )

    def _close(self) -> DialogueMove:
        return self._move("closed", body=self._affirmation(), point=Point(kind="closed", id="end"))

    def _tell(self) -> DialogueMove:
        point, question, case = self._next_question()
        return self._move("told", body=self._answer(), question=question, point=point, case=case, quote="")

    def _defer_telling(self) -> DialogueMove:
        return self._move("early", question=self._smaller_question(), quote="")

    def _step_down(self) -> DialogueMove:
        """The hint ladder of the table above, one step lower with every message that does not count."""
        why = self.assessment.why
        reaction: Reaction = "unsure" if self.assessment.honest_unknown else _REACTIONS[why]
        body = ""
        if why == "question_only_lookup":
            body = look_up_term(self.last.learner, self.lab.glossary) or ""
            reaction = "defined" if body else "undefined"
        step = (self.uncounted_streak - 1) % 4 + 1
        quote = _first_words(self.last.learner) if reaction == "too_short" else ""
        if self.ending:
            return self._move("leaving", body=body, quote="")
        if step == 1 and not body and reaction != "unsure":
            hint = self._hint()
            lead = "pump" if hint else "parallel"
            return self._move(reaction, body=hint or self._worked_case(), lead=lead, quote=quote)
        if step <= 2 or body:
            return self._move(reaction, body=body, question=self._smaller_question(), quote=quote, lead="smaller")
        if step == 3 and self.attempts() >= 2:
            return self._tell()
        if step == 3 and self._hint():
            return self._move(reaction, body=self._worked_case(), lead="parallel", quote=quote)
        if step == 3:  # no case of everyday life is left: it was the first hint
            return self._move(reaction, body=self._gist(), question=self._smaller_question(), quote=quote)
        return self._begin_other_case(reaction)

    def _begin_other_case(self, reaction: Reaction) -> DialogueMove:
        case = self._other_case()
        first = case.questions[0]
        told = self.attempts() >= 2
        return self._move(
            "told" if told else reaction,
            body=self._answer() if told else self._gist(),
            case=case,
            point=_point(first),
            question=first.ask,
            lead="fresh",
            quote="",
        )

    # ------------------------------------------------------- where the talk goes

    def _next_question(self) -> tuple[Point, str, Case]:
        """The next question of the case that is still open, then the concepts nobody touched, then another case."""
        left = [question for question in self.case.questions if str(_point(question)) not in self.asked]
        for question in left:
            if not set(question.concepts) <= self.covered:
                return _point(question), question.ask, self.case
        for concept in self.lab.concepts:
            point = Point(kind="concept", id=concept.id)
            if concept.id not in self.covered and str(point) not in self.asked and self._raises(concept.id):
                return point, concept.ask, self.case
        case = self._other_case()
        first = case.questions[0]
        return _point(first), first.ask, case

    def _raises(self, concept: str) -> bool:
        """Whether this case raises the concept at all, so that no question falls from the sky."""
        return any(concept in question.concepts for question in self.case.questions)

    def _other_case(self) -> Case:
        seen = {exchange.case for exchange in self.before} | {self.case.id}
        for case in self.lab.cases:
            if case.id not in seen:
                return case
        return fresh_case(self.lab, len(self.before)) if self.lab.templates else self.case

    # ------------------------------------------------- authored texts at this point

    def _open_question(self) -> Question | None:
        """The case's question that waits for an answer; None when the point is a concept, a belief or the closing."""
        return _find(self.case, self.last.point.id) if self.last.point.kind == "question" else None

    def _concepts(self) -> tuple[str, ...]:
        """What the open point is about, by id."""
        point = self.last.point
        if question := self._open_question():
            return question.concepts
        if point.kind == "concept":
            return (point.id,)
        if point.kind == "measured":
            return (self.lab.measurement.concept,) if self.lab.measurement else ()
        return (self.lab.misconception(point.id).concept,) if point.kind == "belief" else ()

    def _affirmation(self) -> str:
        """What is right in the answer, about the concept that was asked for if that is among them."""
        wanted = self._concepts()
        shown = sorted(self.assessment.concepts, key=lambda id: id not in wanted)
        if not shown:
            return ""
        concept = self.lab.concept(shown[0])
        before = (exchange.assessment for exchange in self.before if exchange.assessment)
        return concept.affirm[sum(concept.id in given.concepts for given in before) % len(concept.affirm)]

    def _hint(self) -> str:
        """Where to look, for a question about the case; other points have none."""
        question = self._open_question()
        return question.hint if question else ""

    def _smaller_question(self) -> str:
        question = self._open_question()
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
        question = self._open_question()
        return question.tell if question else self._worked_case()


_REACTIONS: dict[str, Reaction] = {
    "too_short": "too_short", "off_topic": "off_topic", "copy_paste": "copy_paste", "repetition": "repetition",
    "keyword_stuffing": "keyword_stuffing", "injection": "injection", "empty_agreement": "empty_agreement",
    "gibberish": "gibberish", "question_only_lookup": "defined",
}  # fmt: skip


def _kind(exchange: Exchange) -> str:
    assessment = exchange.assessment
    assert assessment is not None
    return "counted" if assessment.substantive else assessment.why


def _point(question: Question) -> Point:
    return Point(kind="question", id=question.id)


def _find(case: Case, id: str) -> Question | None:
    return next((question for question in case.questions if question.id == id), None)


def _first_words(text: str) -> str:
    words = text.split()
    return " ".join(words[:6]) + ("…" if len(words) > 6 else "")
