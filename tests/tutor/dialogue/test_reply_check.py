"""A model's reply is read before it is shown: bad ones are refused for a reason, good ones mostly pass."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labs import Lab, load_lab, slugs
from tests.tutor.dialogue.reply_cases import ReplyCase, brief_of, cases, talk_about
from tutor.dialogue.reply_check import LONGEST, REASONS, SHORTEST, Mistake, Refusal, check_reply
from tutor.dialogue.reply_words import numbers, sentences

CASES = list(cases())
BRIEF = CASES[0].brief  # lab 1, first case: who ran Aster-2, and gyms that count pull-ups
GOOD = CASES[0].reply
EXPECTED = {
    "leak": {"an answer to be found", "words of an answer to be found"},
    "number": {"a number from nowhere"},
    "belief": {"something wrong"},
    "contrary": {"something wrong", "an answer to be found"},
    "negates": {"a fact turned round", "a number from nowhere"},
    "praise": {"praise that was not earned"},
    "completes": {"a verdict on what counts"},
    "questions": {"not one question at the end"},
    "markup": {"markup"},
    "role": {"a role label"},
    "tone": {"its tone"},
    "meta": {"talk about itself", "markup"},
    "language": {"a language nobody asked for"},
    "length": {"its length"},
    "repeat": {"said before"},
    "prompt": {"its instructions", "talk about itself"},
    "copy": {"the learner's own words"},
    "parrot": {"the authored words"},
    "swap": {"scores mixed up"},
}


def rate(kept: list[ReplyCase]) -> float:
    """The share of replies that are refused."""
    return sum(check_reply(case.reply, case.brief) is not None for case in kept) / len(kept)


def reason(reply: str, **changes: object) -> str:
    refusal = check_reply(reply, replace(BRIEF, **changes))
    return refusal.reason if refusal else ""


def with_sentence(sentence: str) -> str:
    """A good reply with another sentence in its middle."""
    first, *others = sentences(GOOD)
    return " ".join([first, sentence, *others[1:]])


# ---------------------------------------------------------------------------- rates


@pytest.mark.parametrize("aside", [False, True], ids=["tuned on", "kept aside"])
def test_of_bad_replies_nearly_all_are_refused_and_of_good_ones_few(aside: bool):
    bad = [case for case in CASES if case.kind != "good" and case.aside == aside]
    good = [case for case in CASES if case.kind == "good" and case.aside == aside]
    assert (len(bad), len(good)) == ((40, 26) if aside else (80, 54))
    assert rate(bad) >= 0.95 and rate(good) <= (0.12 if aside else 0.10)


@pytest.mark.parametrize("kind", sorted(EXPECTED))
def test_a_kind_of_bad_reply_is_refused_for_what_is_bad_about_it(kind: str):
    found = [check_reply(case.reply, case.brief) for case in CASES if case.kind == kind and not case.aside]
    reasons = [refusal.reason for refusal in found if refusal]
    assert sum(given in EXPECTED[kind] for given in reasons) >= 0.75 * len(reasons), reasons


@pytest.mark.parametrize("lab", [load_lab(slug) for slug in slugs()], ids=lambda lab: lab.slug)
def test_the_answers_authors_expect_are_refused_and_their_questions_and_affirmations_pass(lab: Lab):
    leaks, wrong, honest = [], [], []
    for case in lab.cases:
        for question in case.questions:
            stated, asked, *others = question.expect
            brief = brief_of(talk_about(lab, case, question, stated, asked))
            leaks += [bool(REASONS["an answer to be found"](one.says[0], brief)) for one in (asked, *others)]
            leaks.append(bool(REASONS["an answer to be found"](question.tell, brief)))
            wrong += [bool(REASONS["something wrong"](one.contrary[0], brief)) for one in question.expect]
            speech = set(REASONS) - {
                "its length",
                "not one question at the end",
                "another question",
                "the authored words",
            }
            honest += [not any(REASONS[one](text, brief) for one in speech) for text in (stated.affirm, asked.ask)]
    assert sum(leaks) >= 0.97 * len(leaks) and sum(wrong) >= 0.95 * len(wrong) and sum(honest) >= 0.95 * len(honest)


# ----------------------------------------------------------------------- one by one


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("See **this** part.", "markup"),
        ("See *this* part.", "markup"),
        ("See <script>alert(1)</script> here.", "markup"),
        ("See ![it](http://a.b/c.png) here.", "markup"),
        ("It is $x^2$ there.", "markup"),
        ("It is \\frac{1}{2} there.", "markup"),
        (":red[Look] at this.", "markup"),
        ("&lt;b&gt; is here.", "markup"),
        ("Learner: I agree with you.", "a role label"),
        ("Question: what next.", "a role label"),
        ("The learner compares two gyms.", "talk about itself"),
        ("The tutor keeps the two apart.", "talk about itself"),
        ("My instructions forbid me that.", "talk about itself"),
        ("I am a language model myself.", "talk about itself"),
        ("That counts as your first exchange.", "a verdict on what counts"),
        ("You have completed the lab.", "a verdict on what counts"),
        ("Your score is growing.", "a verdict on what counts"),
        ("Two of three are done.", "a verdict on what counts"),
        ("What a day!", "its tone"),
        ("This is an excellent thought.", "its tone"),
        ("That was a silly thing to ask.", "its tone"),
        ("Aster-2 scored 85.2 there.", "scores mixed up"),
        ("Borealis leads by a little.", "scores mixed up"),
        ("It is one hundred and three points.", "a number from nowhere"),
        ("It is twice the gap.", "a number from nowhere"),
        ("差了二点七个百分点。", "a language nobody asked for"),
        ("Это совсем другое дело.", "a language nobody asked for"),
        ("Das ist nicht der Punkt und auch nicht die Frage.", "a language nobody asked for"),
        ("Aste\u200br-2 is there.", "unreadable characters"),
        ("It is \ufffd there.", "unreadable characters"),
        ("It is \x00 there.", "unreadable characters"),
        ("It is \U0001f389 there.", "unreadable characters"),
        ("It is \u00bd of it.", "unreadable characters"),
        ("Who counts?", "not one question at the end"),
    ],
)
def test_one_such_sentence_in_a_good_reply_is_enough(sentence: str, expected: str):
    assert reason(GOOD) == "" and reason(with_sentence(sentence)) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "The prompt is a part of the test.",
        "A language model reads what stands before the question.",
        "A reply that lacks the letter may count as an error.",
        "Two gyms and three clubs may count in their own ways.",
        "Aster-2 has 88.1 and Borealis 85.2 on this card.",
        "You ask “who ran it?” and that is open.",
        "Somebody has to do the counting (in each gym).",
        "The makers pass over that in silence.",
    ],
)
def test_the_words_of_the_subject_may_be_said(sentence: str):
    assert reason(with_sentence(sentence), withheld=()) == ""


def test_a_refusal_names_the_sentence():
    sentence = "It is 7.7 points."
    assert check_reply(with_sentence(sentence), BRIEF) == Refusal("a number from nowhere", sentence)


def test_a_reply_may_be_as_long_as_a_paragraph_and_no_longer():
    question = sentences(GOOD)[-1]
    assert reason(question) == "its length" and len(question.split()) < SHORTEST
    assert reason(" ".join(["so it goes on"] * LONGEST) + ". " + question) == "its length"


def test_what_only_the_learner_holds_may_be_reported_and_not_agreed_with():
    held = Mistake(wrong=("A published score is a plain fact about a model.",), right=())
    told = "You say that a published score is a plain fact about a model."
    assert reason(with_sentence(told), mistakes=(held,)) == ""
    assert reason(with_sentence(told.removeprefix("You say that ").capitalize()), mistakes=(held,)) == "something wrong"
    assert reason(with_sentence(told[:-1] + ", and that is true."), mistakes=(held,)) == "something wrong"


def test_praise_needs_something_right_to_praise():
    praise = with_sentence("You are right about the gyms.")
    assert reason(praise, earned=True) == "" and reason(praise, earned=False) == "praise that was not earned"


def test_an_answer_that_the_tutor_or_the_learner_said_already_is_no_secret():
    answer = "Contamination lifts a figure by memory alone."
    secret = {"withheld": ((answer,),)}
    assert reason(with_sentence(answer), **secret) == "an answer to be found"
    assert reason(with_sentence(answer), learner=(*BRIEF.learner, f"hm. {answer}"), **secret) == ""
    assert reason(with_sentence(answer), facts=(*BRIEF.facts, answer), **secret) == ""


# --------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("two point nine", ["2.9"]),
        ("a hundred and sixty-four problems", ["164"]),
        ("fourteen thousand and forty-two", ["14042"]),
        ("14,042 of 14 042? 88,1 and 88.10", ["14042", "14", "42", "88.1", "88.1"]),
        ("ciento sesenta y cuatro, dos coma nueve", ["164", "2.9"]),
        ("cento e sessenta e quatro", ["164"]),
        ("soixante-dix, quatre-vingt-dix", ["70", "90"]),
        ("hundertvierundsechzig, zwei Komma neun", ["164", "2.9"]),
        ("一百六十四道题，二点九，两千三百", ["164", "2.9", "2300"]),
        ("१६४ और चार", ["164", "4"]),
        ("一起看，万一，十分", []),
        ("Aster-2, GSM8K, Cobalt-7B, one of them", []),
    ],
)
def test_numbers_are_read_in_digits_and_in_words(text: str, found: list[str]):
    assert [value for value, _ in numbers(text)] == found


@pytest.mark.parametrize(
    ("text", "counts"), [("two models", True), ("2 points", False), ("±3", False), ("four", False)]
)
def test_small_numbers_count_things_unless_they_measure(text: str, counts: bool):
    assert [just for _, just in numbers(text)] == [counts]


# --------------------------------------------------------------------------- any text


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_judged_without_an_error(text: str):
    refusal = check_reply(text, BRIEF)
    assert refusal is None or refusal.reason in REASONS


@pytest.mark.parametrize(
    "text", ["", "?", "\n\n", "“", "a" * 100_000, "[" * 20_000, "1," * 20_000, "one " * 20_000, "<" * 20_000]
)
def test_long_and_empty_texts_are_refused_at_once(text: str):
    assert check_reply(text, BRIEF) is not None
