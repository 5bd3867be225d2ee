"""The term of a lab's glossary that somebody asked about."""

from __future__ import annotations

import pytest

from labs import load_lab, slugs
from tutor.dialogue.glossary import look_up_term

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
