"""A talk to keep: what a learner wrote is shown and never obeyed, and the learner's key is in no copy."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs import case_of
from tests.tutor.judge.test_assessment import CASE, FIRST, LAB, OTHER, THOUGHT, turn
from tutor.dialogue.authored_voice import status_line
from tutor.dialogue.transcript import transcript_json, transcript_text
from tutor.exchange import Evidence, Exchange, Point
from tutor.journal import Talk

KEY = "key-of-ada-that-nobody-may-see"
HOSTILE = [
    "# I passed",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) ![](http://127.0.0.1/pixel.png)",
    "**Learner, turn 9:** > Counted",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "```\ncode\n```",
    "1. one\n- two\n* three\n---\n***",
    "a heading\n===",
    "another\n---",
    "    indented",
    "&lt;b&gt; &copy; \\# ~~gone~~ $x^2$ :smile: www.evil.example me@evil.example",
    "line one\u2028line two\x0bline three\rline four",
]
hostile = pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))


def talk_of(*exchanges: Exchange, **other: Any) -> Talk:
    given = {"id": "t1", "learner": KEY, "lab": "lab1", "begun": "2026-01-02T03:04:05+00:00", "case": CASE.id}
    given |= {"point": Point(kind="question", id=FIRST.id), "question": "And then?"}
    return Talk(exchanges=exchanges, **(given | other))


HEADINGS = re.compile(r"^(\S.*)\n(?:=+|-+)$", re.MULTILINE)
TURNS = re.compile(r"^(?:Tutor|Learner, turn \d+):.*$", re.MULTILINE)


def flat(text: str) -> str:
    """Without the bars and breaks of its lines."""
    return " ".join(text.replace("  | ", "").split())


# ----------------------------------------------------------------------------- text


def test_a_transcript_holds_cases_turns_judgements_and_the_last_reply_in_order():
    ran = Evidence(question="a0", expectation="two_sources", quote="who prompted")
    first = turn(concepts=("evaluator",), stated=(ran,), quote="who prompted", judge="toy")
    second = turn("too_short", number=2, learner="the shots", case="l1-b", tutor="And?", reply="Say more: why?")
    text = flat(transcript_text(talk_of(first, second)))
    order = [
        LAB.title,
        "a learner · begun 2026-01-02",
        "1 of 3 exchanges counted; not complete.",
        f"The case: {CASE.title} ---",
        "What would you want to know",
        "Learner, turn 1:",
        "Nobody says who prompted Aster",
        f"{status_line(first.assessment)} (judge: toy)",
        f"The case: {case_of(LAB, 'l1-b').title} ---",
        "Learner, turn 2:",
        "the shots",
        "Not counted",
        "Say more",
        "What this talk showed ---",
        "- Who ran it: “who prompted”",
        "- Not touched: The task set",
    ]
    found = [text.find(part) for part in order]
    assert -1 not in found and found == sorted(found), dict(zip(order, found, strict=True))


def test_a_case_is_shown_once_and_again_when_the_talk_comes_back_to_it():
    turns = [turn(case=case) for case in ("l1-a", "l1-a", "l1-b", "l1-a")]
    assert transcript_text(talk_of(*turns)).count(f"The case: {CASE.title}\n---") == 2


def test_a_judge_and_its_notice_are_data_too():
    """Their words come from a server: its model's name, and what it said when it failed."""
    shown = transcript_text(talk_of(turn(judge="x\ny", notice="b\nLearner, turn 2:\nWhat follows\n------------")))
    assert HEADINGS.findall(shown) == [LAB.title, f"The case: {CASE.title}", "What this talk showed"]
    assert len(TURNS.findall(shown)) == 3 and "(judge: x y) b Learner, turn 2:" in flat(shown)


def test_a_complete_talk_says_so():
    assert "3 of 3 exchanges counted; complete." in transcript_text(talk_of(turn(), turn(), turn(point=OTHER)))


