"""The words that somebody asks about, and what the lab says they mean."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs import load_lab, slugs
from tutor.dialogue.glossary import asked_facts, asked_terms, look_up_term, terms_in

TABLE = Path(__file__).parents[2] / "data" / "learner_lookups.tsv"

GLOSSARY = {
    "mmlu": "Fifty-seven subjects.",
    "mmlu-pro": "Ten options.",
    "prompt": "What a model is given.",
    "confidence interval": "A range.",
    "zero-shot": "No example.",
    "pass@k": "At least one of k passes.",
}


@pytest.mark.parametrize(
    ("asked", "term"),
    [
        ("What is MMLU?", "Mmlu: Fifty-seven subjects."),
        ("and mmlu-pro, what is that?", "Mmlu-pro: Ten options."),
        ("what are prompts", "Prompt: What a model is given."),
        ("Are confidence intervals hard?", "Confidence interval: A range."),
        ("what does “zero-shot” mean", "Zero-shot: No example."),
        ("what does zero shot mean", "Zero-shot: No example."),
        ("pass@k?", "Pass@k: At least one of k passes."),
    ],
)
def test_the_term_somebody_asks_about_is_found(asked: str, term: str):
    assert look_up_term(asked, GLOSSARY) == term


@pytest.mark.parametrize("asked", ["Who made Borealis?", "I answered promptly", "an interval of confidence", ""])
def test_a_term_that_is_not_there_is_not_found(asked: str):
    assert look_up_term(asked, GLOSSARY) is None


def test_every_term_of_every_lab_is_found_by_its_name():
    for lab in map(load_lab, slugs()):
        for term, meaning in lab.glossary.items():
            assert look_up_term(f"What does {term} mean?", lab.glossary) == f"{term[:1].upper()}{term[1:]}: {meaning}"


def asks() -> list[tuple[str, str, str]]:
    """Learners' messages with the terms they ask about, written down before the rules were."""
    with TABLE.open(encoding="utf-8") as file:
        rows = csv.reader((line for line in file if line[0] != "#"), delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(lab, said, terms) for lab, said, terms in rows]


def test_what_is_asked_about_is_found_in_every_wording_and_nothing_else_is():
    missed = []
    for slug, said, wanted in asks():
        found = asked_terms(said, load_lab(slug))
        named = "; ".join(("lesson:" if one.source == "lesson" else "") + one.term for one in found) or "-"
        if named != wanted:
            missed.append((said, wanted, named))
    assert missed == []


def test_a_definition_is_the_glossarys_own_text_or_a_sentence_of_the_lesson():
    lab = load_lab("lab1")
    (found,) = asked_terms("What does 5-shot mean?", lab)
    assert (found.text, found.source) == (lab.glossary["few-shot"], "glossary")
    (found,) = asked_terms("what is aggregation", lab)
    assert found.source == "lesson" and found.text in lab.lesson and "(aggregation)" in found.text


def test_at_most_two_terms_are_explained_in_the_order_they_are_asked():
    found = asked_terms("What is MMLU? What is GSM8K? What is temperature?", load_lab("lab1"))
    assert [one.term for one in found] == ["mmlu", "gsm8k"]


def test_nobody_is_told_the_questions_of_the_cases():
    """No question of any case, sent back by a learner, is taken for a look-up of what it asks."""
    for lab in map(load_lab, slugs()):
        told = [(question.ask, asked_terms(question.ask, lab)) for case in lab.cases for question in case.questions]
        assert [ask for ask, found in told if found] == []


@pytest.mark.parametrize(
    ("lab", "case", "said", "told"),
    [
        ("lab1", 1, "how many problems are there?", "n = 164"),
        ("lab1", 0, "cuántas preguntas tiene?", "n = 14,042"),
        ("lab1", 1, "How many questions does MMLU have?", None),  # the case is about HumanEval
        ("lab1", 1, "how many problems would I need?", None),
        ("lab3", 1, "who ran it?", "one third party ran both"),
        ("lab1", 1, "what temperature did they use", "temperature 0.8"),
        ("lab1", 1, "what was the temperature?", "temperature 0.8"),
        ("lab2", 0, "who ran it?", None),
        ("lab4", 0, "how many contracts are there?", None),
    ],
)
def test_the_case_answers_what_it_says_itself(lab: str, case: int, said: str, told: str | None):
    found = asked_facts(said, load_lab(lab).cases[case])
    assert [one.source for one in found] == (["case"] if told else [])
    assert told is None or told in found[0].text


def test_terms_are_found_where_they_first_stand_and_the_longest_wins():
    text = "With 5-shot prompts on MMLU-Pro, not MMLU: MMLU is older. SE and CI; it se a ci."
    found = [(span.term, text[span.start : span.end]) for span in terms_in(text, load_lab("lab1"))]
    assert found[:3] == [("few-shot", "5-shot"), ("prompt", "prompts"), ("mmlu-pro", "MMLU-Pro")]
    assert ("mmlu", "MMLU") in found and ("standard error", "SE") in found and ("confidence interval", "CI") in found
    assert len({term for term, _ in found}) == len(found)


def test_every_term_is_explained_when_its_name_is_asked():
    for lab in map(load_lab, slugs()):
        for term in lab.glossary:
            assert [one.term for one in asked_terms(f"What does “{term}” mean?", lab)] == [term]


@given(st.text(max_size=300))
def test_any_text_can_be_looked_through(text: str):
    lab = load_lab("lab1")
    for span in terms_in(text, lab):
        assert 0 <= span.start < span.end <= len(text)
    assert len(asked_terms(text, lab)) <= 2 and len(asked_facts(text, lab.cases[0])) <= 2
