"""Where a dialogue stands, read from its transcript: what was asked, what is covered, which beliefs are open.

Nothing here is kept between two calls, so the same transcript always gives the same state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import takewhile

from labs import Case, Expectation, Lab, Question, TransferQuestion, case_of
from tutor.exchange import Assessment, Evidence, Exchange, Point
from tutor.judge.assessment import lab_progress
from tutor.text.stances import answer_to_offer

ENOUGH = 2
"""Expectations of a question that are covered when nobody asks for more of it, and turns that are spent on it."""
_SEPARATOR = "/"


def question_point(question: Question) -> Point:
    """The point at which a case's question is open."""
    return Point(kind="question", id=question.id)


def expectation_point(question: Question, expectation: Expectation) -> Point:
    """The point at which one thing that is missing from the answer to a question is asked for."""
    return Point(kind="expectation", id=f"{question.id}{_SEPARATOR}{expectation.id}")


def find_question(case: Case, point: Point) -> Question | None:
    """The case's question that a point belongs to; None at any other kind of point, or when the case has it no more."""
    if point.kind not in ("question", "expectation"):
        return None
    id = point.id.partition(_SEPARATOR)[0]
    return next((question for question in case.questions if question.id == id), None)


def find_expectation(case: Case, point: Point) -> Expectation | None:
    """The expectation that is asked for at a point; None at any other."""
    question = find_question(case, point)
    id = point.id.partition(_SEPARATOR)[2]
    return next((one for one in question.expect if one.id == id), None) if question and id else None


def question_at(lab: Lab, case: Case, point: Point) -> str:
    """The authored question behind a point; "" when it has none, or the lab has changed since.

    lab    holds the questions about its concepts and beliefs, and the closing ones
    case   holds the questions about itself
    point  which of them
    """
    if expectation := find_expectation(case, point):
        return expectation.ask
    if question := find_question(case, point):
        return question.ask
    if point.kind == "transfer":
        return lab.transfer[int(point.id)].ask if int(point.id) < len(lab.transfer) else ""
    if point.kind == "measured":  # the whole question has the learner's figures (measured.py); this is the smaller one
        return lab.measurement.prompt if lab.measurement else ""
    known = {f"concept:{concept.id}": concept.ask for concept in lab.concepts}
    known |= {f"belief:{belief.id}": belief.ask for belief in lab.misconceptions}
    return known.get(str(point), "")


