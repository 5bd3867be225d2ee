"""The shipped labs as texts: enough of them, short enough, one question at a time, and no number without its case.

A new lab of the product is covered by lying in labs/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import load_task
from labs import Case, Lab, fresh_case, read_lab
from labs.curriculum import OURS
from labs.intervals import wald
from tests.labs.conftest import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
LABS = [read_lab(file.parent) for file in sorted(OURS.glob("*/lab.toml"))]
EXAMPLE = read_lab(EXAMPLES / "weather")

every_lab = pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.slug)
every_lab_and_example = pytest.mark.parametrize("lab", [*LABS, EXAMPLE], ids=lambda lab: lab.slug)

# How many items a benchmark's test has. HumanEval: lines of the package's HumanEval.jsonl.gz. MMLU-Pro: Wang et al.
# 2024, arXiv 2406.01574. The others are the sizes that the engine holds its sources to.
SIZES = {
    "HumanEval": 164,
    "MMLU-Pro": 12_032,
    "MMLU": load_task("mmlu").size,
    "GSM8K": load_task("gsm8k").size,
    "HellaSwag": load_task("hellaswag").size,
    "ARC-Challenge": load_task("arc_challenge").size,
}

# Words at most. A reply is to be 40 to 120 words long with a quotation before and a question after the text.
LONGEST = {"affirm": 45, "meet": 90, "tell": 90, "worked": 90, "prompt": 40, "ask": 45, "hint": 45, "text": 90}


def cases(lab: Lab) -> list[Case]:
    """The written ones, and one of each template."""
    return [*lab.cases, *(fresh_case(lab, seed) for seed in range(len(lab.templates)))]


def asks(lab: Lab) -> Iterator[tuple[str, str]]:
    """Everything that the tutor asks at the end of a reply, with its place."""
    yield from ((f"concepts.{one.id}.ask", one.ask) for one in lab.concepts)
    yield from ((f"misconceptions.{one.id}.ask", one.ask) for one in lab.misconceptions)
    yield from ((f"transfer.{i}", one.ask) for i, one in enumerate(lab.transfer, start=1))
    for case in cases(lab):
        for question in case.questions:
            yield f"{case.id}.{question.id}.ask", question.ask
            yield f"{case.id}.{question.id}.prompt", question.prompt


def told(lab: Lab) -> Iterator[tuple[str, str, str]]:
    """Everything that is said as true, by kind and place. Beliefs and cues are left out: they are what is wrong."""
    yield "lesson", "lesson", lab.lesson
    for concept in lab.concepts:
        yield from (("affirm", concept.id, text) for text in concept.affirm)
        yield from (
            ("gist", concept.id, concept.gist),
            ("worked", concept.id, concept.worked),
            ("ask", concept.id, concept.ask),
        )
    for belief in lab.misconceptions:
        yield from (("meet", belief.id, belief.meet), ("ask", belief.id, belief.ask))
    for term, meaning in lab.glossary.items():
        yield "glossary", term, meaning
    for case in cases(lab):
        yield "text", case.id, case.text
        for question in case.questions:
            place = f"{case.id}.{question.id}"
            yield from ((kind, place, getattr(question, kind)) for kind in ("ask", "hint", "prompt", "tell"))


def outside_quotes(text: str) -> str:
    return re.sub(r"“[^”]*”", "“”", text)


def figures(text: str) -> set[float]:
    return {float(one.replace(",", "")) for one in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)}


# ---- enough of it


def test_the_scan_sees_the_labs() -> None:
    assert [lab.slug for lab in LABS] == ["lab1", "lab2", "lab3", "lab4"]
    assert all(len(list(asks(lab))) > 60 and len(list(told(lab))) > 150 for lab in LABS)


@every_lab
def test_there_is_enough_to_practise_on(lab: Lab) -> None:
    assert len(lab.cases) >= 4 and len(lab.templates) >= 1
    assert len(lab.misconceptions) >= 5 and len(lab.glossary) >= 20
    assert min(len(case.questions) for case in (*lab.cases, *lab.templates)) >= 3


@every_lab
def test_the_lesson_is_five_minutes_of_reading(lab: Lab) -> None:
    assert 600 <= len(lab.lesson.split()) <= 1200


@every_lab_and_example
def test_every_concept_is_raised_by_a_written_case(lab: Lab) -> None:
    raised = {concept for case in lab.cases for question in case.questions for concept in question.concepts}
    assert {concept.id for concept in lab.concepts} - raised == set()


@every_lab_and_example
def test_a_concept_has_words_for_more_than_one_time(lab: Lab) -> None:
    for concept in lab.concepts:
        assert len(set(concept.affirm)) == len(concept.affirm) >= 2, concept.id


# ---- how it is asked and said


@every_lab_and_example
def test_every_ask_is_one_question_at_the_end(lab: Lab) -> None:
    for place, text in asks(lab):
        assert text.endswith("?") and outside_quotes(text).count("?") == 1, f"{place}: {text}"


PRESUMES = re.compile(
    r"^(?:You (?:raised|said|mentioned|named|wrote|noted|asked)|As you|So\b|With that|Now that)", re.I
)


@pytest.mark.parametrize("text", ["You raised prompting. Suppose …?", "As you said, what …?", "So what would you …?"])
def test_an_opening_that_presumes_is_seen(text: str) -> None:
    assert PRESUMES.match(text)


@every_lab_and_example
def test_no_ask_presumes_what_the_learner_said(lab: Lab) -> None:
    """Questions are skipped and fresh cases come in between: each ask must stand alone."""
    for place, text in asks(lab):
        assert not PRESUMES.match(text), f"{place}: {text}"


@every_lab_and_example
def test_texts_keep_to_their_length(lab: Lab) -> None:
    for kind, place, text in told(lab):
        words = len(text.split())
        assert words <= LONGEST.get(kind, words), f"{kind} of {place}: {words} words"


@every_lab_and_example
def test_a_subject_fits_into_a_sentence(lab: Lab) -> None:
    for case in cases(lab):
        assert case.subject.startswith("the "), f"{case.id}: back to {case.subject}"


@every_lab_and_example
def test_a_belief_can_be_quoted_as_an_idea(lab: Lab) -> None:
    """The summary says: you met the idea “…”."""
    for one in lab.misconceptions:
        idea = one.belief.removeprefix("Believes that ")
        assert not re.match(r"(?:Believes|Compares|Thinks|Confuses|Takes|Reads|Assumes)\b", idea), one.id


@every_lab_and_example
def test_terms_and_cues_are_in_small_letters(lab: Lab) -> None:
    """Messages are compared in small letters; quoting.py would never find a cue with a capital."""
    cues = [cue for one in (*lab.concepts, *lab.misconceptions) for cue in one.cues]
    assert len(cues) >= 5 * (len(lab.concepts) + len(lab.misconceptions))
    assert [text for text in (*lab.glossary, *cues) if text != text.casefold()] == []


@every_lab_and_example
def test_the_exercise_asks_each_thing_once(lab: Lab) -> None:
    rows = [row.id for row in lab.exercise.rows]
    assert len(rows) == len(set(rows)) >= 4
    assert not lab.exercise.rows[-1].options, "the last line is in the learner's own words"


# ---- numbers


@every_lab_and_example
def test_facts_stand_in_the_case(lab: Lab) -> None:
    """Each score in the text; the number of items there too, or known from the benchmark's name."""
    for case in cases(lab):
        facts = case.facts
        if facts is None:
            continue
        shown = figures(case.text)
        assert {facts.score_a, facts.score_b} - {None} <= shown, f"{case.id}: {facts}"
        assert facts.n is None or facts.n in shown | {SIZES.get(str(facts.benchmark))}, f"{case.id}: {facts}"
        assert facts.benchmark not in SIZES or facts.n == SIZES[facts.benchmark], f"{case.id}: {facts}"


