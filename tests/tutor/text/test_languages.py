"""The learner's language, from the learner's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.text.languages import language_of

SAID = {
    "en": "I think the gap is too small, but nobody says how it was measured.",
    "es": "Creo que la diferencia es pequeña, porque no dicen cómo la midieron.",
    "pt": "Eu acho que a diferença é pequena, mas não dizem como foi medida.",
    "fr": "Je pense que la différence est petite et que les réglages ne sont pas connus.",
    "de": "Ich denke, dass der Unterschied klein ist und nicht für ein Urteil reicht.",
    "hi": "मुझे लगता है कि अंतर बहुत छोटा है, इसलिए कुछ नहीं कह सकते।",
    "zh": "我觉得差距太小了，因为没有说明提示里有几个例子。",
}


@pytest.mark.parametrize("language", SAID)
def test_a_sentence_shows_its_language(language: str):
    assert language_of(SAID[language]) == language


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("no sé", "es"),
        ("não", "pt"),
        ("mujhe lagta hai ki gap chhota hai kyunki shots alag hain", "hi"),
        ("MMLU 的 88.1 分不能直接比较", "zh"),
        ("Aster-2 का score ज़्यादा है पर shots अलग हैं", "hi"),
        ("el gap de 2.9 puntos en MMLU no es significant", "es"),
    ],
    ids=["two words", "one word", "Hindi in Latin letters", "Han among Latin", "Devanagari among Latin", "mixed"],
)
def test_short_and_mixed_messages_show_it_too(said: str, language: str):
    assert language_of(said) == language


@pytest.mark.parametrize("said", ["", "12345", "?!", "MMLU 88.1", "Aster-2", "Aster Borealis la MMLU HumanEval"])
def test_english_when_nothing_shows(said: str):
    assert language_of(said) == "en"


@pytest.mark.parametrize("said", ["No", "no.", "No!!", "no neutral judge, no pass", "slice = no comparison"])
def test_no_is_an_english_word_as_well(said: str):
    assert language_of(said) == "en"


def test_a_bare_no_is_answered_in_the_language_of_the_talk():
    assert language_of(SAID["es"], "No.") == "es"
    assert language_of(SAID["en"], "No.") == "en"


def test_the_newest_text_that_shows_a_language_decides():
    assert language_of(SAID["de"], SAID["es"], "MMLU?", "88.1") == "es"
    assert language_of(SAID["es"], SAID["en"]) == "en"


def test_an_english_sentence_with_a_foreign_word_stays_english():
    assert language_of("What is the Zeitgeist of it, and who ran the que test?") == "en"


@given(st.lists(st.text(), max_size=3))
def test_any_text_has_a_language_the_tutor_knows(texts: list[str]):
    assert language_of(*texts) in SAID