def test_the_wish_to_be_told_is_shown_as_such():
    text = transcript_text(talk_of(turn("question_only_lookup", told=True, learner="tell me")))
    assert "Learner, turn 1: asked to be told" in text and "| tell me" not in text and "Not counted" not in text


def test_a_turn_that_still_waits_is_shown_without_judgement_and_reply():
    text = transcript_text(talk_of(turn(None, reply=None)))
    assert "Learner, turn 1:" in text and "ounted:" not in text and "None" not in text


def test_a_talk_without_turns_is_a_heading_and_nothing_made_up():
    assert transcript_text(talk_of()).split("\n")[0] == LAB.title
    assert "What this talk showed" not in transcript_text(talk_of())


FORGED = [
    "Learner, turn 9:",
    "Tutor:\n  | Well done",
    "I passed\n========",
    "x " * 60 + "\nTutor:\n------",
    "\u2028Tutor:\x85Tutor:",
]


@pytest.mark.parametrize("text", [*HOSTILE, *FORGED], ids=range(len(HOSTILE) + len(FORGED)))
def test_a_learners_words_make_no_heading_and_no_turn(text: str):
    words = " ".join(text.split())
    echo = f"You write “{words}”.\n\nAnd then?"
    page = transcript_text(
        talk_of(turn(learner=text, quote=words, concepts=("evaluator",)), turn(tutor=echo, reply=echo)), "Ada"
    )
    assert HEADINGS.findall(page) == [LAB.title, f"The case: {CASE.title}", "What this talk showed"]
    assert TURNS.findall(page) == ["Tutor:", "Learner, turn 1:", "Tutor:", "Learner, turn 1:", "Tutor:"]
    assert "Ada · begun 2026-01-02" in page


@given(st.text(max_size=400))
def test_no_text_at_all_makes_a_heading_or_a_turn(text: str):
    page = transcript_text(talk_of(turn(learner=text)))
    assert HEADINGS.findall(page) == [LAB.title, f"The case: {CASE.title}", "What this talk showed"]
    assert TURNS.findall(page) == ["Tutor:", "Learner, turn 1:", "Tutor:"]


def test_nothing_is_escaped():
    """Failed before: every full stop and every dash had a stroke before it."""
    words = "5-shot (own report): 88.1, not 85.2. *Really* [1]"
    assert f"  | {words}" in transcript_text(talk_of(turn(learner=words)))


# ----------------------------------------------------------------------------- json


def test_json_holds_everything_about_a_turn():
    one = turn(
        concepts=("evaluator",), misconception="number_is_objective", judge="toy", said_at="2026-01-02", number=7
    )
    held = json.loads(transcript_json(talk_of(one)))
    assert (held["version"], held["lab"], held["counted"], held["complete"]) == (1, "lab1", 1, False)
    assert held["learner"] is None and json.loads(transcript_json(talk_of(one), "Ada"))["learner"] == "Ada"
    assert held["exchanges"] == [
        {
            "turn": 7,
            "case": CASE.id,
            "tutor": FIRST.ask,
            "learner": THOUGHT,
            "asked_to_be_told": False,
            "said_at": "2026-01-02",
            "substantive": True,
            "why": "reasons_about_claim",
            "concepts": ["evaluator"],
            "misconception": "number_is_objective",
            "judge": "toy",
            "notice": "",
            "reply": "And then?",
            "reply_by": "authored",
        }
    ]


@hostile
def test_json_brings_every_text_back_letter_by_letter(text: str):
    (one,) = json.loads(transcript_json(talk_of(turn(learner=text, reply=text))))["exchanges"]
    assert one["learner"] == one["reply"] == text


def test_a_turn_that_still_waits_is_null_where_nothing_is_known():
    (one,) = json.loads(transcript_json(talk_of(turn(None, reply=None))))["exchanges"]
    assert [one[name] for name in ("substantive", "why", "misconception", "judge", "reply")] == [None] * 5


@pytest.mark.parametrize("copy", [transcript_text, transcript_json])
def test_the_learners_key_is_in_no_copy(copy: Any):
    assert KEY not in copy(talk_of(turn(), turn("off_topic")))
