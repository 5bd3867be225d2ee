"""A talk as something to keep: Markdown for people, JSON for programs. What a learner wrote is shown, not obeyed."""

from __future__ import annotations

import json
import re
from typing import Any

from labs import case_of, load_lab
from tutor.dialogue.authored_voice import status_line
from tutor.dialogue.summary import summarise
from tutor.exchange import REQUIRED, Exchange
from tutor.journal import Talk
from tutor.judge.assessment import lab_progress

VERSION = 1


def transcript_markdown(talk: Talk) -> str:
    """The whole talk with its judgements, then what was shown and missed."""
    lab, progress = load_lab(talk.lab), lab_progress(talk.exchanges)
    state = "complete" if progress.complete else "not complete"
    lines = [
        f"# {escaped(lab.title)}",
        "",
        f"Begun {talk.begun[:10]}. {progress.counted} of {REQUIRED} exchanges counted; {state}.",
        "",
    ]
    case = ""
    for exchange in talk.exchanges:
        if exchange.case != case:
            case = exchange.case
            lines += ["", f"## {escaped(case_of(lab, case).title)}", "", quoted(case_of(lab, case).text), ""]
        lines += [*_turn(exchange), ""]
    return "\n".join([*lines, *_summary(talk)]) + "\n"


def transcript_json(talk: Talk) -> str:
    """Everything about the talk but the learner's key, with a version."""
    progress = lab_progress(talk.exchanges)
    transcript: dict[str, Any] = {
        "version": VERSION,
        "lab": talk.lab,
        "begun": talk.begun,
        "counted": progress.counted,
        "complete": progress.complete,
        "exchanges": [_exchange_json(exchange) for exchange in talk.exchanges],
    }
    return json.dumps(transcript, ensure_ascii=False, indent=1) + "\n"


def quoted(text: str) -> str:
    """Text from a person as a Markdown quote. No line is indented: four spaces would make it code.

    >>> print(quoted("# I passed"))
    > \\# I passed
    """
    return "\n".join(f"> {line.lstrip()}" for line in escaped(text).splitlines() or [""])


def escaped(text: str) -> str:
    """Text in which every mark that Markdown could obey is escaped."""
    unindented = re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE)  # four spaces would make a line code
    return re.sub(r"([\\`*_{}\[\]<>()#+\-=.!|~$&:])", r"\\\1", unindented)


def _turn(exchange: Exchange) -> list[str]:
    words = "*asked to be told*" if exchange.told else quoted(exchange.learner)
    lines = [f"**Tutor:** {escaped(exchange.tutor)}", "", f"**Learner, turn {exchange.number}:**", "", words]
    if exchange.assessment is not None and not exchange.told:
        judged = exchange.assessment
        notice = f" {escaped(judged.notice)}" if judged.notice else ""
        lines += ["", f"*{status_line(judged)} (judge: {escaped(judged.judge)}){notice}*"]
    elif exchange.damage:
        lines += ["", f"*{exchange.damage}*"]
    return lines


def _summary(talk: Talk) -> list[str]:
    if not talk.exchanges:
        return []
    found = summarise(load_lab(talk.lab), talk.exchanges)
    lines = ["## What this talk showed", ""]
    lines += [f"- {escaped(concept.name)}: “{_quoted_inline(quote)}”" for concept, quote in found.shown]
    lines += [f"- Met and worked past: {escaped(belief.belief)}" for belief in found.repaired]
    lines += [f"- Still open: {escaped(belief.belief)}" for belief in found.open]
    lines += [f"- Not touched: {escaped(concept.name)}" for concept in found.missed]
    last = talk.exchanges[-1].reply
    return [f"**Tutor:** {escaped(last)}", "", *lines] if last else lines


def _quoted_inline(text: str) -> str:
    return quoted(text.replace("\n", " ")).removeprefix("> ")


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
