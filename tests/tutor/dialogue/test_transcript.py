"""A talk to keep: what a learner wrote is shown and never obeyed, and the learner's key is in no copy."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from labs import case_of
from tests.tutor.judge.test_assessment import CASE, FIRST, LAB, THOUGHT, turn
from tutor.dialogue.authored_voice import status_line
from tutor.dialogue.transcript import quoted, transcript_json, transcript_markdown
from tutor.exchange import Exchange, Point
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


def plain(markdown: str) -> str:
    """What a reader sees of Markdown that holds nothing but quotes and paragraphs; else it fails."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    assert {token.type for token in tokens} <= {
        f"{name}{end}" for name in ("blockquote", "paragraph") for end in ("_open", "_close")
    } | {"inline"}, [token.type for token in tokens]
    parts = [part for token in tokens if token.type == "inline" for part in token.children or ()]
    assert {part.type for part in parts} <= {"text", "text_special", "softbreak", "hardbreak"}, parts
    return "".join("\n" if part.type.endswith("break") else part.content for part in parts)


# ------------------------------------------------------------------------- markdown


@hostile
def test_what_a_learner_wrote_is_one_quote_of_plain_text(text: str):
    shown = plain(quoted(text))
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", text)


@given(st.text(alphabet="ab1 #*_`~=+-.!|<>()[]{}\\&;:$@^'\"/\n\t") | st.text())
def test_no_text_at_all_becomes_markup(text: str):
    shown = plain(quoted(text)) if text.strip() else ""
    assert re.findall(r"\w+", shown) == re.findall(r"\w+", text.replace("\x00", "\ufffd"))


def test_a_transcript_holds_cases_turns_judgements_and_the_last_reply_in_order():
    first = turn(concepts=("evaluator",), quote="who prompted", judge="toy")
    second = turn("too_short", number=2, learner="the shots", case="l1-b", tutor="And?", reply="Say more: why?")
    text = transcript_markdown(talk_of(first, second))
    order = [
        f"# {LAB.title}",
        "Begun 2026-01-02. 1 of 3 exchanges counted; not complete.",
        f"## {CASE.title}",
        "What would you want to know",
        "**Learner, turn 1:**",
        "Nobody says who prompted Aster",
        f"*{status_line(first.assessment)} (judge: toy)*",
        f"## {case_of(LAB, 'l1-b').title}",
        "**Learner, turn 2:**",
        "the shots",
        "*Not counted",
        "Say more",
        "## What this talk showed",
        "- Who ran it: “who prompted”",
        "- Not touched: The task set",
    ]
    found = [text.find(part) for part in order]
    assert -1 not in found and found == sorted(found), dict(zip(order, found, strict=True))


def test_a_case_is_shown_once_and_again_when_the_talk_comes_back_to_it():
    turns = [turn(case=case) for case in ("l1-a", "l1-a", "l1-b", "l1-a")]
    assert transcript_markdown(talk_of(*turns)).count(f"## {CASE.title}") == 2


def test_a_judge_and_its_notice_are_data_too():
    """Their words come from a server: its model's name, and what it said when it failed."""
    judged = turn(judge="![x](http://host/p.png)", notice="**b** <img src=x>\n# head")
    shown = transcript_markdown(talk_of(judged))
    tokens = [part for token in MarkdownIt("commonmark").parse(shown) for part in token.children or ()]
    assert not {part.type for part in tokens} & {"image", "html_inline", "link_open"}
    assert "host/p.png" in "".join(part.content for part in tokens)


def test_a_complete_talk_says_so():
    assert "3 of 3 exchanges counted; complete." in transcript_markdown(talk_of(turn(), turn(), turn()))


def test_the_wish_to_be_told_is_shown_as_such():
    text = transcript_markdown(talk_of(turn("question_only_lookup", told=True, learner="tell me")))
    assert "*asked to be told*" in text and "> tell me" not in text and "Not counted" not in text


def test_a_turn_that_still_waits_is_shown_without_judgement_and_reply():
    text = transcript_markdown(talk_of(turn(None, reply=None)))
    assert "**Learner, turn 1:**" in text and "ounted:" not in text and "None" not in text


def test_a_talk_without_turns_is_a_heading_and_nothing_made_up():
    assert transcript_markdown(talk_of()).split("\n\n")[0] == f"# {LAB.title}"
    assert "What this talk showed" not in transcript_markdown(talk_of())


@hostile
def test_a_learners_words_are_not_obeyed_in_the_tutors_quotes_and_the_summary_either(text: str):
    words = " ".join(text.split())
    echo = f"You write “{words}”.\n\nAnd then?"
    page = transcript_markdown(
        talk_of(turn(learner=text, quote=words, concepts=("evaluator",)), turn(tutor=echo, reply=echo))
    )
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(page)
    headings = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert headings == [LAB.title, CASE.title, "What this talk showed"]
    parts = {part.type for token in tokens for part in token.children or ()}
    assert not parts & {"html_inline", "link_open", "image", "code_inline"}
    assert not {token.type for token in tokens} & {
        "html_block",
        "table_open",
        "fence",
        "code_block",
        "hr",
        "ordered_list_open",
    }


# ----------------------------------------------------------------------------- json


def test_json_holds_everything_about_a_turn():
    one = turn(
        concepts=("evaluator",), misconception="number_is_objective", judge="toy", said_at="2026-01-02", number=7
    )
    held = json.loads(transcript_json(talk_of(one)))
    assert (held["version"], held["lab"], held["counted"], held["complete"]) == (1, "lab1", 1, False)
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


@pytest.mark.parametrize("copy", [transcript_markdown, transcript_json])
def test_the_learners_key_is_in_no_copy(copy: Any):
    assert KEY not in copy(talk_of(turn(), turn("off_topic")))
