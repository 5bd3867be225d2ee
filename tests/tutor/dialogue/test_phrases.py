"""The phrase books: in every language the same keys and slots, no fewer variants, and nothing the tutor lacks words for."""

from __future__ import annotations

from string import Formatter
from typing import Any, get_args

import pytest

from tutor.dialogue.authored_voice import ENGLISH, phrase_languages, phrases, status_line
from tutor.dialogue.policy import Reaction
from tutor.exchange import WHYS, Assessment

QUESTION_MARKS = "?？¿"
TRANSLATED = [language for language in phrase_languages() if language != ENGLISH]


def flat(language: str) -> dict[str, list[str]]:
    """Every phrase of a book under “section.key”, as a list of its variants."""
    found: dict[str, list[str]] = {}
    for key, value in phrases(language).items():
        entries: dict[str, Any] = (
            {f"{key}.{name}": one for name, one in value.items()} if isinstance(value, dict) else {key: value}
        )
        found |= {name: one if isinstance(one, list) else [one] for name, one in entries.items()}
    return found


def slots(phrase: str) -> frozenset[str]:
    return frozenset(slot for _, slot, _, _ in Formatter().parse(phrase) if slot is not None)


def asks(phrase: str) -> bool:
    return any(mark in phrase for mark in QUESTION_MARKS)


def test_there_is_a_book_for_every_language_the_tutor_recognises():
    assert set(phrase_languages()) == {"de", "en", "es", "fr", "hi", "pt", "zh"}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_book_has_the_keys_of_the_english_one_in_the_same_shape(language: str):
    shape = {key: type(value) for key, value in phrases(language).items()}
    assert shape == {key: type(value) for key, value in phrases(ENGLISH).items()}
    assert list(flat(language)) == list(flat(ENGLISH))
    for section, entries in phrases(ENGLISH).items():
        for key, value in entries.items() if isinstance(entries, dict) else ():
            assert type(phrases(language)[section][key]) is type(value), f"{section}.{key}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_book_has_the_slots_and_at_least_the_variants_of_the_english_one(language: str):
    theirs = flat(language)
    for key, english in flat(ENGLISH).items():
        assert len(theirs[key]) >= len(english), key
        assert {slots(one) for one in theirs[key]} == {slots(one) for one in english}, key


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_phrase_is_left_in_english_and_none_is_left_empty(language: str):
    english = flat(ENGLISH)
    for key, variants in flat(language).items():
        assert not {one for one in variants if one} & set(english[key]), key
        assert variants.count("") <= (0 if key == "note" else english[key].count("")), key


@pytest.mark.parametrize("language", phrase_languages())
def test_reactions_ask_nothing(language: str):
    assert not [
        one for key, variants in flat(language).items() if key.startswith("reactions.") for one in variants if asks(one)
    ]


@pytest.mark.parametrize("language", phrase_languages())
def test_leads_that_are_the_question_end_with_one_and_the_others_ask_nothing(language: str):
    for key, variants in phrases(language)["leads"].items():
        for one in variants:
            assert one.endswith(("?", "？")) if key in ("pump", "parallel", "confirm", "offer") else not asks(one), one


@pytest.mark.parametrize("language", phrase_languages())
def test_every_reaction_and_every_kind_of_turn_has_words(language: str):
    book = phrases(language)
    assert set(book["reactions"]) == set(get_args(Reaction))
    assert set(book["status"]) == {*WHYS, "counted", "not_counted", "honest_unknown"}
    assert all(book["reactions"].values())
    for why in WHYS:
        assert status_line(Assessment(why=why), language).startswith(
            (book["status"]["counted"], book["status"]["not_counted"])
        )


@pytest.mark.parametrize("language", phrase_languages())
def test_a_status_reason_leaves_the_full_stop_to_the_status_line(language: str):
    assert not [one for one in phrases(language)["status"].values() if one.endswith((".", "。", "।"))]
