"""The replies of replies.toml, each with the brief it is checked against."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labs import Case, Lab, Question, case_of, load_lab
from labs.lab import Expectation
from tutor.dialogue.glossary import look_up_term
from tutor.dialogue.model_voice import brief_for
from tutor.dialogue.policy import DialogueMove
from tutor.dialogue.reply_check import ReplyBrief
from tutor.exchange import Assessment, Evidence, Exchange, Point

_TALKS = tomllib.loads(Path(__file__).with_name("replies.toml").read_text(encoding="utf-8"))["talk"]


@dataclass(frozen=True, kw_only=True)
class ReplyCase:
    """`kind` is "good", or what is bad about it; `aside` is every third of a kind."""

    talk: int
    kind: str
    reply: str
    brief: ReplyBrief
    aside: bool


def cases() -> Iterator[ReplyCase]:
    """All of them in order."""
    seen: Counter[bool] = Counter()
    for number, talk in enumerate(_TALKS):
        brief = brief_of(talk)
        for kind, reply in [("good", reply) for reply in talk["good"]] + [tuple(bad) for bad in talk["bad"]]:
            seen[kind == "good"] += 1
            aside = seen[kind == "good"] % 3 == 0
            yield ReplyCase(talk=number, kind=kind, reply=reply, brief=brief, aside=aside)


def brief_of(talk: dict[str, Any]) -> ReplyBrief:
    """The brief for the reply in a talk of the file."""
    lab = load_lab(talk["lab"])
    case = case_of(lab, talk["case"])
    question = _by_id(case, talk["question"])
    body = [one.affirm for one in question.expect if one.id in talk["stated"]]
    belief = talk.get("belief")
    body += [lab.misconception(belief).meet] if belief else []
    body += [question.tell] if talk.get("told") else []
    body += [look_up_term(talk["term"], lab.glossary) or ""] if "term" in talk else []
    body += [question.hint] if talk.get("hint") else []
    opening = f"You write “{talk['learner']}”." if talk["stated"] or belief else "A smaller step."
    asks, point = _asked(lab, case, question, talk)
    judged = Assessment(
        why=talk.get("why", "reasons_about_claim"),
        misconception=belief,
        stated=tuple(Evidence(question=question.id, expectation=id, quote=talk["learner"]) for id in talk["stated"]),
    )
    earlier = talk.get("before", [question.ask])
    turn = Exchange(
        number=len(earlier),
        case=case.id,
        point=Point(kind="question", id=question.id),
        tutor=earlier[-1],
        learner=talk["learner"],
        assessment=judged,
        told=talk.get("told", False),
    )
    quote = talk["learner"] if talk["stated"] or belief else ""
    move = DialogueMove(reaction="counted", case=case, point=point, body=" ".join(body), question=asks, quote=quote)
    return brief_for(lab, [turn], move, f"{opening} {' '.join(body)}\n\n{asks}")


def talk_about(lab: Lab, case: Case, question: Question, stated: Expectation, asked: Expectation) -> dict[str, Any]:
    """A talk as the file has it, in which the learner said one expectation and is asked for another."""
    said = {"learner": stated.says[0], "stated": [stated.id], "next": asked.id}
    return {"lab": lab.slug, "case": case.id, "question": question.id, **said}


def _asked(lab: Lab, case: Case, question: Question, talk: dict[str, Any]) -> tuple[str, Point]:
    here = Point(kind="question", id=question.id)
    if talk["next"] == "prompt":
        return question.prompt, here
    if talk["next"] == "belief":
        return lab.misconception(talk["belief"]).ask, Point(kind="belief", id=talk["belief"])
    for expectation in question.expect:
        if expectation.id == talk["next"]:
            return expectation.ask, here
    return _by_id(case, talk["next"]).ask, Point(kind="question", id=talk["next"])


def _by_id(case: Case, id: str) -> Question:
    return next(question for question in case.questions if question.id == id)