@every_lab_and_example
def test_scores_are_some_number_of_right_answers(lab: Lab) -> None:
    for case in lab.cases:
        facts = case.facts
        if facts is None or facts.n is None:
            continue
        for score in (facts.score_a, facts.score_b):
            assert score is not None
            assert round(100 * round(score / 100 * facts.n) / facts.n, 1) == score, f"{case.id}: {score}% of {facts.n}"


def test_the_table_of_lesson_3_is_the_calculators() -> None:
    lesson = next(lab for lab in LABS if lab.slug == "lab3").lesson
    rows = re.findall(r"^\| ([\w-]+) \| ([\d,]+) \| ±([\d.]+) \| ±([\d.]+) \|$", lesson, re.M)
    assert len(rows) == 5
    for name, items, one, two in rows:
        n = int(items.replace(",", ""))
        assert n == SIZES[name]
        half = wald(80.0, n).half
        assert (f"{half:.2f}", f"{half * 2**0.5:.2f}") == (one, two), name


# ---- claims of the first draft that are wrong or that nobody could source

WRONG = {
    "small subtasks dominate micro": r"small\w* (?:sub-?)?(?:tasks|subjects) dominate (?:the )?micro",
    "Llama 2 in June 2023": r"June 2023[^.\n]*\b(?:Llama|Claude) 2\b|\b(?:Llama|Claude) 2\b[^.\n]*June 2023",
    "statistically indistinguishable": r"statistically indistinguishable",
    "EleutherAI's 3.2 points by a regex": r"EleutherAI[^.\n]*\b3\.2\b|\b3\.2 ?(?:pp|points)[^.\n]*(?:regex|EleutherAI)",
    "Bloomberg's legal story": r"Bloomberg",
    "±1.4 as GSM8K's typical margin": r"±1\.4 ?(?:pp|points)?[^.\n]*typical",
    "TruthfulQA measures calibration": r"TruthfulQA (?:measures|tests) (?:a model’s )?calibration",
}


def wrong_claims(text: str) -> list[str]:
    return [claim for claim, pattern in WRONG.items() if re.search(pattern, text, re.I)]


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("Small subtasks dominate micro-averages.", "small subtasks dominate micro"),
        ("In June 2023 two reports, one of them for Llama 2, came out.", "Llama 2 in June 2023"),
        ("Llama 2, June 2023: 68.9", "Llama 2 in June 2023"),
        ("85.0 and 85.8 are statistically indistinguishable.", "statistically indistinguishable"),
        ("EleutherAI found 3.2 points from a regex alone.", "EleutherAI's 3.2 points by a regex"),
        ("As Bloomberg reported", "Bloomberg's legal story"),
        ("GSM8K carries ±1.4pp at typical performance.", "±1.4 as GSM8K's typical margin"),
        ("TruthfulQA measures calibration.", "TruthfulQA measures calibration"),
    ],
)
def test_a_wrong_claim_is_seen(text: str, claim: str) -> None:
    assert wrong_claims(text) == [claim]


@every_lab_and_example
def test_no_wrong_claim_is_repeated(lab: Lab) -> None:
    for kind, place, text in told(lab):
        assert wrong_claims(text) == [], f"{kind} of {place}"


def test_no_wrong_claim_in_the_guide() -> None:
    assert wrong_claims((ROOT / "docs" / "write-a-lab.md").read_text(encoding="utf-8")) == []
