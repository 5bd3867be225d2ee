"""From a judged message to the tutor's next move: first what is the matter, then what to do, then the question.

A move is made of authored text and of numbers that code computed; `voice.py` says it, with or without a language
model. Everything is read from the transcript, so the same transcript always gives the same move.

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
from tutor.dialogue.arithmetic import Calculation, checked
from tutor.dialogue.quoting import term_in
from tutor.exchange import REQUIRED, Assessment, Exchange, Point
from tutor.judge.assessment import standing

Reaction = Literal[
    "counted", "misled", "repaired", "told", "early", "closing", "closed", "leaving", "defined", "undefined",
    "unsure", "too_short", "off_topic", "copy_paste", "repetition", "keyword_stuffing", "injection",
    "empty_agreement", "gibberish",
]  # fmt: skip
HONEST = ("too_short", "question_only_lookup")  # kinds of turn that are tries all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What to do next. `body` and `question` are authored; `calculation` is computed; `quote` is the learner's."""

    reaction: Reaction
    case: Case
    point: Point
    body: str = ""
    question: str = ""
    lead: str = ""  # the phrase between body and question, by its name in the phrase book
    quote: str = ""
    calculation: Calculation | None = None
    variant: int = 0  # how often this reaction came before, so that words change


def opening(lab: Lab, case: Case) -> Move:
    """The tutor begins with the case, never with an empty box."""
    first = case.questions[0]
    return Move(reaction="counted", case=case, point=_question(first), question=first.ask)


def next_move(lab: Lab, exchanges: Sequence[Exchange]) -> Move:
    """The move that answers the last exchange, which has been judged."""
    return _Reading(lab, exchanges).move()


def question_of(lab: Lab, case: Case, point: Point) -> str:
    """The authored question behind a point; "" when the lab is closed or has changed since."""
    if point.kind == "question":
        question = _find(case, point.id)
        return question.ask if question else ""
    if point.kind == "transfer":
        return lab.transfer[int(point.id)] if int(point.id) < len(lab.transfer) else ""
    known = {f"concept:{one.id}": one.ask for one in lab.concepts} | {
        f"belief:{one.id}": one.ask for one in lab.misconceptions
    }
    return known.get(str(point), "")


