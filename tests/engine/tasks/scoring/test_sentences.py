"""Cutting a text as NLTK does. Expected values are NLTK's own, got once in an environment of its own with

    nltk==3.10.4 and its punkt_tab; len(sent_tokenize(text)), sum(w.isupper() for w in word_tokenize(text)),
    len(RegexpTokenizer(r"\\w+").tokenize(text))

On 95,000 texts made of pieces of the GPT-4 responses, of marks, abbreviations and contractions, all three counts and
every sentence were equal.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import NoSource
from engine.tasks.scoring import sentences as cut
from engine.tasks.scoring.sentences import count_capitals, count_words, english, sentences

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=300)  # lone surrogates too
PIECES = st.lists(
    st.sampled_from([*" \n\t.?!,:;-*'\"“”’()[]", "Dr.", "U.S.", "no.", "J.", "The", "they", "3.14", "...", "DON'T"])
).map("".join)


@pytest.mark.parametrize(
    ("text", "in_sentences", "in_capitals", "in_words"),
    [
        ("", 0, 0, 0),
        ("  \n ", 0, 0, 0),
        ("One. Two! Three?", 3, 0, 3),
        ("Dr. Smith met Mr. Jones. They spoke.", 2, 0, 7),
        ("It costs 3.14 dollars. Cheap.", 2, 0, 6),
        ("He lives in the U.S. He likes it.", 2, 1, 9),
        ("The U.S. government agreed.", 1, 1, 5),
        ("J. S. Bach wrote it. J. S. The end.", 2, 4, 9),
        ("Wait... what? Wait... The end.", 3, 0, 5),
        ("(He left.) She stayed.", 2, 0, 4),
        ('He said "No." She said “Yes.” They left.', 3, 0, 8),
        ("Wow!!! Great!!!", 3, 0, 2),
        ("No stop at all", 1, 0, 4),
        ("A list:\n1. one\n2. two\n3. Three", 2, 1, 8),
        ("In Jan. 2020 it rained. On Fri. it snowed.", 2, 0, 9),
        ("See fig. 3. It shows p. 4 of vol. 2.", 4, 0, 10),
        ("Is it 5 p.m. now? At 5 p.m. They came.", 3, 0, 12),
        ("Ends with an abbreviation etc. The next one begins.", 2, 0, 9),
        ("यह एक वाक्य है। यह दूसरा है।", 1, 0, 7),
        ("a.b.c. d.e.f. g", 3, 0, 7),
        ("He won. 'Really?' she asked.", 3, 0, 5),
        ("Mr. and Mrs. Brown. e.g. this, i.e. that.", 4, 0, 10),
        ("DON'T SHOUT", 1, 3, 3),
        ("IT'S HERS. IT'S.", 2, 5, 5),
        ("I CANNOT GO, I'M GONNA STAY", 1, 9, 7),
        ("NASA and the U.S.A. agreed", 1, 2, 7),
        ("A-B-C and D/E", 1, 2, 6),
        ("THE “BIG” ONE!", 1, 3, 3),
        ("USA-based B2B; 3D, R&D", 1, 4, 6),
        ("x'S Y'LL", 1, 3, 4),
        ("ÉCOLE ÜBER ß", 1, 2, 3),
        ("'TIS D'YE MORE'N WANNA WANNA go", 1, 9, 8),
    ],
)
def test_counts_are_nltks(text: str, in_sentences: int, in_capitals: int, in_words: int) -> None:
    assert (len(sentences(text)), count_capitals(text), count_words(text)) == (in_sentences, in_capitals, in_words)


def test_sentences_keep_their_closing_quotes() -> None:
    assert sentences('"Come in," he said. (She did.) "No.” So.') == [
        '"Come in," he said.',
        "(She did.)",
        '"No.”',
        "So.",
    ]


@given(PIECES | ANY_TEXT)
def test_nothing_but_blanks_is_lost(text: str) -> None:
    whole = sentences(text)
    assert all(sentence.strip() for sentence in whole)
    assert "".join("".join(whole).split()) == "".join(text.split())


@given(PIECES | ANY_TEXT)
def test_counts_are_counts(text: str) -> None:
    assert 0 <= count_capitals(text) <= len(text)
    assert 0 <= count_words(text) <= len(text)


def test_the_parameters_are_those_of_punkt() -> None:
    """Sizes of NLTK's English punkt_tab: `len(PunktTokenizer("english")._params.abbrev_types)` and so on."""
    punkt = english()
    sizes = (len(punkt.abbreviations), len(punkt.collocations), len(punkt.starters), len(punkt.orthography))
    assert sizes == (156, 37, 39, 20_366)


def test_without_the_data_package_a_sentence_is_unknown_not_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    monkeypatch.setattr(cut, "english", english.__wrapped__)
    with pytest.raises(NoSource, match=r"llama-index-core.*requirements-packs\.txt"):
        sentences("Dr. Who. Then.")


def test_a_data_package_without_its_files_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Elsewhere:
        def locate_file(self, path: str) -> Path:
            return tmp_path / path

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Elsewhere())
    with pytest.raises(NoSource, match="FileNotFoundError"):
        english.__wrapped__()