class DialogueState:
    """What a transcript says when its last exchange is judged and waits for its reply.

    before, last  the exchanges without the last one, and the last one
    assessment    of the last one
    case          that the last one was about
    counted       exchanges that count, the last one among them if it will
    """

    def __init__(self, lab: Lab, exchanges: Sequence[Exchange]) -> None:
        self.lab, self.before, self.last = lab, tuple(exchanges[:-1]), exchanges[-1]
        assert self.last.assessment is not None
        self.assessment: Assessment = self.last.assessment
        self.case = case_of(lab, self.last.case)
        self.progress = lab_progress((*self.before, self.last), replied=True)

    @property
    def counted(self) -> int:
        return self.progress.counted

    # ------------------------------------------------------------- what is covered

    @cached_property
    def covered_before(self) -> frozenset[tuple[str, str, str]]:
        """(case, question, expectation) that earlier counted turns stated."""
        return frozenset(_stated(self.before))

    @cached_property
    def covered(self) -> frozenset[tuple[str, str, str]]:
        """The same, with the last turn."""
        return frozenset(_stated((*self.before, self.last)))

    def newly_stated(self) -> Evidence | None:
        """The expectation that the last turn is praised for: new ones first, then those that were asked for."""
        if not self.assessment.substantive:
            return None
        open_question = find_question(self.case, self.last.point)
        here = open_question.id if open_question else ""
        ranked = sorted(self.assessment.stated, key=lambda one: (self._known(one), one.question != here))
        return next((one for one in ranked if not self._known(one)), None)

    def _known(self, evidence: Evidence) -> bool:
        return (self.case.id, evidence.question, evidence.expectation) in self.covered_before

    def expectation(self, evidence: Evidence) -> Expectation | None:
        """What a piece of evidence is evidence of; None when the lab has it no more."""
        sources: list[tuple[str, Question | TransferQuestion]] = [(one.id, one) for one in self.case.questions]
        sources += [(f"transfer:{index}", one) for index, one in enumerate(self.lab.transfer)]
        for id, source in sources:
            if id == evidence.question:
                return next((one for one in source.expect if one.id == evidence.expectation), None)
        return None

    def missing(self, question: Question) -> tuple[Expectation, ...]:
        """Expectations of a question of this case that nobody stated and nobody asked for."""
        return tuple(
            one
            for one in question.expect
            if (self.case.id, question.id, one.id) not in self.covered
            and str(expectation_point(question, one)) not in self.asked
        )

    def done(self, question: Question) -> bool:
        """Whether nothing more of a question of this case is asked for."""
        here = sum((self.case.id, question.id, one.id) in self.covered for one in question.expect)
        return here >= min(ENOUGH, len(question.expect) or 1) or self._turns_on(question) >= ENOUGH

    def _turns_on(self, question: Question) -> int:
        """Counted turns that a question took."""
        return sum(
            exchange.case == self.case.id
            and find_question(self.case, exchange.point) == question
            and exchange.assessment is not None
            and exchange.assessment.substantive
            for exchange in (*self.before, self.last)
        )

    # -------------------------------------------------------------- what was asked

    @cached_property
    def asked(self) -> frozenset[str]:
        """The points of this case that were open so far."""
        return frozenset(str(turn.point) for turn in (*self.before, self.last) if turn.case == self.case.id)

    @property
    def open_question(self) -> Question | None:
        """The case's question that waits for an answer."""
        return find_question(self.case, self.last.point)

    @cached_property
    def transferred(self) -> bool:
        """Whether the closing question was answered."""
        return any(
            exchange.point.kind == "transfer" and exchange.assessment is not None and exchange.assessment.substantive
            for exchange in (*self.before, self.last)
        )

    @cached_property
    def ending(self) -> bool:
        """Whether the closing question is all that is still open, or nothing is."""
        kinds = [turn.point.kind for turn in (*self.before, self.last) if turn.point.kind not in ("belief", "confirm")]
        answered_early = self.transferred and not lab_progress(self.before).complete
        return self.progress.complete and (answered_early or kinds[-1:] in (["transfer"], ["closed"]))

    def here(self) -> tuple[Exchange, ...]:
        """The turns at the open point, the last one included."""
        at = (self.last.point, self.last.case)
        return tuple(turn for turn in (*self.before, self.last) if (turn.point, turn.case) == at)

    def attempts(self) -> int:
        """Honest tries at the open point: thoughts, “I don't know”, and answers without a reason.

        Greetings, thanks, look-ups, copies and asking to be told are none.
        """
        judged = [turn.assessment for turn in self.here() if turn.assessment and not turn.told]
        return sum(given.substantive or given.honest_unknown or given.why == "too_short" for given in judged)

    def refusals(self) -> int:
        """Turns in a row at the open point, up to the last one, that did not count; look-ups are answered instead."""
        at = (self.last.point, self.last.case)
        row = takewhile(lambda turn: (turn.point, turn.case) == at, reversed((*self.before, self.last)))
        given = [turn.assessment for turn in row if turn.assessment and not turn.told]
        uncounted = takewhile(lambda one: not one.substantive, given)
        return sum(one.why != "question_only_lookup" for one in uncounted)

    # ----------------------------------------------------------------- the beliefs

    def times_met(self, belief: str) -> int:
        """Answers, the last one included, to a question about a belief that was met."""
        return sum(str(turn.point) == f"belief:{belief}" for turn in (*self.before, self.last))

    @cached_property
    def open_beliefs(self) -> frozenset[str]:
        """Beliefs that were open before the last turn."""
        return frozenset(id for id, still in beliefs_held(self.before).items() if still)


def beliefs_held(exchanges: Sequence[Exchange]) -> dict[str, bool]:
    """Beliefs that were surely held, by id, and whether they still are: not surely denied after that.

    Held is what a counted turn states, and what a learner who is asked about it says yes to.
    """
    held: dict[str, bool] = {}
    for turn in exchanges:
        if turn.assessment is None:
            continue
        if turn.assessment.substantive:
            if turn.assessment.denied in held:
                held[turn.assessment.denied] = False
            if turn.assessment.misconception:
                held[turn.assessment.misconception] = True
        elif turn.point.kind == "confirm" and not turn.told and answer_to_offer(turn.learner) == "yes":
            held[turn.point.id] = True
    return held


def _stated(exchanges: Sequence[Exchange]) -> Iterator[tuple[str, str, str]]:
    for exchange in exchanges:
        if exchange.assessment and exchange.assessment.substantive:
            for one in exchange.assessment.stated:
                yield exchange.case, one.question, one.expectation