class _Reading:
    """One pass over a transcript. Lives for one call."""

    def __init__(self, lab: Lab, exchanges: Sequence[Exchange]) -> None:
        self.lab, self.before, self.last = lab, exchanges[:-1], exchanges[-1]
        assert self.last.assessment is not None
        self.now: Assessment = self.last.assessment
        self.case = case_of(lab, self.last.case)
        self.hollow = standing(exchanges).hollow
        self.counted = standing(self.before).counted + self.now.substantive
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

    def move(self) -> Move:
        if self.last.told and self.last.point.kind != "closed":
            return self._told() if self.may_be_told() else self._early()
        if not self.now.substantive:
            return self._hollow()
        if self.now.misconception and self.now.misconception not in self.met:
            return self._misled(self.now.misconception)
        if self.ending:
            return self._closed()
        if self.counted >= REQUIRED and not any(exchange.point.kind == "transfer" for exchange in self.before):
            return self._closing()
        return self._counted()

    def may_be_told(self) -> bool:
        """Two honest tries at this point come first: asking alone opens nothing."""
        return self.tries() >= 2

    def tries(self) -> int:
        mine = [one for one in (*self.before, self.last) if one.point == self.last.point and one.case == self.case.id]
        judged = [one.assessment for one in mine if one.assessment and not one.told]
        return sum(one.substantive or one.honest_unknown or one.why in HONEST for one in judged)

    def _made(self, reaction: Reaction, **parts: object) -> Move:
        earlier = [one for one in self.before if one.assessment]
        variant = sum(_kind(one) == _kind(self.last) for one in earlier)
        given: dict[str, object] = {"case": self.case, "point": self.last.point, "quote": self.now.quote}
        return Move(reaction=reaction, variant=variant, **{**given, **parts})  # type: ignore[arg-type]

    def _counted(self) -> Move:
        point, question, case = self._onwards()
        last = self.last.point
        repaired = last.kind == "belief" and self.now.misconception != last.id
        return self._made(
            "repaired" if repaired else "counted",
            body=self._affirmed(),
            calculation=checked(self.last.learner, self.case),
            point=point,
            question=question,
            case=case,
            lead="fresh" if case.id != self.case.id else "",
        )

    def _misled(self, belief_id: str) -> Move:
        belief = self.lab.misconception(belief_id)
        calculation = checked(self.last.learner, self.case)
        point = Point(kind="belief", id=belief_id)
        return self._made("misled", body=belief.meet, question=belief.ask, point=point, calculation=calculation)

    def _closing(self) -> Move:
        which = sum(ord(letter) for letter in self.case.id) % len(self.lab.transfer)
        point = Point(kind="transfer", id=str(which))
        return self._made(
            "closing", body=self._affirmed(), question=self.lab.transfer[which], point=point, lead="closing",
            calculation=checked(self.last.learner, self.case),
        )  # fmt: skip

    def _closed(self) -> Move:
        return self._made("closed", body=self._affirmed(), point=Point(kind="closed", id="end"))

    def _told(self) -> Move:
        point, question, case = self._onwards()
        return self._made("told", body=self._tale(), question=question, point=point, case=case, quote="")

    def _early(self) -> Move:
        return self._made("early", question=self._smaller(), quote="")

    def _hollow(self) -> Move:
        reaction: Reaction = "unsure" if self.now.honest_unknown else _REACTIONS[self.now.why]
        body = ""
        if self.now.why == "question_only_lookup":
            body = term_in(self.last.learner, self.lab.glossary) or ""
            reaction = "defined" if body else "undefined"
        step = (self.hollow - 1) % 4 + 1
        quote = _short(self.last.learner) if reaction == "too_short" else ""
        if self.ending:
            return self._made("leaving", body=body, quote="")
        if step == 1 and not body and reaction != "unsure":
            hint = self._hint()
            return self._made(reaction, body=hint or self._worked(), lead="pump" if hint else "parallel", quote=quote)
        if step <= 2 or body:
            return self._made(reaction, body=body, question=self._smaller(), quote=quote, lead="smaller")
        if step == 3 and self.tries() >= 2:
            return self._told()
        if step == 3 and self._hint():
            return self._made(reaction, body=self._worked(), lead="parallel", quote=quote)
        if step == 3:  # no case of everyday life is left: it was the first hint
            return self._made(reaction, body=self._idea(), question=self._smaller(), quote=quote)
        return self._fresh(reaction)

    def _fresh(self, reaction: Reaction) -> Move:
        case = self._other_case()
        first = case.questions[0]
        if self.may_be_told():
            reaction, body = "told", self._tale()
        else:
            body = self._idea()
        return self._made(
            reaction, body=body, case=case, point=_question(first), question=first.ask, lead="fresh", quote=""
        )

    def _affirmed(self) -> str:
        wanted = self._point_concepts()
        shown = sorted(self.now.concepts, key=lambda id: id not in wanted)
        if not shown:
            return ""
        concept = self.lab.concept(shown[0])
        times = sum(bool(one.assessment) and shown[0] in one.assessment.concepts for one in self.before)  # type: ignore[union-attr]
        return concept.affirm[times % len(concept.affirm)]

    def _onwards(self) -> tuple[Point, str, Case]:
        """The next question of the case that is still open, then the concepts nobody touched, then another case."""
        left = [question for question in self.case.questions if str(_question(question)) not in self.asked]
        for question in left:
            if not set(question.concepts) <= self.covered:
                return _question(question), question.ask, self.case
        for concept in self.lab.concepts:
            point = Point(kind="concept", id=concept.id)
            if concept.id not in self.covered and str(point) not in self.asked and self._fits(concept.id):
                return point, concept.ask, self.case
        case = self._other_case()
        first = case.questions[0]
        return _question(first), first.ask, case

    def _fits(self, concept: str) -> bool:
        """Whether this case raises the concept at all, so that no question falls from the sky."""
        return any(concept in question.concepts for question in self.case.questions)

    def _other_case(self) -> Case:
        seen = {one.case for one in self.before} | {self.case.id}
        for case in self.lab.cases:
            if case.id not in seen:
                return case
        return fresh_case(self.lab, len(self.before)) if self.lab.templates else self.case

    def _point_concepts(self) -> tuple[str, ...]:
        point = self.last.point
        if point.kind == "question" and (question := _find(self.case, point.id)):
            return question.concepts
        if point.kind == "concept":
            return (point.id,)
        return (self.lab.misconception(point.id).concept,) if point.kind == "belief" else ()

    def _hint(self) -> str:
        """Where to look, for a question about the case; other points have none."""
        question = _find(self.case, self.last.point.id) if self.last.point.kind == "question" else None
        return question.hint if question else ""

    def _smaller(self) -> str:
        point = self.last.point
        if point.kind == "question" and (question := _find(self.case, point.id)):
            return question.prompt
        return question_of(self.lab, self.case, point)

    def _worked(self) -> str:
        concepts = self._point_concepts()
        return self.lab.concept(concepts[0]).worked if concepts else ""

    def _idea(self) -> str:
        """What the point is about, without the answer: nobody is told who did not try."""
        concepts = self._point_concepts()
        return self.lab.concept(concepts[0]).gist if concepts else ""

    def _tale(self) -> str:
        point = self.last.point
        if point.kind == "question" and (question := _find(self.case, point.id)):
            return question.tell
        return self._worked()


_REACTIONS: dict[str, Reaction] = {
    "too_short": "too_short", "off_topic": "off_topic", "copy_paste": "copy_paste", "repetition": "repetition",
    "keyword_stuffing": "keyword_stuffing", "injection": "injection", "empty_agreement": "empty_agreement",
    "gibberish": "gibberish", "question_only_lookup": "defined",
}  # fmt: skip


def _kind(exchange: Exchange) -> str:
    assessment = exchange.assessment
    assert assessment is not None
    return "counted" if assessment.substantive else assessment.why


def _question(question: Question) -> Point:
    return Point(kind="question", id=question.id)


def _find(case: Case, id: str) -> Question | None:
    return next((question for question in case.questions if question.id == id), None)


def _short(text: str) -> str:
    words = text.split()
    return " ".join(words[:6]) + ("…" if len(words) > 6 else "")
