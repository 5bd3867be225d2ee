"""What of a message is the learner's own: copies go, however they are dressed, and thoughts stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs import Lab, load_lab, slugs
from tests.tutor.judge.test_assessment import CASE, FIRST, LAB
from tutor.text.copying import is_repeat, remainder
from tutor.text.words import sentences, tokens

READING = "A benchmark score squeezes thousands of separate model decisions into one figure."
EARLIER = "I would ask who ran both models, since vendors choose settings that flatter their own."
THOUGHT = "Without the prompt of Aster-2 the lead could be its prompt alone."
SOURCES = {"reading": LAB.reading, "case": (CASE.text,), "tutor": (FIRST.ask,), "own": (EARLIER,)}
TAKEN = {
    "reading": READING,
    "case": "No shot count is given for Aster-2; the Borealis figure comes from its own 5-shot report.",
    "tutor": "What would you want to know before you believe it?",
    "own": EARLIER,
}
every_source = pytest.mark.parametrize("source", TAKEN)


def own(text: str) -> str:
    return remainder(text, SOURCES).text


# ---------------------------------------------------------------------- copies


@every_source
def test_a_verbatim_copy_leaves_nothing_and_its_source_is_named(source: str):
    left = remainder(TAKEN[source], SOURCES)
    assert left.text == ""
    assert left.copied == left.shares[source] == 1.0


@every_source
@pytest.mark.parametrize(
    "dressed",
    [str.upper, lambda text: text.replace(" ", "  "), lambda text: f"“{text}”", lambda text: text.replace(",", " –")],
    ids=["capitals", "spaces", "quotation marks", "punctuation"],
)
def test_capitals_spaces_and_marks_do_not_hide_a_copy(source: str, dressed):
    assert own(dressed(TAKEN[source])) == ""


@pytest.mark.parametrize(
    "edited",
    [
        "A benchmark score basically squeezes thousands of separate model decisions into one figure.",
        "A benchmark score squeezes thousands of different model decisions into one number.",
        "A benchmark score squeezes thousands of seperate model desisions into one figure",
        "So a benchmark score squeezes thousands of separate decisions into one figure, really.",
    ],
    ids=["a word more", "two words changed", "misspelt", "a word less and padding"],
)
def test_a_lightly_edited_copy_is_a_copy(edited: str):
    assert own(edited) == ""


@pytest.mark.parametrize("lab", [load_lab(slug) for slug in slugs()], ids=lambda lab: lab.slug)
def test_every_sentence_of_every_lesson_and_case_is_known_as_a_copy(lab: Lab):
    sources = {"reading": lab.reading, "case": tuple(case.text for case in lab.cases)}
    texts = [sentence for texts in sources.values() for text in texts for sentence in sentences(text)]
    missed = [text for text in texts if len(tokens(text)) > 1 and remainder(text, sources).text]
    assert len(texts) > 50 and missed == []


def test_two_copies_from_two_sources_are_both_removed():
    left = remainder(f"{TAKEN['case']} {READING}", SOURCES)
    assert left.text == "" and left.shares["case"] > 0 < left.shares["reading"]
    assert left.copied == pytest.approx(1.0)


def test_a_copied_sentence_in_chinese_is_a_copy_though_it_has_no_spaces():
    tutor = "题目只有一百六十四道，这个差距能说明什么问题？"
    assert remainder("题目只有一百六十四道，这个差距能说明什么问题", {"tutor": (tutor,)}).text == ""


# -------------------------------------------------------------------- thoughts


@every_source
def test_a_quote_beside_a_thought_goes_and_the_thought_stays(source: str):
    left = remainder(f"{TAKEN[source]} {THOUGHT}", SOURCES)
    assert left.text == THOUGHT
    assert 0 < left.copied < 1


def test_of_a_sentence_that_is_half_a_quote_the_other_half_stays():
    said = (
        "Aster-2 scores 88.1 on MMLU against 85.2 for Borealis, so I would first ask who ran both because vendors tune"
    )
    assert own(said) == "i would first ask who ran both because vendors tune"


def test_of_a_long_quote_with_more_than_six_words_of_ones_own_those_words_stay():
    mine = "and nobody here could tell me how the five were chosen"
    said = f"at the very least you need to know which items were used, how the model was prompted, how its text was generated, {mine}"
    assert mine.split()[-7:] == own(said).split()[-7:]


@pytest.mark.parametrize(
    "said",
    [
        THOUGHT,
        "2.9 points on MMLU is not noise, but the shot count could explain all of it.",
        "Who ran Borealis?",
        "noise",
    ],
)
def test_using_the_words_of_the_case_is_no_copying(said: str):
    assert remainder(said, SOURCES).text == said
    assert remainder(said, SOURCES).copied == 0


def test_a_short_sentence_of_everyday_words_is_no_copy():
    assert own("The score depends on the prompt.") == "The score depends on the prompt."


def test_one_word_is_never_a_copy_and_two_are_one_only_as_they_stand():
    sources = {"reading": ("The answer parser can be strict.",)}
    assert remainder("strict", sources).text == "strict"
    assert remainder("parser answer", sources).text == "parser answer"
    assert remainder("answer parser", sources).text == ""


def test_a_translation_is_not_seen_as_a_copy():
    """A known limit: words are compared, not meanings. The judge has to see it."""
    said = "Una puntuación resume miles de decisiones del modelo en una sola cifra."
    assert own(said) == said


@given(st.text())
def test_without_sources_a_message_is_all_ones_own(text: str):
    left = remainder(text, {})
    assert left.copied == 0 and tokens(left.text) == [word for piece in sentences(text) for word in tokens(piece)]


PIECES = st.sampled_from([*TAKEN.values(), THOUGHT, "because", "Aster-2", "not", "?", "\n", "。", "ok"])


@given(st.lists(PIECES | st.text(max_size=12), max_size=8))
def test_what_is_left_is_made_of_the_messages_own_words_and_shares_are_shares(parts: list[str]):
    said = " ".join(parts)
    left = remainder(said, SOURCES)
    assert set(tokens(left.text)) <= set(tokens(said))
    assert all(0 <= share <= 1 for share in left.shares.values()) and 0 <= left.copied <= 1


# ------------------------------------------------------------------ repetition

BEFORE = ("The vendor picked settings that flatter its model", "Borealis was measured with five examples")


@pytest.mark.parametrize(
    "again",
    [BEFORE[0], "the settings that flatter its model", "Its model: settings that flatter, vendor picked"],
    ids=["the same", "a part", "the same words in another order"],
)
def test_content_words_that_all_stand_in_one_earlier_message_repeat_it(again: str):
    assert is_repeat(tokens(again), BEFORE)


def test_words_gathered_from_two_earlier_messages_are_no_repetition():
    assert not is_repeat(tokens("The vendor measured Borealis, picked settings"), BEFORE)


def test_one_new_content_word_among_few_is_a_new_thought():
    assert not is_repeat(tokens("The vendor picked cheaper settings"), BEFORE)


def test_a_number_is_a_content_word_however_short():
    assert not is_repeat(tokens("The vendor picked 7 settings"), BEFORE)
    assert is_repeat(tokens("The vendor picked 7 settings"), ("7 settings were picked by the vendor",))


def test_one_new_word_in_six_does_not_hide_a_repetition():
    assert is_repeat(tokens("Clearly the vendor picked settings that flatter its model"), BEFORE)


@pytest.mark.parametrize("said", ["", "?!", "it is so", "to be or not"])
def test_small_words_alone_repeat_nothing(said: str):
    assert not is_repeat(tokens(said), [said, *BEFORE])


def test_a_first_message_repeats_nothing():
    assert not is_repeat(tokens(BEFORE[0]), ())
