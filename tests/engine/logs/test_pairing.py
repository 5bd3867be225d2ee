"""Pairs: by id, by question where ids do not fit; what is refused, and that nothing is left out in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Mismatch
from engine.logs import Log, LogRow, align
from engine.logs.log import digest


def log(name: str, scores: dict[str, float | None], questions: dict[str, str] | None = None, kind: str = "text") -> Log:
    """`questions` by id; those left out have no hash."""
    asked = {item: digest(kind, text) for item, text in (questions or {}).items()}
    rows = {item: LogRow(id=item, score=score, question=asked.get(item)) for item, score in scores.items()}
    return Log(name=name, file=f"{name}.jsonl", format="test", rows=rows)


FOUR = {"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.0}


def test_pairs_are_in_as_order() -> None:
    found = align(log("ruby", FOUR), log("jade", dict(reversed(FOUR.items()))))
    assert [(x.id, y.id) for x, y in found.pairs] == [(i, i) for i in "abcd"]
    assert (found.by, found.left_out, found.notes, found.names) == ("id", 0, (), ("ruby", "jade"))


def test_other_items_are_refused_with_counts_examples_and_a_way_out() -> None:
    a = log("ruby", {**FOUR, **{f"x{i}": 1.0 for i in range(5)}})
    with pytest.raises(Mismatch) as caught:
        align(a, log("jade", {**FOUR, "y": 0.0}))
    told = str(caught.value)
    assert "5 are only in ruby.jsonl ('x0', 'x1', 'x2', …)" in told
    assert "1 are only in jade.jsonl ('y'), 4 are in both" in told
    assert "--common" in told


def test_the_common_items_are_judged_when_asked_for_and_it_is_said() -> None:
    found = align(log("ruby", {**FOUR, "x": 1.0}), log("jade", {"y": 0.0, "z": 1.0, **FOUR}), common=True)
    assert [x.id for x, _ in found.pairs] == ["a", "b", "c", "d"]
    assert (found.only_a, found.only_b, found.left_out) == (1, 2, 3)
    (note,) = found.notes
    assert "3 items are in one log only and left out (1 of ruby.jsonl, 2 of jade.jsonl)" in note
    assert "may favour somebody" in note


def test_nothing_in_common() -> None:
    with pytest.raises(Mismatch) as caught:
        align(log("ruby", {"a": 1.0}), log("jade", {"b": 1.0}))
    assert "--common" not in str(caught.value)
    with pytest.raises(Mismatch, match="have no item in common"):
        align(log("ruby", {"a": 1.0}), log("jade", {"b": 1.0}), common=True)


def test_items_without_a_score_are_left_out_on_both_sides_and_told() -> None:
    found = align(log("ruby", {**FOUR, "a": None, "b": None}), log("jade", {**FOUR, "b": None, "c": None}))
    assert [x.id for x, _ in found.pairs] == ["d"]
    assert (found.unscored, found.left_out) == ((2, 2, 1), 3)
    assert "ruby.jsonl has no score for 2 of the 4 items (failed or not scored)" in found.notes[0]
    assert "do not count as wrong" in found.notes[1]


QUESTIONS = {"a": "How?", "b": "Why?", "c": "Who?", "d": "When?"}


def test_items_are_matched_by_question_where_the_ids_do_not_fit() -> None:
    other = {"1": "Why?", "2": "How?", "3": "When?", "4": "Who?"}
    found = align(log("ruby", FOUR, QUESTIONS), log("jade", {"1": 0.0, "2": 1.0, "3": 0.0, "4": 1.0}, other))
    assert found.by == "question" and "matched by the question" in found.notes[0]
    assert [(x.id, y.id) for x, y in found.pairs] == [("a", "2"), ("b", "1"), ("c", "4"), ("d", "3")]


def test_ids_that_number_the_same_questions_differently_give_way_to_the_questions() -> None:
    """Row numbers of a shuffled file: the very same ids, and every one means another question."""
    shifted = dict(zip("abcd", ["Why?", "Who?", "When?", "How?"], strict=True))
    found = align(log("ruby", FOUR, QUESTIONS), log("jade", FOUR, shifted))
    assert found.by == "question"
    assert all(x.question == y.question for x, y in found.pairs) and len(found.pairs) == 4


def test_the_same_id_with_another_question_is_refused() -> None:
    with pytest.raises(
        Mismatch, match=r"1 items have the same id in ruby\.jsonl and jade\.jsonl but other questions \('b'\)"
    ):
        align(log("ruby", FOUR, QUESTIONS), log("jade", FOUR, {**QUESTIONS, "b": "Whence?"}))


def test_a_question_that_is_asked_twice_tells_no_item_from_another() -> None:
    twice = {**QUESTIONS, "b": "How?"}
    other = log("jade", dict(zip("1234", FOUR.values(), strict=True)), dict(zip("1234", twice.values(), strict=True)))
    with pytest.raises(Mismatch, match="4 are only in"):
        align(log("ruby", FOUR, twice), other)


def test_hashes_of_two_kinds_say_nothing() -> None:
    found = align(log("ruby", FOUR, QUESTIONS), log("jade", FOUR, QUESTIONS, kind="lm-eval"))
    assert found.by == "id" and len(found.pairs) == 4


def test_space_makes_no_other_question() -> None:
    assert digest("text", " How\n now? ") == digest("text", "How now?") != digest("text", "How", "now?")


@pytest.mark.parametrize(
    ("a", "b", "names"),
    [
        (("m", "f", ""), ("m", "g", ""), ("m (f)", "m (g)")),
        (("m", "f", "strict"), ("m", "f", "flexible"), ("m (strict)", "m (flexible)")),
        (("m", "f", "acc"), ("m", "g", "acc"), ("m (f::acc)", "m (g::acc)")),
        (("m", "x/f", ""), ("m", "y/f", ""), ("m (A)", "m (B)")),
        (("m", "f", ""), ("n", "f", ""), ("m", "n")),
    ],
)
def test_names_tell_the_two_apart(a: tuple[str, str, str], b: tuple[str, str, str], names: tuple[str, str]) -> None:
    rows = {"1": LogRow(id="1", score=1.0)}
    x, y = (Log(name=n, file=f, selector=s, format="test", rows=rows) for n, f, s in (a, b))
    assert align(x, y).names == names


items = st.dictionaries(st.sampled_from("abcdefgh"), st.one_of(st.none(), st.sampled_from([0.0, 1.0])), min_size=1)


@given(items, items)
def test_every_item_is_in_a_pair_or_accounted_for(
    left: dict[str, float | None], right: dict[str, float | None]
) -> None:
    try:
        found = align(log("ruby", left), log("jade", right), common=True)
    except Mismatch:
        assert not left.keys() & right.keys()
        return
    assert len(found.pairs) + found.left_out == len(left.keys() | right.keys())
    assert all(x.id == y.id and None not in (x.score, y.score) for x, y in found.pairs)
    assert bool(found.notes) == bool(found.left_out)
