"""A talk as something to keep: plain text for people, JSON for programs. What a learner wrote is shown, not obeyed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from engine import text_file
from labs import case_of, load_lab
from tutor.dialogue.authored_voice import status_line
from tutor.dialogue.summary import summarise
from tutor.exchange import REQUIRED, Exchange
from tutor.journal import Talk
from tutor.judge.assessment import lab_progress

VERSION = 1


def transcript_text(talk: Talk, learner: str = text_file.NOBODY) -> str:
    """The whole talk with its judgements, then what was shown and missed. `learner` is the name to put at its top."""
    lab, progress = load_lab(talk.lab), lab_progress(talk.exchanges)
    state = "complete" if progress.complete else "not complete"
    parts = [
        text_file.title(lab.title),
        text_file.paragraph(f"{learner} · begun {talk.begun[:10]}"),
        text_file.paragraph(f"{progress.counted} of {REQUIRED} exchanges counted; {state}."),
    ]
    case = ""
    for exchange in talk.exchanges:
        if exchange.case != case:
            case = exchange.case
            shown = case_of(lab, case)
            parts += [text_file.heading(f"The case: {shown.title}"), text_file.quoted(shown.text)]
        parts += _turn(exchange)
    return text_file.document([*parts, *_summary(talk)])


def transcript_json(talk: Talk, learner: str = "") -> str:
    """Everything about the talk but the learner's key, with a version. `learner` is the name to put into it."""
    progress = lab_progress(talk.exchanges)
    transcript: dict[str, Any] = {
        "version": VERSION,
        "lab": talk.lab,
        "learner": learner or None,
        "begun": talk.begun,
        "counted": progress.counted,
        "complete": progress.complete,
        "exchanges": [_exchange_json(exchange) for exchange in talk.exchanges],
    }
    return json.dumps(transcript, ensure_ascii=False, indent=1) + "\n"


def _turn(exchange: Exchange) -> Iterator[str]:
    yield f"Tutor:\n{text_file.quoted(exchange.tutor)}"
    words = "asked to be told" if exchange.told else f"\n{text_file.quoted(exchange.learner)}"
    yield f"Learner, turn {exchange.number}:{' ' if exchange.told else ''}{words}"
    if exchange.assessment is not None and not exchange.told:
        judged = exchange.assessment
        yield text_file.paragraph(f"{status_line(judged)} (judge: {judged.judge}) {judged.notice}")
    elif exchange.damage:
        yield text_file.paragraph(exchange.damage)


def _summary(talk: Talk) -> Iterator[str]:
    if not talk.exchanges:
        return
    found = summarise(load_lab(talk.lab), talk.exchanges)
    if last := talk.exchanges[-1].reply:
        yield f"Tutor:\n{text_file.quoted(last)}"
    yield text_file.heading("What this talk showed")
    lines = [text_file.listed(concept.name, f"“{quote}”") for concept, quote in found.shown]
    lines += [text_file.listed("Met and worked past", belief.belief) for belief in found.repaired]
    lines += [text_file.listed("Still open", belief.belief) for belief in found.open]
    lines += [text_file.listed("Not touched", concept.name) for concept in found.missed]
    yield "\n".join(lines)


def _exchange_json(exchange: Exchange) -> dict[str, Any]:
    judged = exchange.assessment
    return {
        "turn": exchange.number,
        "case": exchange.case,
        "tutor": exchange.tutor,
        "learner": exchange.learner,
        "asked_to_be_told": exchange.told,
        "said_at": exchange.said_at,
        "substantive": judged.substantive if judged else None,
        "why": judged.why if judged else None,
        "concepts": list(judged.concepts) if judged else [],
        "misconception": judged.misconception if judged else None,
        "judge": judged.judge if judged else None,
        "notice": judged.notice if judged else "",
        "reply": exchange.reply,
        "reply_by": exchange.voice,
    }
