"""Terms of a glossary where they are used: a definition behind the first use, a list beside the talk, all of it to search."""

from __future__ import annotations

import pytest

from labs import Lab, load_lab
from pages.format import plain
from pages.learn.talk.terms import defined
from tests.pages.driving import DEFINED, HOSTILE, labelled, open_lab, raw, texts


def lab(**glossary: str) -> Lab:
    return load_lab("lab1").model_copy(
        update={
            "glossary": glossary,
            "aliases": {"benchmark": ("test suite", "bench-mark"), "noise": ("model’s luck", "ci")},
        }
    )


TOY = lab(benchmark="A fixed set\n of tasks.", noise="Chance.", **{"mmlu": "57 subjects.", "mmlu-pro": "Ten options."})


def linked(text: str, shown: str, to: str) -> bool:
    return f"[{shown}](#{to} " in defined(text, TOY)


@pytest.mark.parametrize(
    ("text", "shown", "to"),
    [
        ("A benchmark is", "benchmark", "benchmark"),
        ("Benchmarks are", "Benchmarks", "benchmark"),
        ("on a test suite.", r"test suite", "benchmark"),
        ("MMLU-Pro has", r"MMLU\-Pro", "mmlu-pro"),
        ("the CI", "CI", "noise"),
        ("the model's luck", r"model\'s luck", "noise"),
    ],
)
def test_a_term_is_linked_to_its_definition(text: str, shown: str, to: str) -> None:
    assert linked(text, shown, to)


@pytest.mark.parametrize("text", ["noisy", "benchmarked", "anoise", "on a ci run", ""])
def test_what_only_looks_like_a_term_is_not(text: str) -> None:
    assert defined(text, TOY) == plain(text)


def test_the_first_use_alone_is_linked_and_the_text_stays_as_it_was() -> None:
    text = "Noise  and noise,\n  a benchmark  of noise."
    words = defined(text, TOY)
    assert words.count("](#") == 2
    assert DEFINED.sub(r"\1", words) == plain(text)
    assert '(#benchmark "Benchmark\\: A fixed set of tasks\\.")' in words


@pytest.mark.parametrize(
    "text", [HOSTILE, f"noise {HOSTILE} benchmark", "www.noise.org", "noise@x.org", '[noise](x "y")']
)
def test_nothing_around_a_term_is_obeyed(text: str) -> None:
    bare = DEFINED.sub("", defined(text, TOY))
    assert not any(mark in bare.replace("\\" + mark, "") for mark in "![]*<$:`(")


def test_a_definition_cannot_leave_its_title() -> None:
    words = defined("noise", lab(noise='x") <b>y</b> ![z](http://host) "'))
    assert DEFINED.sub("", words) == ""


def test_the_card_the_tutor_and_the_list_define_their_terms() -> None:
    app, meaning = open_lab(), load_lab("lab1").glossary["mmlu"]
    assert f'[MMLU](#mmlu "{plain(f"MMLU: {meaning}")}")' in raw(app)
    assert f"###### MMLU\n{meaning}" in texts(app)
    assert "###### Self-reported" not in texts(app)


def test_the_whole_glossary_is_searched_by_term_other_word_and_meaning() -> None:
    app, glossary = open_lab(tab="Read first"), load_lab("lab1").glossary
    assert all(plain(meaning) in raw(app) for meaning in glossary.values())
    for sought, found, heading in (
        *(("Pass@K", "pass@k", "Pass@k"), ("eval  set", "benchmark", "Benchmark")),
        ("Massive Multitask", "mmlu", "MMLU"),
    ):
        labelled(app.text_input, "Find a word").set_value(sought).run()
        assert f"**{plain(heading)}**  \n{plain(glossary[found])}" in raw(app)
        assert f"\n{glossary['temperature']}" not in texts(app)
    labelled(app.text_input, "Find a word").set_value("<b>nope").run()
    assert "No entry has “<b>nope” in it" in texts(app)
